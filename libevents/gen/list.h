/* List: a growing array of pointers; its memory is an arena's. A zeroed struct is an empty list. */
#ifndef GEN_LIST_H
#define GEN_LIST_H

#include <evt/arena.h>
#include <stddef.h>

struct list {
    void **items;
    size_t n, cap;
};

void list_add(struct evt_arena *arena, struct list *list, void *item);
/* `compare` gets pointers to items, as qsort hands them over. */
void list_sort(struct list *list, int (*compare)(const void *a, const void *b));

/* Text in an arena. */
char *text_printf(struct evt_arena *arena, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), nonnull(2)));
char *text_dup(struct evt_arena *arena, const char *text);
void *arena_zalloc(struct evt_arena *arena, size_t size);

#endif
