/* Intent: a payment from its authorisation to its capture or cancelling, and what was refunded.
 *
 *     requires_payment_method ─┬─▶ requires_capture ──▶ succeeded        (declined: it stays)
 *     requires_confirmation ───┘         │
 *                └───────────────────────┴────────────▶ canceled */
#ifndef PSP_INTENT_H
#define PSP_INTENT_H

#include "book.h"
#include "card.h"
#include "id.h"

#include <jansson.h>

enum psp_status {
    PSP_REQUIRES_PAYMENT_METHOD,
    PSP_REQUIRES_CONFIRMATION,
    PSP_REQUIRES_CAPTURE,
    PSP_SUCCEEDED,
    PSP_CANCELED
};
const char *psp_status_str(enum psp_status status);

struct psp_intent {
    int64_t number; /* 0: none */
    int64_t created_s, canceled_s;
    int64_t amount;
    int64_t capturable; /* held on the card and not taken yet */
    int64_t received;   /* captured */
    int64_t refunded;   /* of it, with what is pending */
    bool charged;       /* a card was asked at least once */
    char currency[4];
    const char *capture_method; /* one of psp_capture_methods */
    enum psp_status status;
    const struct psp_card *card;               /* NULL: none yet */
    json_t *description, *reason, *last_error; /* null: none */
    json_t *metadata;
};
extern const char *const psp_capture_methods[]; /* ends with NULL */
extern const char *const psp_cancel_reasons[];  /* ends with NULL */

/* By number; false: there is none. */
bool psp_intent_get(struct psp_book *book, int64_t number, struct psp_intent *ret_intent);
void psp_intent_read(sqlite3_stmt *row, struct psp_intent *ret_intent); /* a row of its columns */
void psp_intent_add(struct psp_book *book, const struct psp_intent *intent);
void psp_intent_put(struct psp_book *book, const struct psp_intent *intent);
void psp_intent_release(struct psp_intent *intent);

struct psp_id psp_intent_id(const struct psp_book *book, int64_t number);
struct psp_id psp_charge_id(const struct psp_book *book, int64_t number); /* of that intent */
json_t *psp_intent_json(const struct psp_book *book, const struct psp_intent *intent);
/* A string; bytes at its end that a cut left without their character are dropped. */
json_t *psp_text_json(const char *text);

#endif
