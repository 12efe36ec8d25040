/* Ledger: entries and sums as rows and as JSON. */
#include "ledger.h"

#include <evt/mem.h>

#include <string.h>

static const char *const kinds[] = {
    [PSP_AUTHORISED] = "authorised", [PSP_DECLINED] = "declined",
    [PSP_CAPTURED] = "captured",     [PSP_RELEASED] = "released",
    [PSP_REFUNDED] = "refunded",     [PSP_REFUND_FAILED] = "refund_failed",
};

void psp_ledger_add(struct psp_book *book, enum psp_entry kind, const struct psp_intent *intent,
                    int64_t refund, int64_t amount, int64_t now_ms)
{
    EVT_BUG_ON(amount < 0);
    if (amount > 0)
        psp_book_run(book, PSP_ENTRY_ADD, "ltlllt", now_ms, kinds[kind], intent->number, refund,
                     amount, intent->currency);
}

static json_t *entry_json(const struct psp_book *book, sqlite3_stmt *row)
{
    const int64_t refund = sqlite3_column_int64(row, 4);
    json_t *json =
        json_pack("{s:I, s:I, s:s, s:s, s:I, s:s, s:o}", "number",
                  (json_int_t)sqlite3_column_int64(row, 0), "at_ms",
                  (json_int_t)sqlite3_column_int64(row, 1), "kind", psp_row_text(row, 2),
                  "payment_intent", psp_intent_id(book, sqlite3_column_int64(row, 3)).text,
                  "amount", (json_int_t)sqlite3_column_int64(row, 5), "currency",
                  psp_row_text(row, 6), "metadata", json_loads(psp_row_text(row, 7), 0, NULL));

    if (refund)
        json_object_set_new(json, "refund",
                            json_string(psp_id_of("re", refund, psp_book_salt(book)).text));
    return json;
}

static json_t *entries(struct psp_book *book, const struct psp_ledger_query *query, bool *ret_more)
{
    json_t *list = json_array();
    /* One more than wanted, to see whether there is one. */
    sqlite3_stmt *row =
        query->intent ? psp_book_query(book, PSP_ENTRY_LIST_OF, "lll", query->after,
                                       query->limit + 1, query->intent)
                      : psp_book_query(book, PSP_ENTRY_LIST, "ll", query->after, query->limit + 1);

    for (; row && (int64_t)json_array_size(list) < query->limit; row = psp_book_next(book, row))
        json_array_append_new(list, entry_json(book, row));
    *ret_more = row != NULL;
    psp_book_done(row);
    return list;
}

static json_int_t of(const json_t *sums, enum psp_entry kind)
{
    return json_integer_value(json_object_get(sums, kinds[kind]));
}

/* The sums of one currency, all of them 0. */
static json_t *no_sums(void)
{
    json_t *sums = json_object();

    for (size_t i = 0; i < PSP_ENTRIES_N; i++)
        json_object_set_new(sums, kinds[i], json_integer(0));
    return sums;
}

static void count(struct psp_book *book, json_t *totals, json_t *counts)
{
    const char *currency;
    json_t *sums;

    for (sqlite3_stmt *row = psp_book_query(book, PSP_ENTRY_TOTALS, ""); row;
         row = psp_book_next(book, row)) {
        const char *kind = psp_row_text(row, 1);
        const json_int_t had = json_integer_value(json_object_get(counts, kind));

        currency = psp_row_text(row, 0);
        if (!json_object_get(totals, currency))
            json_object_set_new(totals, currency, no_sums());
        json_object_set_new(json_object_get(totals, currency), kind,
                            json_integer(sqlite3_column_int64(row, 3)));
        json_object_set_new(counts, kind, json_integer(had + sqlite3_column_int64(row, 2)));
    }
    json_object_foreach(totals, currency, sums)
    {
        json_object_set_new(sums, "held",
                            json_integer(of(sums, PSP_AUTHORISED) - of(sums, PSP_CAPTURED) -
                                         of(sums, PSP_RELEASED)));
        json_object_set_new(sums, "kept",
                            json_integer(of(sums, PSP_CAPTURED) - of(sums, PSP_REFUNDED) +
                                         of(sums, PSP_REFUND_FAILED)));
    }
}

json_t *psp_ledger_json(struct psp_book *book, const struct psp_ledger_query *query)
{
    json_t *totals = json_object(), *counts = no_sums(), *list;
    bool more;

    count(book, totals, counts);
    list = entries(book, query, &more);
    return json_pack("{s:o, s:o, s:o, s:b}", "totals", totals, "counts", counts, "entries", list,
                     "has_more", more);
}
