/* Sim rand: the one source of chance of a simulated history.
 *
 * Every purpose (faults, delays, business, disks …) draws from a stream of its own, so that a
 * change in one place does not shift what all the others do under the same seed. */
#ifndef EVT_SIM_RAND_H
#define EVT_SIM_RAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evt_sim_rand {
    uint64_t s[4]; /* xoshiro256** */
};

void evt_sim_rand_init(struct evt_sim_rand *rand, uint64_t seed, uint64_t purpose);
uint64_t evt_sim_rand_u64(struct evt_sim_rand *rand);
/* 0 … below-1; `below` is at least 1. */
uint64_t evt_sim_rand_below(struct evt_sim_rand *rand, uint64_t below);
/* low … high, both included. */
int64_t evt_sim_rand_between(struct evt_sim_rand *rand, int64_t low, int64_t high);
bool evt_sim_rand_chance(struct evt_sim_rand *rand, unsigned per_mille);
void evt_sim_rand_fill(struct evt_sim_rand *rand, void *mem, size_t len);

#endif
