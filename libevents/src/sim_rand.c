/* Sim rand: xoshiro256**, seeded through splitmix64 as its authors advise. */
#include <evt/sim_rand.h>

#include <evt/mem.h>
#include <string.h>

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void evt_sim_rand_init(struct evt_sim_rand *rand, uint64_t seed, uint64_t purpose)
{
    uint64_t state = seed;

    /* Mixed before the purpose is added: neighbouring seeds must not be each other's purposes. */
    state = splitmix(&state) + purpose;
    for (size_t i = 0; i < 4; i++)
        rand->s[i] = splitmix(&state);
}

static uint64_t rotate(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

uint64_t evt_sim_rand_u64(struct evt_sim_rand *rand)
{
    uint64_t *s = rand->s;
    const uint64_t result = rotate(s[1] * 5, 7) * 9;
    const uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t evt_sim_rand_below(struct evt_sim_rand *rand, uint64_t below)
{
    EVT_BUG_ON(below == 0);
    /* The bias of the remainder is of no account for simulated chance. */
    return evt_sim_rand_u64(rand) % below;
}

int64_t evt_sim_rand_between(struct evt_sim_rand *rand, int64_t low, int64_t high)
{
    EVT_BUG_ON(high < low);
    return low + (int64_t)evt_sim_rand_below(rand, (uint64_t)(high - low) + 1);
}

bool evt_sim_rand_chance(struct evt_sim_rand *rand, unsigned per_mille)
{
    return evt_sim_rand_below(rand, 1000) < per_mille;
}

void evt_sim_rand_fill(struct evt_sim_rand *rand, void *mem, size_t len)
{
    uint8_t *to = mem;

    while (len > 0) {
        const uint64_t some = evt_sim_rand_u64(rand);
        const size_t n = len < sizeof some ? len : sizeof some;

        memcpy(to, &some, n);
        to += n;
        len -= n;
    }
}
