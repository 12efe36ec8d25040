/* The provider's book: what it refuses to open, and what a failing file does; the ledger in it. */
#include "compose/psp/book.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "test/lib/provider.h"
#include "test/lib/suite.h"

#define VISA "amount=1200&currency=eur&confirm=true&payment_method=pm_card_visa"

static struct provider pr;

static void run_sql(const char *sql)
{
    sqlite3 *db = NULL;

    ck_assert_int_eq(sqlite3_open(folder_path(&pr.folder, "data/psp.db"), &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void refuse_open(enum evt_err code, const char *words)
{
    struct psp *psp = NULL;
    struct evt_error err;

    ck_refused(psp_open(&pr.opt, &psp, &err), err, code, words);
    ck_assert_ptr_null(psp);
}

START_TEST(options_that_are_refused)
{
    static const char *const faults[] = {"latency", " ", "down how=refuse ms=5", "lost x"};
    static const char *const words[] = {
        "latency': latency has no ms: say how long, as ms=20-80",
        " ': it is empty; say one as 'latency ms=20-80'",
        "down how=refuse ms=5': how=refuse is for one that runs: it has not begun to listen",
        "lost x': 'x' is not NAME=VALUE"};
    char want[256];

    provider_init(&pr);
    pr.opt.data_dir = folder_path(&pr.folder, "data");
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        pr.opt.faults = &faults[i];
        pr.opt.faults_n = 1;
        snprintf(want, sizeof(want), "wrong use: fault '%s", words[i]);
        refuse_open(EVT_E_USAGE, want);
    }
    pr.opt.faults_n = 0;
    pr.opt.address = "0.0.0.0:12111";
    refuse_open(EVT_E_USAGE,
                "wrong use: http-addr '0.0.0.0:12111': it listens on loopback only, as "
                "127.0.0.1:12111");
    pr.opt.address = "12111";
    refuse_open(EVT_E_USAGE,
                "wrong use: http-addr '12111': it listens on loopback only, as 127.0.0.1:12111");
    provider_release(&pr);
}
END_TEST

static void refuse_keys(const char *text, const char *words)
{
    char want[512];

    folder_write(&pr.folder, "keys", text, strlen(text));
    pr.opt.key_file = folder_path(&pr.folder, "keys");
    snprintf(want, sizeof(want), "wrong use: %s: %s", pr.opt.key_file, words);
    refuse_open(EVT_E_USAGE, want);
}

START_TEST(key_files_that_are_refused)
{
    struct evt_buf many = {0};

    provider_init(&pr);
    pr.opt.data_dir = folder_path(&pr.folder, "data");
    pr.opt.key_file = "/nowhere/keys";
    refuse_open(EVT_E_USAGE, "wrong use: --key-file /nowhere/keys: No such file or directory");
    refuse_keys("# none\n", "there is no key in it; write one a line, as sk_test_shop");
    refuse_keys("sk_live_x\n", "a key does not begin with sk_test_: a stand-in wants no others");
    for (int i = 0; i < 65; i++)
        evt_buf_printf(&many, "sk_test_%d\n", i);
    refuse_keys(evt_buf_text(&many), "more than 64 keys");
    evt_buf_release(&many);
    provider_release(&pr);
}
END_TEST

START_TEST(one_book_one_process)
{
    char words[512];

    provider_begin(&pr);
    snprintf(words, sizeof(words),
             "another psp has this --data-dir: another process owns the "
             "store: %s",
             folder_path(&pr.folder, "data/psp.db.lock"));
    refuse_open(EVT_E_STORE_LOCKED, words);
    provider_release(&pr);
}
END_TEST

START_TEST(what_is_no_book)
{
    static const char text[] = "this is a text of more than sixteen bytes, and no database at all";
    struct psp_book *book = NULL;
    struct evt_error err;
    char words[512];

    provider_begin(&pr);
    provider_stop(&pr);
    run_sql("PRAGMA user_version=2");
    snprintf(words, sizeof(words),
             "the store belongs to another service or partition: %s is no "
             "book of this version of psp: give it another --data-dir, or remove the file",
             folder_path(&pr.folder, "data/psp.db"));
    refuse_open(EVT_E_STORE_OTHER, words);
    folder_write(&pr.folder, "data/psp.db", text, sizeof(text));
    refuse_open(EVT_E_STORE_OTHER, words);
    ck_refused(psp_book_open(folder_path(&pr.folder, "none"), true, &book, &err), err, EVT_E_IO,
               (snprintf(words, sizeof(words),
                         "input or output error: %s: unable to open database "
                         "file: say where the book lies (--data-dir)",
                         folder_path(&pr.folder, "none/psp.db")),
                words));
    provider_release(&pr);
}
END_TEST

START_TEST(a_folder_that_cannot_be_made)
{
    char words[512];

    provider_init(&pr);
    folder_write(&pr.folder, "file", "x", 1);
    pr.opt.data_dir = folder_path(&pr.folder, "file/data");
    snprintf(words, sizeof(words), "input or output error: make the folder %s: Not a directory",
             pr.opt.data_dir);
    refuse_open(EVT_E_IO, words);
    provider_release(&pr);
}
END_TEST

/* Nothing is done, nothing is kept under the key, and once it is mended it goes on. */
START_TEST(a_file_that_fails)
{
    provider_begin(&pr);
    pr.key = "k";
    run_sql("ALTER TABLE entry RENAME TO lost");
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_error(&pr, 500, "api_error", "", "",
             "The stand-in could not do it, and did nothing: input or output error: the "
             "provider's book: no such table: entry");
    provider_ask_raw(&pr, "GET /_psp/ledger", NULL, NULL);
    ck_problem(&pr.web, 500, "input or output error: the provider's book: no such table: entry");
    run_sql("ALTER TABLE lost RENAME TO entry");
    provider_ask(&pr, "GET /v1/payment_intents", NULL);
    ck_assert_ptr_null(provider_text(&pr, "data.0.id"));
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_done(&pr);
    ck_assert_ptr_null(web_header(&pr.web, "Idempotent-Replayed"));
    provider_release(&pr);
}
END_TEST

START_TEST(the_ledger_has_pages)
{
    char id[64], line[128];

    provider_begin(&pr);
    provider_ask(&pr, PROVIDER_CREATE, VISA "&metadata[order_id]=o-1");
    snprintf(id, sizeof(id), "%s", provider_text(&pr, "id"));
    provider_pay(&pr, "pm_card_visa", 50);
    provider_ask(&pr, "GET /_psp/ledger", NULL);
    ck_assert_uint_eq(json_array_size(json_object_get(pr.json, "entries")), 3);
    ck_assert_str_eq(provider_text(&pr, "entries.0.kind"), "authorised");
    ck_assert_str_eq(provider_text(&pr, "entries.1.kind"), "captured");
    ck_assert_str_eq(provider_text(&pr, "entries.1.payment_intent"), id);
    ck_assert_str_eq(provider_text(&pr, "entries.1.metadata.order_id"), "o-1");
    ck_assert_int_eq(provider_number(&pr, "counts.authorised"), 2);
    ck_assert_int_eq(provider_number(&pr, "totals.eur.authorised"), 1250);
    ck_assert_int_eq(provider_number(&pr, "totals.eur.held"), 50);
    provider_ask(&pr, "GET /_psp/ledger?limit=1&after=1", NULL);
    ck_assert_int_eq(provider_number(&pr, "entries.0.number"), 2);
    ck_assert_uint_eq(json_array_size(json_object_get(pr.json, "entries")), 1);
    ck_assert(json_is_true(json_object_get(pr.json, "has_more")));
    snprintf(line, sizeof(line), "GET /_psp/ledger?payment_intent=%s", id);
    provider_ask(&pr, line, NULL);
    ck_assert_uint_eq(json_array_size(json_object_get(pr.json, "entries")), 2);
    ck_assert(json_is_false(json_object_get(pr.json, "has_more")));
    provider_release(&pr);
}
END_TEST

START_TEST(ledger_refusals)
{
    static const struct {
        const char *line, *words;
        int status;
    } refusals[] = {
        {"GET /_psp/ledger?limit=x", "limit is not a number from 0 to 100000", 400},
        {"GET /_psp/ledger?limit=100001", "limit is not a number from 0 to 100000", 400},
        {"GET /_psp/ledger?after=-1", "after is not a number from 0 to 9223372036854775807", 400},
        {"GET /_psp/ledger?payment_intent=pi_1", "there is no such payment intent", 404},
    };

    provider_begin(&pr);
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        provider_ask_raw(&pr, refusals[i].line, NULL, NULL);
        ck_problem(&pr.web, refusals[i].status, refusals[i].words);
    }
    provider_release(&pr);
}
END_TEST

SUITE("psp_book", options_that_are_refused, key_files_that_are_refused, one_book_one_process,
      what_is_no_book, a_folder_that_cannot_be_made, a_file_that_fails, the_ledger_has_pages,
      ledger_refusals)
