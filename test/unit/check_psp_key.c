/* The provider's idempotency keys: the answer that a request had is what it has again. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "test/lib/provider.h"
#include "test/lib/suite.h"

#define KEY  "idempotency_error"
#define VISA "amount=1200&currency=eur&confirm=true&payment_method=pm_card_visa"
#define BAD  "amount=1200&currency=eur&confirm=true&payment_method=pm_card_chargeDeclined"

static struct provider pr;

static void start(void)
{
    provider_begin(&pr);
    pr.key = "k-1";
}

static bool replayed(void)
{
    const char *header = web_header(&pr.web, "Idempotent-Replayed");

    return header && strcmp(header, "true") == 0;
}

static char *body(void)
{
    static char text[4096];

    snprintf(text, sizeof(text), "%d %s", pr.web.status, evt_buf_text(&pr.web.body));
    return text;
}

START_TEST(the_stored_answer_again)
{
    char first[4096];

    start();
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_done(&pr);
    ck_assert(!replayed());
    ck_assert_str_eq(web_header(&pr.web, "Idempotency-Key"), "k-1");
    snprintf(first, sizeof(first), "%s", body());
    for (int i = 0; i < 3; i++) {
        provider_ask(&pr, PROVIDER_CREATE, VISA);
        ck_assert(replayed());
        ck_assert_str_eq(body(), first);
    }
    /* The order of the parameters is not theirs. */
    provider_ask(&pr, PROVIDER_CREATE,
                 "currency=eur&amount=1200&confirm=true&payment_method=pm_card_visa");
    ck_assert_str_eq(body(), first);
    ck_assert_int_eq(provider_sum(&pr, "captured"), 1200);
    provider_release(&pr);
}
END_TEST

START_TEST(it_outlives_the_process)
{
    char first[4096];

    start();
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    snprintf(first, sizeof(first), "%s", body());
    provider_stop(&pr);
    provider_start(&pr);
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_assert(replayed());
    ck_assert_str_eq(body(), first);
    pr.key = "k-2"; /* numbers go on */
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_done(&pr);
    ck_assert_ptr_null(strstr(first, provider_text(&pr, "id")));
    provider_release(&pr);
}
END_TEST

START_TEST(a_decline_again)
{
    char first[4096];

    start();
    provider_ask(&pr, PROVIDER_CREATE, BAD);
    ck_assert_int_eq(pr.web.status, 402);
    snprintf(first, sizeof(first), "%s", body());
    provider_ask(&pr, PROVIDER_CREATE, BAD);
    ck_assert(replayed());
    ck_assert_str_eq(body(), first);
    ck_assert_int_eq(provider_sum(&pr, "declined"), 1200);
    provider_release(&pr);
}
END_TEST

/* What was refused before it was executed has used up nothing. */
START_TEST(a_wrong_request_may_be_mended)
{
    start();
    provider_ask(&pr, PROVIDER_CREATE, "amount=0&currency=eur");
    ck_assert_int_eq(pr.web.status, 400);
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_done(&pr);
    ck_assert(!replayed());
    provider_release(&pr);
}
END_TEST

START_TEST(another_request_under_the_key)
{
    char line[128];

    start();
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    snprintf(line, sizeof(line), "POST /v1/payment_intents/%s/cancel", provider_text(&pr, "id"));
    provider_ask(&pr, PROVIDER_CREATE, BAD);
    ck_error(&pr, 400, KEY, "", "",
             "Keys for idempotent requests can only be used with the same parameters they were "
             "first used with. Try using a key other than 'k-1' if you meant to execute a "
             "different request.");
    ck_assert(!replayed());
    provider_ask(&pr, line, NULL);
    ck_error(&pr, 400, KEY, "", "",
             "Keys for idempotent requests can only be used for the same endpoint they were first "
             "used for ('POST /v1/payment_intents'). Try using a key other than 'k-1' if you meant "
             "to execute a different request.");
    provider_release(&pr);
}
END_TEST

