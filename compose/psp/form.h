/* Form: what a request says: application/x-www-form-urlencoded, as a list of names and values.
 *
 * Stripe nests by brackets: metadata[order_id]=7, payment_method_data[card][token]=tok_visa. Names
 * stay whole, and what belongs together is found by the beginning of its name. */
#ifndef PSP_FORM_H
#define PSP_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PSP_FORM_MAX 128 /* 50 of metadata, and what an operation takes beside it */

struct psp_form {
    struct psp_pair {
        const char *name, *value;
    } pairs[PSP_FORM_MAX];
    size_t n;
    char *memory;
};

/* NULL, or why it is no form, in words. Either way it must be released. */
const char *psp_form_read(struct psp_form *form, const char *text, size_t len);
void psp_form_release(struct psp_form *form);

/* Given twice, the last one holds; NULL: it is not there. */
const char *psp_form_get(const struct psp_form *form, const char *name);
/* The first name that is none of `names`, which ends with NULL; "metadata[" takes all that begin
 * with it. NULL: there is no such one. */
const char *psp_form_other(const struct psp_form *form, const char *const *names);
/* Equal for the same pairs in any order. */
uint64_t psp_form_hash(const struct psp_form *form);

#endif
