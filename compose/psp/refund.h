/* Refund: money that goes back. With some cards it does so later, or turns out not to have gone:
 * such a refund settles some time after it was made. */
#ifndef PSP_REFUND_H
#define PSP_REFUND_H

#include "book.h"
#include "intent.h"

struct psp_refund {
    int64_t number, created_s;
    int64_t intent; /* its number */
    int64_t amount;
    const char *status; /* "succeeded", "pending", "failed" */
    json_t *reason;     /* null: none */
    json_t *metadata;
    int64_t settles_ms; /* 0: it has */
    char currency[4];
};

bool psp_refund_get(struct psp_book *book, int64_t number, struct psp_refund *ret_refund);
void psp_refund_read(sqlite3_stmt *row, struct psp_refund *ret_refund);
void psp_refund_add(struct psp_book *book, const struct psp_refund *refund);
void psp_refund_release(struct psp_refund *refund);
json_t *psp_refund_json(const struct psp_book *book, const struct psp_refund *refund);

/* When the next one settles; INT64_MAX: none does. In a transaction, as the next one. */
int64_t psp_refund_next_ms(struct psp_book *book);
/* Settles all whose time has come. */
void psp_refund_settle(struct psp_book *book, int64_t now_ms);

#endif