START_TEST(a_key_has_a_length)
{
    char key[300];

    start();
    memset(key, 'k', sizeof(key));
    key[255] = '\0';
    pr.key = key;
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_done(&pr);
    key[255] = 'k';
    key[256] = '\0';
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_error(&pr, 400, KEY, "", "", "Idempotency keys have 1 to 255 characters.");
    pr.key = "";
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_error(&pr, 400, KEY, "", "", "Idempotency keys have 1 to 255 characters.");
    provider_release(&pr);
}
END_TEST

/* Of GET it means nothing, and is not looked at. */
START_TEST(reading_has_no_key)
{
    start();
    provider_ask(&pr, "GET /v1/payment_intents", NULL);
    ck_done(&pr);
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_done(&pr);
    provider_ask(&pr, "GET /v1/payment_intents", NULL);
    ck_assert_str_eq(provider_text(&pr, "data.0.status"), "succeeded");
    provider_release(&pr);
}
END_TEST

START_TEST(keys_are_forgotten)
{
    char first[64];

    provider_init(&pr);
    pr.opt.keys_ms = 0; /* at once */
    provider_start(&pr);
    pr.key = "k-1";
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    snprintf(first, sizeof(first), "%s", provider_text(&pr, "id"));
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_done(&pr);
    ck_assert(!replayed());
    ck_assert_str_ne(provider_text(&pr, "id"), first);
    provider_release(&pr);
}
END_TEST

static int keys_kept(void)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    int n;

    ck_assert_int_eq(sqlite3_open(folder_path(&pr.folder, "data/psp.db"), &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT count(*) FROM key", -1, &stmt, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    n = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return n;
}

START_TEST(old_keys_are_dropped)
{
    char key[16];

    start();
    pr.key = key;
    for (int i = 0; i < 9; i++) {
        snprintf(key, sizeof(key), "k-%d", i);
        provider_ask(&pr, PROVIDER_CREATE, VISA);
    }
    ck_assert_int_eq(keys_kept(), 9);
    provider_stop(&pr);
    pr.opt.keys_ms = 0;
    provider_start(&pr);
    snprintf(key, sizeof(key), "k-8"); /* too old, and there still */
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_done(&pr);
    ck_assert(!replayed());
    for (int i = 0; i < 9; i++) {
        snprintf(key, sizeof(key), "l-%d", i);
        provider_ask(&pr, PROVIDER_CREATE, VISA);
    }
    ck_assert_int_lt(keys_kept(), 2);
    provider_release(&pr);
}
END_TEST

/* While the first waits to be executed. */
START_TEST(a_key_in_use)
{
    struct web first;

    start();
    provider_fault(&pr, "{\"fault\": \"latency\", \"ms\": 600000, \"on\": \"create\", "
                        "\"count\": 1}");
    provider_send(&pr, &first, PROVIDER_CREATE, VISA);
    do /* it has not come yet */
        provider_ask(&pr, "GET /_psp/faults", NULL);
    while (provider_number(&pr, "faults.0.hits") == 0);
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_error(&pr, 409, KEY, "idempotency_key_in_use", "",
             "There is currently another in-progress request using this Idempotent Key (that "
             "probably means you submitted twice, and the other request is still going through): "
             "k-1. Please try again later.");
    pr.key = "k-2"; /* another one is free */
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_done(&pr);
    /* A stop is everybody's turn. */
    provider_stop(&pr);
    ck_assert(web_read(&first, false));
    ck_assert_int_eq(first.status, 200);
    web_close(&first);
    pr.key = "k-1";
    provider_start(&pr);
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_assert(replayed());
    ck_assert_int_eq(provider_sum(&pr, "captured"), 2400);
    provider_release(&pr);
}
END_TEST

SUITE("psp_key", the_stored_answer_again, it_outlives_the_process, a_decline_again,
      a_wrong_request_may_be_mended, another_request_under_the_key, a_key_has_a_length,
      reading_has_no_key, keys_are_forgotten, old_keys_are_dropped, a_key_in_use)
