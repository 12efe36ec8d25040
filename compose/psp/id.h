/* Id: an object's number as Stripe's kind of id, pi_0000000001k3…, and back.
 *
 * The number leads, so that ids are in the order of their making; behind it is a hash under the
 * book's own salt, so that one book's ids are nobody else's. No index over ids is needed. */
#ifndef PSP_ID_H
#define PSP_ID_H

#include <stdint.h>

#define PSP_ID_MAX 32

struct psp_id {
    char text[PSP_ID_MAX];
};

/* `kind` is "pi", "ch", "re". */
struct psp_id psp_id_of(const char *kind, int64_t number, uint64_t salt);
/* 0: it is not one of this kind and this book. */
int64_t psp_id_number(const char *kind, const char *id, uint64_t salt);

#endif
