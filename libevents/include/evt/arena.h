/* Arena: memory for the life of one message, given back at once.
 *
 * A zeroed struct is an empty arena. Reset keeps the largest block for the next message, so that
 * a busy shard does not allocate at all. */
#ifndef EVT_ARENA_H
#define EVT_ARENA_H

#include <stddef.h>

struct evt_arena_block;
struct evt_arena {
    struct evt_arena_block *blocks;
};

void *evt_arena_alloc(struct evt_arena *arena, size_t size); /* aligned for any type, not cleared */
char *evt_arena_strndup(struct evt_arena *arena, const char *text, size_t len);
void *evt_arena_memdup(struct evt_arena *arena, const void *mem, size_t len);
void evt_arena_reset(struct evt_arena *arena);
void evt_arena_release(struct evt_arena *arena);

#endif
