/* Hashes: SipHash-2-4 (Aumasson and Bernstein, 2012) and Kafka's murmur2.
 *
 * Our key is a constant that anyone may know. The hashes find accidents (a lost, refilled or mixed
 * up log, a message made differently the second time), and every version on every machine must get
 * the same ones; they do not keep out a forger. Who may write to a log is Kafka's business. */
#include <evt/hash.h>

#include <endian.h>
#include <evt/mem.h>
#include <string.h>

static const uint8_t our_key[] = {'e', 'v', 't', ' ', 'l', 'o', 'g', ' ',
                                  'c', 'h', 'a', 'i', 'n', ' ', 'v', '1'};

static inline uint64_t read_u64(const uint8_t *bytes)
{
    uint64_t number;

    memcpy(&number, bytes, sizeof(number));
    return le64toh(number);
}

static inline uint32_t read_u32(const uint8_t *bytes)
{
    uint32_t number;

    memcpy(&number, bytes, sizeof(number));
    return le32toh(number);
}

static inline uint64_t rotate(uint64_t number, int bits)
{
    return number << bits | number >> (64 - bits);
}

static inline void sip_round(struct evt_sip *sip)
{
    sip->v0 += sip->v1;
    sip->v1 = rotate(sip->v1, 13) ^ sip->v0;
    sip->v0 = rotate(sip->v0, 32);
    sip->v2 += sip->v3;
    sip->v3 = rotate(sip->v3, 16) ^ sip->v2;
    sip->v0 += sip->v3;
    sip->v3 = rotate(sip->v3, 21) ^ sip->v0;
    sip->v2 += sip->v1;
    sip->v1 = rotate(sip->v1, 17) ^ sip->v2;
    sip->v2 = rotate(sip->v2, 32);
}

static inline void sip_word(struct evt_sip *sip, uint64_t word)
{
    sip->v3 ^= word;
    sip_round(sip);
    sip_round(sip);
    sip->v0 ^= word;
}

static void sip_begin(struct evt_sip *sip, const uint8_t key[16])
{
    uint64_t k0 = read_u64(key), k1 = read_u64(key + 8);

    sip->v0 = k0 ^ 0x736f6d6570736575; /* "somepseudorandomlygeneratedbytes" */
    sip->v1 = k1 ^ 0x646f72616e646f6d;
    sip->v2 = k0 ^ 0x6c7967656e657261;
    sip->v3 = k1 ^ 0x7465646279746573;
    sip->tail = 0;
    sip->len = 0;
}

void evt_sip_init(struct evt_sip *sip)
{
    sip_begin(sip, our_key);
}

/* Fewer than eight bytes, the first of them lowest, by loads that may overlap. */
static inline uint64_t read_part(const uint8_t *bytes, size_t len)
{
    if (len >= 4)
        return read_u32(bytes) | (uint64_t)read_u32(bytes + len - 4) << 8 * (len - 4);
    if (len == 0)
        return 0;
    return bytes[0] | (uint64_t)bytes[len / 2] << 8 * (len / 2) |
           (uint64_t)bytes[len - 1] << 8 * (len - 1);
}

/* `tail` holds the last len mod 8 bytes, the first of them lowest, and zeros above. What is added
 * is read in whole words and shifted into place behind them. */
void evt_sip_add(struct evt_sip *sip, const void *bytes, size_t len)
{
    struct evt_sip now =
        *sip; /* in registers: `bytes` might alias `sip` for all the compiler knows */
    const uint8_t *at = bytes;
    unsigned have = now.len & 7, shift = 8 * have;
    uint64_t word;

    now.len += len;
    for (; len >= 8; len -= 8, at += 8) {
        word = read_u64(at);
        sip_word(&now, now.tail | word << shift);
        now.tail = word >> 1 >> (63 - shift); /* in two steps: a shift by 64 is undefined */
    }
    word = read_part(at, len);
    now.tail |= word << shift;
    if (have + len >= 8) {
        sip_word(&now, now.tail);
        now.tail = word >> 1 >> (63 - shift);
    }
    *sip = now;
}

void evt_sip_add_u64(struct evt_sip *sip, uint64_t number)
{
    unsigned shift = 8 * (sip->len & 7);

    sip_word(sip, sip->tail | number << shift);
    sip->tail = number >> 1 >> (63 - shift);
    sip->len += 8;
}

void evt_sip_add_field(struct evt_sip *sip, const void *bytes, size_t len)
{
    evt_sip_add_u64(sip, len);
    evt_sip_add(sip, bytes, len);
}

uint64_t evt_sip_end(struct evt_sip *sip)
{
    sip_word(sip, sip->tail | (uint64_t)sip->len << 56);
    sip->v2 ^= 0xff;
    sip_round(sip);
    sip_round(sip);
    sip_round(sip);
    sip_round(sip);
    return sip->v0 ^ sip->v1 ^ sip->v2 ^ sip->v3;
}

uint64_t evt_sip_keyed(const uint8_t key[16], const void *bytes, size_t len)
{
    struct evt_sip sip;

    sip_begin(&sip, key);
    evt_sip_add(&sip, bytes, len);
    return evt_sip_end(&sip);
}

uint32_t evt_murmur2(const void *bytes, size_t len)
{
    const uint32_t m = 0x5bd1e995, seed = 0x9747b28c; /* as the Java client has them */
    const uint8_t *at = bytes;
    uint32_t hash = seed ^ (uint32_t)len;

    for (; len >= 4; len -= 4, at += 4) {
        uint32_t word = read_u32(at) * m;
        word ^= word >> 24;
        hash = hash * m ^ word * m;
    }
    if (len > 2)
        hash ^= (uint32_t)at[2] << 16;
    if (len > 1)
        hash ^= (uint32_t)at[1] << 8;
    if (len > 0)
        hash = (hash ^ at[0]) * m;
    hash ^= hash >> 13;
    hash *= m;
    return hash ^ hash >> 15;
}

int32_t evt_partition_of(const void *key, size_t len, int32_t partitions)
{
    EVT_BUG_ON(partitions <= 0);
    return (int32_t)(evt_murmur2(key, len) & 0x7fffffff) % partitions;
}
