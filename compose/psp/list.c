/* List: one object by its id, and pages of them, the newest first. */
#include "operations.h"
#include "refund.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT_DEFAULT 10
#define LIMIT_MAX     100

const char *const psp_intent_list_params[] = {"limit", "starting_after", NULL};
const char *const psp_refund_list_params[] = {"limit", "starting_after", "payment_intent", NULL};

struct page {
    int64_t limit, before, intent; /* before: a number; intent: of this one only; 0: of all */
};

bool psp_take_intent(struct psp_call *call, struct psp_intent *ret_intent)
{
    const int64_t number = psp_id_number("pi", call->id, psp_book_salt(call->book));

    return (number && psp_intent_get(call->book, number, ret_intent)) ||
           psp_refuse_missing(call, 404, "payment_intent", "intent", call->id);
}

void psp_intent_show(struct psp_call *call)
{
    struct psp_intent intent;

    if (!psp_take_intent(call, &intent))
        return;
    psp_answer(call, 200, psp_intent_json(call->book, &intent));
    psp_intent_release(&intent);
}

void psp_refund_show(struct psp_call *call)
{
    const int64_t number = psp_id_number("re", call->id, psp_book_salt(call->book));
    struct psp_refund refund;

    if (!number || !psp_refund_get(call->book, number, &refund)) {
        psp_refuse_missing(call, 404, "refund", "id", call->id);
        return;
    }
    psp_answer(call, 200, psp_refund_json(call->book, &refund));
    psp_refund_release(&refund);
}

static bool take_id(struct psp_call *call, const char *name, const char *kind, const char *what,
                    int64_t *number)
{
    const char *id = psp_form_get(&call->form, name);

    if (!id)
        return true;
    *number = psp_id_number(kind, id, psp_book_salt(call->book));
    return *number || psp_refuse_missing(call, 400, what, name, id);
}

static bool take_page(struct psp_call *call, const char *kind, const char *what, struct page *page)
{
    *page = (struct page){.limit = LIMIT_DEFAULT, .before = INT64_MAX};
    if (psp_form_get(&call->form, "limit") && !psp_take_integer(call, "limit", &page->limit))
        return false;
    if (page->limit < 1 || page->limit > LIMIT_MAX)
        return psp_refuse(call, 400, PSP_WRONG("parameter_invalid_integer", "limit"),
                          "Invalid limit: must be from 1 to %d.", LIMIT_MAX);
    return take_id(call, "starting_after", kind, what, &page->before) &&
           take_id(call, "payment_intent", "pi", "payment_intent", &page->intent);
}

static void answer(struct psp_call *call, json_t *data, bool more)
{
    psp_answer(call, 200,
               json_pack("{s:s, s:s, s:b, s:o}", "object", "list", "url", call->op->path,
                         "has_more", more, "data", data));
}

/* One more row than wanted is asked for, to see whether there is one. */
void psp_intent_list(struct psp_call *call)
{
    json_t *data;
    sqlite3_stmt *row;
    struct page page;

    if (!take_page(call, "pi", "payment_intent", &page))
        return;
    data = json_array();
    row = psp_book_query(call->book, PSP_INTENT_LIST, "ll", page.before, page.limit + 1);
    for (; row && (int64_t)json_array_size(data) < page.limit;
         row = psp_book_next(call->book, row)) {
        struct psp_intent intent;

        psp_intent_read(row, &intent);
        json_array_append_new(data, psp_intent_json(call->book, &intent));
        psp_intent_release(&intent);
    }
    answer(call, data, row != NULL);
    psp_book_done(row);
}

void psp_refund_list(struct psp_call *call)
{
    json_t *data;
    sqlite3_stmt *row;
    struct page page;

    if (!take_page(call, "re", "refund", &page))
        return;
    data = json_array();
    row = page.intent
              ? psp_book_query(call->book, PSP_REFUND_LIST_OF, "lll", page.before, page.limit + 1,
                               page.intent)
              : psp_book_query(call->book, PSP_REFUND_LIST, "ll", page.before, page.limit + 1);
    for (; row && (int64_t)json_array_size(data) < page.limit;
         row = psp_book_next(call->book, row)) {
        struct psp_refund refund;

        psp_refund_read(row, &refund);
        json_array_append_new(data, psp_refund_json(call->book, &refund));
        psp_refund_release(&refund);
    }
    answer(call, data, row != NULL);
    psp_book_done(row);
}
