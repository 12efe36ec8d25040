/* Sim heap: size classes over chunks that are bumped through; large blocks, and all blocks where a
 * sanitizer should watch them, come from malloc and are linked in a list. */
#include <evt/sim_heap.h>

#include <evt/mem.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED 1
#endif
#endif
#ifndef WATCHED
#define WATCHED 0
#endif

enum {
    CHUNK = 256 * 1024,
    SMALL_MAX = 1024,        /* classes of 16 bytes up to here, then four to each doubling … */
    POOLED_MAX = 128 * 1024, /* … up to here, which takes SQLite's page caches in */
    CLASSES = SMALL_MAX / 16 + 7 * 4
};

/* Before each block; its size keeps what follows aligned for any type. */
struct block {
    struct evt_sim_heap *heap; /* NULL: the world's */
    size_t size;
    struct block *next, *prev; /* free list, or list of blocks from malloc */
};
_Static_assert(sizeof(struct block) % _Alignof(max_align_t) == 0, "blocks stay aligned");

struct chunk {
    struct chunk *next;
    max_align_t mem[];
};

struct evt_sim_heap {
    struct chunk *chunks;
    uint8_t *at, *end; /* room in the first chunk */
    struct block *free[CLASSES];
    struct block *large;
    size_t live;
    uint64_t fail_in;
    bool *fired;
    int junk;
};

static struct evt_sim_heap *current;
static struct chunk *spare; /* chunks of dropped heaps, for the next ones */

/* The class of a size and the bytes that a block of it holds. */
static size_t class_of(size_t size, size_t *ret_room)
{
    if (size <= SMALL_MAX) {
        const size_t n = size == 0 ? 1 : (size + 15) / 16;

        *ret_room = n * 16;
        return n - 1;
    }
    const unsigned top =
        63u - (unsigned)__builtin_clzll(size - 1); /* size-1 has this highest bit */
    const size_t step = (size_t)1 << (top - 2);
    const size_t part = (size - 1) / step - 4; /* 0 … 3 */

    *ret_room = (part + 5) * step;
    return SMALL_MAX / 16 + (top - 10) * 4 + part;
}

static struct block *block_of(void *mem)
{
    return (struct block *)mem - 1;
}

static bool from_malloc(const struct block *block)
{
    return WATCHED || block->heap == NULL || block->size > POOLED_MAX;
}

static void *malloc_block(struct evt_sim_heap *heap, size_t size)
{
    struct block *block = malloc(sizeof *block + size);

    if (block == NULL)
        return NULL;
    *block = (struct block){.heap = heap, .size = size};
    if (heap != NULL) {
        block->next = heap->large;
        if (heap->large != NULL)
            heap->large->prev = block;
        heap->large = block;
    }
    return block + 1;
}

static void *pool_block(struct evt_sim_heap *heap, size_t size)
{
    size_t room;
    const size_t class = class_of(size, &room);
    struct block *block = heap->free[class];

    if (block != NULL) {
        heap->free[class] = block->next;
        return block + 1;
    }
    if ((size_t)(heap->end - heap->at) < sizeof *block + room) {
        struct chunk *chunk = spare;

        if (chunk != NULL)
            spare = chunk->next;
        else if ((chunk = malloc(CHUNK)) == NULL)
            return NULL;
        chunk->next = heap->chunks;
        heap->chunks = chunk;
        heap->at = (uint8_t *)chunk->mem;
        heap->end = (uint8_t *)chunk + CHUNK;
    }
    block = (struct block *)(void *)heap->at;
    heap->at += sizeof *block + room;
    *block = (struct block){.heap = heap, .size = room};
    return block + 1;
}

static void *heap_alloc(size_t size)
{
    struct evt_sim_heap *heap = current;
    void *mem;

    if (heap == NULL)
        return malloc_block(NULL, size);
    if (heap->fail_in > 0 && --heap->fail_in == 0) {
        *heap->fired = true;
        return NULL;
    }
    mem = WATCHED || size > POOLED_MAX ? malloc_block(heap, size) : pool_block(heap, size);
    if (mem == NULL)
        return NULL;
    heap->live++;
    if (heap->junk >= 0)
        memset(mem, heap->junk, size);
    return mem;
}

