/* Key: rows are in the order of their time, so the first ones are the oldest. Each that is added
 * takes up to two old ones with it: the table shrinks faster than it grows. */
#include "key.h"

#include "book.h"

#include <evt/mem.h>

#include <stdlib.h>
#include <string.h>

/* Method and path: a key is one request's, not only its parameters'. */
static char *endpoint(const struct psp_call *call)
{
    struct evt_buf text = {0};

    evt_buf_printf(&text, "%s %s", call->op->method, evt_request_path(call->req));
    return (char *)text.data;
}

static bool belongs(struct psp_call *call, sqlite3_stmt *row)
{
    char *here = endpoint(call);
    const bool there = strcmp(psp_row_text(row, 2), here) == 0;

    evt_free(here);
    if (!there)
        return psp_refuse(call, 400, PSP_ERROR_OF(PSP_KEY, NULL),
                          "Keys for idempotent requests can only be used for the same endpoint "
                          "they were first used for ('%s'). Try using a key other than '%s' if "
                          "you meant to execute a different request.",
                          psp_row_text(row, 2), call->key);
    if (sqlite3_column_int64(row, 3) != (int64_t)psp_form_hash(&call->form))
        return psp_refuse(call, 400, PSP_ERROR_OF(PSP_KEY, NULL),
                          "Keys for idempotent requests can only be used with the same parameters "
                          "they were first used with. Try using a key other than '%s' if you "
                          "meant to execute a different request.",
                          call->key);
    return true;
}

bool psp_key_look(struct psp_call *call, int64_t keys_ms)
{
    sqlite3_stmt *row = psp_book_query(call->book, PSP_KEY_GET, "t", call->key);
    int64_t number;

    if (!row)
        return true;
    number = sqlite3_column_int64(row, 0);
    if (sqlite3_column_int64(row, 1) <= call->now_ms - keys_ms) {
        psp_book_done(row);
        psp_book_run(call->book, PSP_KEY_DROP, "l", number);
        return true;
    }
    if (belongs(call, row)) {
        call->replayed = true;
        call->status = sqlite3_column_int(row, 4);
        call->text = strdup(psp_row_text(row, 5));
        EVT_BUG_ON(!call->text);
    }
    psp_book_done(row);
    return false;
}

void psp_key_keep(struct psp_call *call, int64_t keys_ms)
{
    char *here = endpoint(call);

    psp_book_run(call->book, PSP_KEY_ADD, "tltllt", call->key, call->now_ms, here,
                 (int64_t)psp_form_hash(&call->form), (int64_t)call->status, call->text);
    evt_free(here);
    psp_book_run(call->book, PSP_KEY_PRUNE, "l", call->now_ms - keys_ms);
}
