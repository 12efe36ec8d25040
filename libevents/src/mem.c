/* Memory: allocation that never returns NULL, and what a broken invariant does.
 *
 * The hooks are one pointer for the whole process, set before any thread starts: a driver that
 * simulates processes runs them in one thread. */
#include <evt/mem.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *why)
{
    fprintf(stderr, "%s\n", why);
    abort();
}

static const struct evt_mem_hooks usual = {
    .alloc = malloc,
    .realloc = realloc,
    .free = free,
    .die = die,
};
static const struct evt_mem_hooks *mem = &usual;

/* What the thread is working on; a bug names it. */
static _Thread_local struct {
    const char *topic;
    int32_t partition;
    int64_t offset;
} place;

void evt_mem_hook(const struct evt_mem_hooks *hooks)
{
    mem = hooks ? hooks : &usual;
}

static void *checked(void *got, size_t size)
{
    char why[64];

    if (__builtin_expect(got != NULL, 1))
        return got;
    snprintf(why, sizeof(why), "out of memory: %zu bytes", size);
    mem->die(why);
    abort();
}

void *evt_alloc(size_t size)
{
    return checked(mem->alloc(size ? size : 1), size);
}

void *evt_zalloc(size_t size)
{
    return memset(evt_alloc(size), 0, size);
}

void *evt_realloc(void *old, size_t size)
{
    /* realloc(mem, 0) may free: an empty piece keeps a byte. */
    return checked(mem->realloc(old, size ? size : 1), size);
}

void evt_free(void *old)
{
    if (old)
        mem->free(old);
}

char *evt_strdup(const char *text)
{
    return evt_memdup(text, strlen(text) + 1);
}

char *evt_strndup(const char *text, size_t len)
{
    char *copy;

    EVT_BUG_ON(len == SIZE_MAX);
    copy = evt_alloc(len + 1);
    if (len)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

void *evt_memdup(const void *bytes, size_t len)
{
    void *copy = evt_alloc(len);

    if (len)
        memcpy(copy, bytes, len);
    return copy;
}

void evt_bug_place(const char *topic, int32_t partition, int64_t offset)
{
    place.topic = topic;
    place.partition = partition;
    place.offset = offset;
}

void evt__bug(const char *file, int line, const char *what)
{
    char why[512];

    if (place.topic)
        snprintf(why, sizeof(why), "%s:%d: broken invariant: %s (at %s %d @%lld)", file, line, what,
                 place.topic, (int)place.partition, (long long)place.offset);
    else
        snprintf(why, sizeof(why), "%s:%d: broken invariant: %s", file, line, what);
    mem->die(why);
    abort();
}