static void heap_free(void *mem)
{
    struct block *block;
    struct evt_sim_heap *heap;
    size_t room;

    if (mem == NULL)
        return;
    block = block_of(mem);
    heap = block->heap;
    if (heap != NULL)
        heap->live--;
    if (!from_malloc(block)) {
        const size_t class = class_of(block->size, &room);

        block->next = heap->free[class];
        heap->free[class] = block;
        return;
    }
    if (block->next != NULL)
        block->next->prev = block->prev;
    if (block->prev != NULL)
        block->prev->next = block->next;
    else if (heap != NULL)
        heap->large = block->next;
    free(block);
}

static void *heap_realloc(void *mem, size_t size)
{
    void *fresh;
    size_t old;

    if (mem == NULL)
        return heap_alloc(size);
    old = block_of(mem)->size;
    if (!WATCHED && size <= old && size > old / 2)
        return mem;
    fresh = heap_alloc(size);
    if (fresh == NULL)
        return NULL;
    memcpy(fresh, mem, size < old ? size : old);
    heap_free(mem);
    return fresh;
}

struct evt_sim_heap *evt_sim_heap_new(void)
{
    struct evt_sim_heap *heap = calloc(1, sizeof *heap);

    EVT_BUG_ON(heap == NULL);
    heap->junk = -1;
    return heap;
}

void evt_sim_heap_drop(struct evt_sim_heap *heap)
{
    struct chunk *chunk = heap->chunks, *chunk_next;
    struct block *block = heap->large, *block_next;

    for (; block != NULL; block = block_next) {
        block_next = block->next;
        free(block);
    }
    for (; chunk != NULL; chunk = chunk_next) {
        chunk_next = chunk->next;
        chunk->next = spare;
        spare = chunk;
    }
    *heap = (struct evt_sim_heap){.junk = heap->junk};
}

void evt_sim_heap_free(struct evt_sim_heap *heap)
{
    if (heap == NULL)
        return;
    EVT_BUG_ON(current == heap);
    evt_sim_heap_drop(heap);
    free(heap);
}

struct evt_sim_heap *evt_sim_heap_enter(struct evt_sim_heap *heap)
{
    struct evt_sim_heap *before = current;

    current = heap;
    return before;
}

void evt_sim_heap_fail_at(struct evt_sim_heap *heap, uint64_t nth, bool *ret_fired)
{
    heap->fail_in = nth;
    heap->fired = ret_fired;
}

void evt_sim_heap_junk(struct evt_sim_heap *heap, int junk)
{
    heap->junk = junk;
}

size_t evt_sim_heap_live(const struct evt_sim_heap *heap)
{
    return heap->live;
}

static void *sqlite_alloc(int size)
{
    return heap_alloc((size_t)size);
}

static void *sqlite_realloc(void *mem, int size)
{
    return heap_realloc(mem, (size_t)size);
}

static int sqlite_size(void *mem)
{
    return mem == NULL ? 0 : (int)block_of(mem)->size;
}

static int sqlite_roundup(int size)
{
    size_t room = (size_t)size;

    if (room <= POOLED_MAX)
        class_of(room, &room);
    return (int)((room + 7) & ~(size_t)7);
}

static int sqlite_init(void *arg)
{
    (void)arg;
    return SQLITE_OK;
}

static void sqlite_shutdown(void *arg)
{
    (void)arg;
}

void evt_sim_heap_install(void (*die)(const char *why))
{
    static struct evt_mem_hooks hooks; /* evt_mem keeps the address */
    const sqlite3_mem_methods methods = {.xMalloc = sqlite_alloc,
                                         .xFree = heap_free,
                                         .xRealloc = sqlite_realloc,
                                         .xSize = sqlite_size,
                                         .xRoundup = sqlite_roundup,
                                         .xInit = sqlite_init,
                                         .xShutdown = sqlite_shutdown};

    hooks = (struct evt_mem_hooks){heap_alloc, heap_realloc, heap_free, die};
    evt_mem_hook(&hooks);
    EVT_BUG_ON(sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) != SQLITE_OK);
    EVT_BUG_ON(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) != SQLITE_OK);
    EVT_BUG_ON(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK);
    EVT_BUG_ON(sqlite3_initialize() != SQLITE_OK);
}
