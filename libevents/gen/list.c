/* List: see list.h. */
#include "list.h"

#include <evt/buf.h>
#include <evt/mem.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_FIRST 8 /* most lists of a schema are shorter */

void *arena_zalloc(struct evt_arena *arena, size_t size)
{
    return memset(evt_arena_alloc(arena, size), 0, size);
}

void list_add(struct evt_arena *arena, struct list *list, void *item)
{
    if (list->n == list->cap) {
        size_t cap = list->cap ? 2 * list->cap : LIST_FIRST;
        void **items = evt_arena_alloc(arena, cap * sizeof(*items));
        if (list->n)
            memcpy(items, list->items, list->n * sizeof(*items));
        list->items = items;
        list->cap = cap;
    }
    list->items[list->n++] = item;
}

void list_sort(struct list *list, int (*compare)(const void *a, const void *b))
{
    if (list->n > 1)
        qsort(list->items, list->n, sizeof(*list->items), compare);
}

char *text_printf(struct evt_arena *arena, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    EVT_BUG_ON(len < 0);
    char *text = evt_arena_alloc(arena, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, fmt, again);
    va_end(again);
    va_end(args);
    return text;
}

char *text_dup(struct evt_arena *arena, const char *text)
{
    return evt_arena_strndup(arena, text, strlen(text));
}
