/* Refund: as a row, as Stripe's object, and how it settles. */
#include "refund.h"

#include "ledger.h"

#include <evt/mem.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *status_of(const char *text)
{
    static const char *const statuses[] = {"succeeded", "pending", "failed"};
    size_t i;

    for (i = 0; strcmp(statuses[i], text) != 0; i++)
        EVT_BUG_ON(i == 2);
    return statuses[i];
}

void psp_refund_read(sqlite3_stmt *row, struct psp_refund *ret_refund)
{
    struct psp_refund refund = {
        .number = sqlite3_column_int64(row, 0),
        .created_s = sqlite3_column_int64(row, 1),
        .intent = sqlite3_column_int64(row, 2),
        .amount = sqlite3_column_int64(row, 3),
        .status = status_of(psp_row_text(row, 4)),
        .settles_ms = sqlite3_column_int64(row, 7),
    };
    const char *reason = psp_row_text(row, 5);

    refund.reason = reason ? json_string(reason) : json_null();
    refund.metadata = json_loads(psp_row_text(row, 6), 0, NULL);
    snprintf(refund.currency, sizeof(refund.currency), "%s", psp_row_text(row, 8));
    EVT_BUG_ON(refund.amount <= 0 || !refund.metadata);
    *ret_refund = refund;
}

bool psp_refund_get(struct psp_book *book, int64_t number, struct psp_refund *ret_refund)
{
    sqlite3_stmt *row = psp_book_query(book, PSP_REFUND_GET, "l", number);

    if (row)
        psp_refund_read(row, ret_refund);
    psp_book_done(row);
    return row != NULL;
}

void psp_refund_add(struct psp_book *book, const struct psp_refund *refund)
{
    char *metadata = json_dumps(refund->metadata, JSON_COMPACT);

    EVT_BUG_ON(refund->amount <= 0 || !refund->number);
    psp_book_run(book, PSP_REFUND_ADD, "lllltttl", refund->number, refund->created_s,
                 refund->intent, refund->amount, refund->status, json_string_value(refund->reason),
                 metadata, refund->settles_ms);
    free(metadata);
}

void psp_refund_release(struct psp_refund *refund)
{
    json_decref(refund->reason);
    json_decref(refund->metadata);
}

json_t *psp_refund_json(const struct psp_book *book, const struct psp_refund *refund)
{
    json_t *json =
        json_pack("{s:s, s:s, s:I, s:s, s:I, s:s, s:s, s:s, s:O, s:O}", "id",
                  psp_id_of("re", refund->number, psp_book_salt(book)).text, "object", "refund",
                  "amount", (json_int_t)refund->amount, "charge",
                  psp_charge_id(book, refund->intent).text, "created",
                  (json_int_t)refund->created_s, "currency", refund->currency, "payment_intent",
                  psp_intent_id(book, refund->intent).text, "status", refund->status, "reason",
                  refund->reason, "metadata", refund->metadata);

    if (strcmp(refund->status, "failed") == 0)
        json_object_set_new(json, "failure_reason", json_string("unknown"));
    return json;
}

int64_t psp_refund_next_ms(struct psp_book *book)
{
    sqlite3_stmt *row = psp_book_query(book, PSP_REFUND_NEXT, "");
    const int64_t next_ms = row ? sqlite3_column_int64(row, 1) : INT64_MAX;

    psp_book_done(row);
    return next_ms;
}

/* What was pending has gone; what had gone is back. */
static void settle(struct psp_book *book, const struct psp_refund *refund)
{
    const bool pends = strcmp(refund->status, "pending") == 0;
    struct psp_intent intent;

    if (!psp_intent_get(book, refund->intent, &intent))
        return; /* the book failed, which its transaction's end says */
    psp_ledger_add(book, pends ? PSP_REFUNDED : PSP_REFUND_FAILED, &intent, refund->number,
                   refund->amount, refund->settles_ms);
    psp_book_run(book, PSP_REFUND_SETTLE, "lt", refund->number, pends ? "succeeded" : "failed");
    if (!pends) {
        intent.refunded -= refund->amount;
        psp_intent_put(book, &intent);
    }
    psp_intent_release(&intent);
}

void psp_refund_settle(struct psp_book *book, int64_t now_ms)
{
    struct psp_refund refund;
    sqlite3_stmt *row;

    while ((row = psp_book_query(book, PSP_REFUND_NEXT, ""))) {
        const int64_t number = sqlite3_column_int64(row, 0);
        const bool due = sqlite3_column_int64(row, 1) <= now_ms;

        psp_book_done(row);
        if (!due || !psp_refund_get(book, number, &refund))
            break;
        settle(book, &refund);
        psp_refund_release(&refund);
    }
}
