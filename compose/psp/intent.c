/* Intent: as a row and as Stripe's object. */
#include "intent.h"

#include <evt/mem.h>
#include <evt/utf8.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const statuses[] = {
    [PSP_REQUIRES_PAYMENT_METHOD] = "requires_payment_method",
    [PSP_REQUIRES_CONFIRMATION] = "requires_confirmation",
    [PSP_REQUIRES_CAPTURE] = "requires_capture",
    [PSP_SUCCEEDED] = "succeeded",
    [PSP_CANCELED] = "canceled",
};
const char *const psp_capture_methods[] = {"automatic", "automatic_async", "manual", NULL};
const char *const psp_cancel_reasons[] = {"abandoned", "duplicate", "fraudulent",
                                          "requested_by_customer", NULL};

const char *psp_status_str(enum psp_status status)
{
    return statuses[status];
}

static enum psp_status status_of(const char *text)
{
    size_t i;

    for (i = 0; strcmp(statuses[i], text) != 0; i++)
        EVT_BUG_ON(i == PSP_CANCELED);
    return (enum psp_status)i;
}

static const char *method_of(const char *text)
{
    size_t i;

    for (i = 0; strcmp(psp_capture_methods[i], text) != 0; i++)
        EVT_BUG_ON(!psp_capture_methods[i + 1]);
    return psp_capture_methods[i];
}

json_t *psp_text_json(const char *text)
{
    size_t len = strlen(text);

    while (!evt_utf8_valid(text, len))
        len--;
    return json_stringn(text, len);
}

/* What is held, taken and given back are parts of the amount; only what its state allows. */
static bool holds(const struct psp_intent *intent)
{
    return intent->amount > 0 && intent->capturable >= 0 && intent->refunded >= 0 &&
           intent->refunded <= intent->received &&
           intent->received + intent->capturable <= intent->amount &&
           (intent->capturable > 0) == (intent->status == PSP_REQUIRES_CAPTURE) &&
           (intent->received > 0) == (intent->status == PSP_SUCCEEDED) &&
           (intent->canceled_s > 0) == (intent->status == PSP_CANCELED);
}

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

void psp_intent_read(sqlite3_stmt *row, struct psp_intent *ret_intent)
{
    struct psp_intent intent = {
        .number = sqlite3_column_int64(row, 0),
        .created_s = sqlite3_column_int64(row, 1),
        .canceled_s = sqlite3_column_int64(row, 2),
        .amount = sqlite3_column_int64(row, 3),
        .capturable = sqlite3_column_int64(row, 4),
        .received = sqlite3_column_int64(row, 5),
        .refunded = sqlite3_column_int64(row, 6),
        .charged = sqlite3_column_int(row, 7),
        .capture_method = method_of(psp_row_text(row, 9)),
        .status = status_of(psp_row_text(row, 10)),
    };
    const char *card = psp_row_text(row, 11), *last_error = psp_row_text(row, 15);

    snprintf(intent.currency, sizeof(intent.currency), "%s", psp_row_text(row, 8));
    intent.card = card ? psp_card_find(card) : NULL;
    intent.description = text_or_null(psp_row_text(row, 12));
    intent.metadata = json_loads(psp_row_text(row, 13), 0, NULL);
    intent.reason = text_or_null(psp_row_text(row, 14));
    intent.last_error = last_error ? json_loads(last_error, 0, NULL) : json_null();
    EVT_BUG_ON(!holds(&intent) || !intent.metadata || !intent.last_error);
    *ret_intent = intent;
}

bool psp_intent_get(struct psp_book *book, int64_t number, struct psp_intent *ret_intent)
{
    sqlite3_stmt *row = psp_book_query(book, PSP_INTENT_GET, "l", number);

    if (row)
        psp_intent_read(row, ret_intent);
    psp_book_done(row);
    return row != NULL;
}

void psp_intent_add(struct psp_book *book, const struct psp_intent *intent)
{
    char *metadata = json_dumps(intent->metadata, JSON_COMPACT);
    char *last_error =
        json_is_object(intent->last_error) ? json_dumps(intent->last_error, JSON_COMPACT) : NULL;

    EVT_BUG_ON(!holds(intent) || !intent->number);
    psp_book_run(book, PSP_INTENT_ADD, "lllllllltttttttt", intent->number, intent->created_s,
                 intent->canceled_s, intent->amount, intent->capturable, intent->received,
                 intent->refunded, (int64_t)intent->charged, intent->currency,
                 intent->capture_method, statuses[intent->status],
                 intent->card ? intent->card->name : NULL, json_string_value(intent->description),
                 metadata, json_string_value(intent->reason), last_error);
    free(metadata);
    free(last_error);
}

void psp_intent_put(struct psp_book *book, const struct psp_intent *intent)
{
    char *last_error =
        json_is_object(intent->last_error) ? json_dumps(intent->last_error, JSON_COMPACT) : NULL;

    EVT_BUG_ON(!holds(intent) || !intent->number);
    psp_book_run(book, PSP_INTENT_PUT, "lllllltttt", intent->number, intent->canceled_s,
                 intent->capturable, intent->received, intent->refunded, (int64_t)intent->charged,
                 statuses[intent->status], intent->card ? intent->card->name : NULL,
                 json_string_value(intent->reason), last_error);
    free(last_error);
}

void psp_intent_release(struct psp_intent *intent)
{
    json_decref(intent->description);
    json_decref(intent->reason);
    json_decref(intent->last_error);
    json_decref(intent->metadata);
}

struct psp_id psp_intent_id(const struct psp_book *book, int64_t number)
{
    return psp_id_of("pi", number, psp_book_salt(book));
}

struct psp_id psp_charge_id(const struct psp_book *book, int64_t number)
{
    return psp_id_of("ch", number, psp_book_salt(book));
}

/* A member that may be null. */
static void set_text(json_t *json, const char *name, const char *text)
{
    json_object_set_new(json, name, text_or_null(text));
}

json_t *psp_intent_json(const struct psp_book *book, const struct psp_intent *intent)
{
    const struct psp_id charge = psp_charge_id(book, intent->number);
    char method[64];
    json_t *json =
        json_pack("{s:s, s:s, s:I, s:I, s:I, s:s, s:s, s:s, s:I, s:b, s:O, s:O, s:O, s:O, s:[s]}",
                  "id", psp_intent_id(book, intent->number).text, "object", "payment_intent",
                  "amount", (json_int_t)intent->amount, "amount_capturable",
                  (json_int_t)intent->capturable, "amount_received", (json_int_t)intent->received,
                  "currency", intent->currency, "status", statuses[intent->status],
                  "capture_method", intent->capture_method, "created",
                  (json_int_t)intent->created_s, "livemode", 0, "metadata", intent->metadata,
                  "description", intent->description, "last_payment_error", intent->last_error,
                  "cancellation_reason", intent->reason, "payment_method_types", "card");

    if (intent->card)
        snprintf(method, sizeof(method), "pm_card_%s", intent->card->name);
    set_text(json, "payment_method", intent->card ? method : NULL);
    set_text(json, "latest_charge", intent->charged ? charge.text : NULL);
    json_object_set_new(json, "canceled_at",
                        intent->canceled_s ? json_integer(intent->canceled_s) : json_null());
    return json;
}
