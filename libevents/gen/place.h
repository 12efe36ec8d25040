/* Place: where something stands, as "schemas/product/X.avsc: /fields/3/type", and the refusals that
 * name it. A chain of places lives on the stack of whoever walks a file; the first is the file. */
#ifndef GEN_PLACE_H
#define GEN_PLACE_H

#include <evt/buf.h>
#include <stddef.h>

struct place {
    const struct place *up; /* NULL: `name` is the file */
    const char *name;       /* NULL: `index` counts */
    size_t index;
};

struct place place_file(const char *path);
struct place place_key(const struct place *up, const char *key);
struct place place_index(const struct place *up, size_t index);
const char *place_path(const struct place *at); /* the file's */

/* All that is wrong, a line each: a person mends several in one go. */
struct refusals {
    struct evt_buf text;
    size_t n;
};

/* Adds "<file>: <path in it>: <reason>". NULL `refusals`: nobody wants to know. */
void refuse(struct refusals *refusals, const struct place *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
