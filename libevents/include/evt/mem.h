/* Memory: allocation that never returns NULL, and what a broken invariant does.
 *
 * Running out of memory aborts: the position is in the store, so a restart loses nothing. Both the
 * allocator and the abort can be replaced, once, by a driver that simulates processes. */
#ifndef EVT_MEM_H
#define EVT_MEM_H

#include <evt/err.h>
#include <stddef.h>
#include <stdint.h>

void *evt_alloc(size_t size);  /* not cleared */
void *evt_zalloc(size_t size); /* cleared */
void *evt_realloc(void *mem, size_t size);
void evt_free(void *mem); /* NULL is fine */
char *evt_strdup(const char *text);
char *evt_strndup(const char *text, size_t len);
void *evt_memdup(const void *mem, size_t len);

struct evt_mem_hooks {
    void *(*alloc)(size_t size); /* may return NULL: then `die` is called */
    void *(*realloc)(void *mem, size_t size);
    void (*free)(void *mem);
    void (*die)(const char *why); /* must not return */
};
/* NULL restores malloc and abort. */
void evt_mem_hook(const struct evt_mem_hooks *hooks);

/* Stops the process with file, line and reason; on in production too. */
#define EVT_BUG_ON(condition)                                                                      \
    do {                                                                                           \
        if (__builtin_expect(!!(condition), 0))                                                    \
            evt__bug(__FILE__, __LINE__, #condition);                                              \
    } while (0)
/* What this thread is working on, named by a bug from now on. `topic` is kept as it is; NULL:
 * nothing. */
void evt_bug_place(const char *topic, int32_t partition, int64_t offset);
void evt__bug(const char *file, int line, const char *what) __attribute__((noreturn, cold));

#endif
