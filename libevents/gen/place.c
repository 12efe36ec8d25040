/* Place: see place.h. The path is a JSON pointer, so that tools can follow it. */
#include "place.h"

#include <stdarg.h>
#include <stdio.h>

#define REASON_MAX 4096 /* a longer reason is cut */

struct place place_file(const char *path)
{
    return (struct place){.name = path};
}

struct place place_key(const struct place *up, const char *key)
{
    return (struct place){.up = up, .name = key};
}

struct place place_index(const struct place *up, size_t index)
{
    return (struct place){.up = up, .index = index};
}

const char *place_path(const struct place *at)
{
    while (at->up)
        at = at->up;
    return at->name;
}

static void print(struct evt_buf *buf, const struct place *at)
{
    if (!at->up) {
        evt_buf_add_text(buf, at->name);
        evt_buf_add_text(buf, ": ");
        return;
    }
    print(buf, at->up);
    if (at->name)
        evt_buf_printf(buf, "/%s", at->name);
    else
        evt_buf_printf(buf, "/%zu", at->index);
}

void refuse(struct refusals *refusals, const struct place *at, const char *fmt, ...)
{
    char reason[REASON_MAX];
    va_list args;
    if (!refusals)
        return;
    va_start(args, fmt);
    vsnprintf(reason, sizeof(reason), fmt, args);
    va_end(args);
    print(&refusals->text, at);
    evt_buf_printf(&refusals->text, "%s%s\n", at->up ? ": " : "", reason);
    refusals->n++;
}
