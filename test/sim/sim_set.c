/* Sim set: open addressing; it only grows. */
#include "sim_set.h"

#include <evt/hash.h>
#include <evt/mem.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = 1024 }; /* entries; always a power of two */

/* Where the hash is, or would be. */
static struct sim_entry *place(const struct sim_set *set, uint64_t hash)
{
    size_t i = hash & (set->cap - 1);

    while (set->entries[i].what != NULL && set->entries[i].hash != hash)
        i = (i + 1) & (set->cap - 1);
    return &set->entries[i];
}

static void grow(struct sim_set *set)
{
    struct sim_set bigger = {.cap = set->cap == 0 ? FIRST : set->cap * 2, .n = set->n};

    bigger.entries = calloc(bigger.cap, sizeof *bigger.entries);
    EVT_BUG_ON(bigger.entries == NULL);
    for (size_t i = 0; i < set->cap; i++)
        if (set->entries[i].what != NULL)
            *place(&bigger, set->entries[i].hash) = set->entries[i];
    free(set->entries);
    *set = bigger;
}

const void *sim_set_get(const struct sim_set *set, uint64_t hash)
{
    return set->cap == 0 ? NULL : place(set, hash)->what;
}

bool sim_set_add(struct sim_set *set, uint64_t hash, const void *what)
{
    if (sim_set_get(set, hash) != NULL)
        return false;
    sim_set_put(set, hash, what);
    return true;
}

void sim_set_put(struct sim_set *set, uint64_t hash, const void *what)
{
    struct sim_entry *entry;

    if (set->n * 2 >= set->cap)
        grow(set);
    entry = place(set, hash);
    set->n += entry->what == NULL;
    *entry = (struct sim_entry){hash, what};
}

void sim_set_release(struct sim_set *set)
{
    free(set->entries);
    *set = (struct sim_set){.n = 0};
}

uint64_t sim_message_hash(const char *topic, int32_t partition, const void *source,
                          size_t source_len, const void *id, size_t id_len)
{
    struct evt_sip sip;

    evt_sip_init(&sip);
    evt_sip_add_field(&sip, topic, strlen(topic));
    evt_sip_add_u64(&sip, (uint64_t)partition);
    evt_sip_add_field(&sip, source, source_len);
    evt_sip_add_field(&sip, id, id_len);
    return evt_sip_end(&sip);
}

uint64_t sim_place_hash(const char *topic, size_t topic_len, int32_t partition, int64_t offset)
{
    struct evt_sip sip;

    evt_sip_init(&sip);
    evt_sip_add_field(&sip, topic, topic_len);
    evt_sip_add_u64(&sip, (uint64_t)partition);
    evt_sip_add_u64(&sip, (uint64_t)offset);
    return evt_sip_end(&sip);
}
