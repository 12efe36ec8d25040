/* Sim log: arrays of records over blocks of memory that last for one history. */
#include <evt/sim_log.h>

#include <evt/mem.h>
#include <stdlib.h>
#include <string.h>

enum { PARTITIONS_MAX = 128, BLOCK = 256 * 1024 };

struct memory_block {
    struct memory_block *next;
    size_t used, size;
    max_align_t mem[];
};

struct evt_sim_log {
    struct evt_sim_partition parts[PARTITIONS_MAX];
    size_t parts_n;
    struct memory_block *blocks; /* the first has room */
    struct memory_block *spare;  /* of histories before */
};

/* The world's own: it must not come from the heap of the process that sends. */
static void *world_realloc(void *mem, size_t size)
{
    void *grown = realloc(mem, size);

    EVT_BUG_ON(grown == NULL);
    return grown;
}

void *evt_sim_log_memory(struct evt_sim_log *log, size_t size)
{
    const size_t need =
        (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    struct memory_block *block = log->blocks;
    void *mem;

    if (block == NULL || block->size - block->used < need) {
        const size_t room = need > BLOCK ? need : BLOCK;

        block = room == BLOCK ? log->spare : NULL;
        if (block != NULL)
            log->spare = block->next;
        else
            block = world_realloc(NULL, sizeof *block + room);
        *block = (struct memory_block){.next = log->blocks, .size = room};
        log->blocks = block;
    }
    mem = (uint8_t *)block->mem + block->used;
    block->used += need;
    return mem;
}

static const void *keep_bytes(struct evt_sim_log *log, const void *bytes, size_t len)
{
    uint8_t *copy;

    if (bytes == NULL)
        return NULL;
    copy = evt_sim_log_memory(log, len + 1);
    if (len > 0)
        memcpy(copy, bytes, len);
    copy[len] = '\0';
    return copy;
}

static const struct evt_header *keep_headers(struct evt_sim_log *log,
                                             const struct evt_header *headers, size_t n)
{
    struct evt_header *copies = evt_sim_log_memory(log, (n == 0 ? 1 : n) * sizeof *copies);

    for (size_t i = 0; i < n; i++)
        copies[i] =
            (struct evt_header){.name = keep_bytes(log, headers[i].name, strlen(headers[i].name)),
                                .value = keep_bytes(log, headers[i].value, headers[i].len),
                                .len = headers[i].len};
    return copies;
}

struct evt_sim_log *evt_sim_log_new(void)
{
    struct evt_sim_log *log = world_realloc(NULL, sizeof *log);

    memset(log, 0, sizeof *log);
    return log;
}

void evt_sim_log_reset(struct evt_sim_log *log)
{
    struct memory_block *next;

    log->parts_n = 0; /* the arrays stay in their places for the next history's partitions */
    for (struct memory_block *block = log->blocks; block != NULL; block = next) {
        next = block->next;
        if (block->size == BLOCK) {
            block->next = log->spare;
            log->spare = block;
        } else {
            free(block);
        }
    }
    log->blocks = NULL;
}

void evt_sim_log_free(struct evt_sim_log *log)
{
    if (log == NULL)
        return;
    evt_sim_log_reset(log);
    for (struct memory_block *block = log->spare, *next; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    for (size_t i = 0; i < PARTITIONS_MAX; i++)
        free(log->parts[i].records);
    free(log);
}

void evt_sim_log_create(struct evt_sim_log *log, const struct evt_topic *topic)
{
    for (int32_t p = 0; p < topic->partitions; p++) {
        struct evt_sim_partition *part = &log->parts[log->parts_n];

        EVT_BUG_ON(log->parts_n == PARTITIONS_MAX);
        log->parts_n++;
        *part = (struct evt_sim_partition){.topic = topic,
                                           .partition = p,
                                           .records = part->records,
                                           .cap = part->cap};
    }
}

struct evt_sim_partition *evt_sim_log_find(struct evt_sim_log *log, const char *topic,
                                           int32_t partition)
{
    for (size_t i = 0; i < log->parts_n; i++)
        if (log->parts[i].partition == partition &&
            (log->parts[i].topic->name == topic || strcmp(log->parts[i].topic->name, topic) == 0))
            return &log->parts[i];
    return NULL;
}

struct evt_sim_partition *evt_sim_log_nth(struct evt_sim_log *log, size_t i)
{
    return i < log->parts_n ? &log->parts[i] : NULL;
}

const struct evt_record *evt_sim_log_append(struct evt_sim_log *log, struct evt_sim_partition *part,
                                            const struct evt_send *send, int64_t time_ms)
{
    struct evt_record *rec = evt_sim_log_memory(log, sizeof *rec);

    if (part->n == part->cap) {
        part->cap = part->cap == 0 ? 256 : part->cap * 2;
        part->records = world_realloc(part->records, part->cap * sizeof *part->records);
    }
    *rec = (struct evt_record){.topic = part->topic->name,
                               .partition = part->partition,
                               .offset = part->next++,
                               .time_ms = time_ms,
                               .key = keep_bytes(log, send->key, send->key_len),
                               .key_len = send->key_len,
                               .value = keep_bytes(log, send->value, send->value_len),
                               .value_len = send->value_len,
                               .headers = keep_headers(log, send->headers, send->headers_n),
                               .headers_n = send->headers_n};
    part->records[part->n++] = rec;
    return rec;
}

struct evt_send *evt_sim_log_keep(struct evt_sim_log *log, const struct evt_send *send)
{
    struct evt_send *copy = evt_sim_log_memory(log, sizeof *copy);

    *copy = (struct evt_send){.topic = keep_bytes(log, send->topic, strlen(send->topic)),
                              .partition = send->partition,
                              .key = keep_bytes(log, send->key, send->key_len),
                              .key_len = send->key_len,
                              .value = keep_bytes(log, send->value, send->value_len),
                              .value_len = send->value_len,
                              .headers = keep_headers(log, send->headers, send->headers_n),
                              .headers_n = send->headers_n};
    return copy;
}

/* Index of the first record at or after `offset`. */
static size_t place_of(const struct evt_sim_partition *part, int64_t offset)
{
    size_t low = 0, high = part->n;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (part->records[middle]->offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct evt_record *evt_sim_log_from(const struct evt_sim_partition *part, int64_t offset)
{
    const size_t i = place_of(part, offset);

    return i < part->n ? part->records[i] : NULL;
}

const struct evt_record *evt_sim_log_at(const struct evt_sim_partition *part, int64_t offset)
{
    const struct evt_record *rec = evt_sim_log_from(part, offset);

    return rec != NULL && rec->offset == offset ? rec : NULL;
}

void evt_sim_log_hole(struct evt_sim_partition *part, int64_t offsets)
{
    part->next += offsets;
}

void evt_sim_log_truncate(struct evt_sim_partition *part, int64_t offset)
{
    part->n = place_of(part, offset);
    part->next = offset;
    part->epoch++;
}

void evt_sim_log_recreate(struct evt_sim_partition *part)
{
    part->n = 0;
    part->next = part->low = 0;
    part->epoch++;
}
