/* Arena: blocks of memory that are given back together.
 *
 * Each block is at least twice its predecessor, and reset keeps the last one: after a few messages
 * one block holds all that a message needs, and nothing is allocated any more. */
#include <evt/arena.h>

#include <evt/mem.h>
#include <stdint.h>
#include <string.h>

/* Under the address sanitizer, what was not given out, or was taken back, must not be touched: a
 * message that is kept for longer than its arena's round is found. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED 1
#endif
#endif
#if defined(WATCHED) || defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define forbid(mem, size) ASAN_POISON_MEMORY_REGION(mem, size)
#define permit(mem, size) ASAN_UNPOISON_MEMORY_REGION(mem, size)
#else
#define forbid(mem, size) ((void)(mem), (void)(size))
#define permit(mem, size) ((void)(mem), (void)(size))
#endif

/* Most messages are some hundred bytes; a page holds them with what their decoding needs. */
#define BLOCK_MIN 4096
/* A rare giant is not kept: sixteen times the largest value is room for any decoded message that
 * comes regularly. */
#define KEEP_MAX  (1024 * 1024)
#define ALIGN     _Alignof(max_align_t)

struct evt_arena_block {
    struct evt_arena_block *before;
    size_t size, used; /* of `bytes` */
    _Alignas(max_align_t) unsigned char bytes[];
};

static struct evt_arena_block *block_new(struct evt_arena_block *before, size_t need)
{
    struct evt_arena_block *block;
    size_t size = before ? before->size * 2 : BLOCK_MIN;

    if (size > KEEP_MAX)
        size = KEEP_MAX;
    if (size < need)
        size = need;
    block = evt_alloc(sizeof(*block) + size);
    block->before = before;
    block->size = size;
    block->used = 0;
    forbid(block->bytes, size);
    return block;
}

void *evt_arena_alloc(struct evt_arena *arena, size_t size)
{
    struct evt_arena_block *block = arena->blocks;
    size_t room;
    void *mem;

    EVT_BUG_ON(size > SIZE_MAX / 4);
    room = (size + ALIGN - 1) & ~(ALIGN - 1);
    if (!block || room > block->size - block->used)
        arena->blocks = block = block_new(block, room);
    mem = block->bytes + block->used;
    block->used += room;
    permit(mem, size);
    return mem;
}

char *evt_arena_strndup(struct evt_arena *arena, const char *text, size_t len)
{
    char *copy = evt_arena_alloc(arena, len + 1);

    if (len)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

void *evt_arena_memdup(struct evt_arena *arena, const void *mem, size_t len)
{
    void *copy = evt_arena_alloc(arena, len);

    if (len)
        memcpy(copy, mem, len);
    return copy;
}

static void blocks_free(struct evt_arena_block *block)
{
    while (block) {
        struct evt_arena_block *before = block->before;
        permit(block->bytes, block->size);
        evt_free(block);
        block = before;
    }
}

void evt_arena_reset(struct evt_arena *arena)
{
    struct evt_arena_block *block = arena->blocks;

    if (!block)
        return;
    if (block->size > KEEP_MAX) {
        evt_arena_release(arena);
        return;
    }
    blocks_free(block->before);
    block->before = NULL;
    block->used = 0;
    forbid(block->bytes, block->size);
}

void evt_arena_release(struct evt_arena *arena)
{
    blocks_free(arena->blocks);
    arena->blocks = NULL;
}
