/* The provider's faults: what each does to a request, to which, and how often. */
#include "compose/psp/fault.h"

#include <evt/clock.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "test/lib/provider.h"
#include "test/lib/suite.h"

#define VISA "amount=1200&currency=eur&confirm=true&payment_method=pm_card_visa"
#define HELD VISA "&capture_method=manual"
#define API  "api_error"

static struct provider pr;

START_TEST(errors_by_count)
{
    provider_begin(&pr);
    pr.key = "k";
    provider_fault(&pr, "{\"fault\": \"error\", \"status\": 503, \"count\": 2}");
    for (int i = 0; i < 2; i++) {
        provider_ask(&pr, PROVIDER_CREATE, VISA);
        ck_error(&pr, 503, API, "", "", "An unknown error occurred.");
    }
    provider_ask(&pr, PROVIDER_CREATE, VISA); /* nothing was kept under the key */
    ck_done(&pr);
    ck_assert_ptr_null(web_header(&pr.web, "Idempotent-Replayed"));
    provider_ask(&pr, "GET /_psp/faults", NULL);
    ck_assert_int_eq(provider_number(&pr, "faults.0.hits"), 2);
    ck_assert_int_eq(provider_number(&pr, "faults.0.count"), 0);
    provider_release(&pr);
}
END_TEST

static void ck_kept(const char *key, int64_t captured)
{
    pr.key = key;
    for (int i = 0; i < 3; i++) {
        const char *replayed;

        provider_ask(&pr, PROVIDER_CREATE, VISA);
        ck_error(&pr, 502, API, "", "", "An unknown error occurred.");
        replayed = web_header(&pr.web, "Idempotent-Replayed");
        ck_assert_int_eq(replayed != NULL, i > 0);
    }
    if (captured)
        ck_assert_int_eq(provider_sum(&pr, "captured"), captured);
    provider_ask(&pr, "GET /_psp/ledger", NULL);
    ck_assert_int_eq(provider_number(&pr, "counts.captured"), captured ? 1 : 0);
}

/* Stripe keeps the first answer of a key, a 500 too, whether anything was done or not. */
START_TEST(errors_that_are_kept)
{
    provider_begin(&pr);
    provider_fault(&pr, "{\"fault\": \"error\", \"status\": 502, \"keep\": \"yes\", \"count\": 1}");
    ck_kept("k-1", 0);
    provider_fault(&pr, "{\"fault\": \"error\", \"status\": 502, \"keep\": \"yes\", "
                        "\"done\": \"yes\", \"count\": 1}");
    ck_kept("k-2", 1200);
    provider_stop(&pr);
    provider_start(&pr);
    pr.key = "k-1"; /* it outlives the process */
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_error(&pr, 502, API, "", "", "An unknown error occurred.");
    pr.key = "k-3"; /* another one is not held by it */
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_done(&pr);
    ck_assert_int_eq(provider_sum(&pr, "captured"), 2400);
    provider_release(&pr);
}
END_TEST

/* What was wrong before it was executed is said, and may be mended under the same key. */
START_TEST(a_wrong_request_is_not_kept)
{
    provider_begin(&pr);
    pr.key = "k";
    provider_fault(&pr, "{\"fault\": \"error\", \"keep\": \"yes\", \"done\": \"yes\", "
                        "\"count\": 1}");
    provider_ask(&pr, PROVIDER_CREATE, "amount=0&currency=eur");
    ck_assert_int_eq(pr.web.status, 400);
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_done(&pr);
    provider_release(&pr);
}
END_TEST

START_TEST(errors_by_kind)
{
    const char *id;

    provider_begin(&pr);
    provider_fault(&pr, "{\"fault\": \"error\", \"on\": [\"capture\", \"refund\"]}");
    id = provider_pay(&pr, "pm_card_visa", 100);
    provider_ask(&pr, provider_line("POST", id, "capture"), NULL);
    ck_error(&pr, 500, API, "", "", "An unknown error occurred.");
    provider_ask(&pr, "POST /v1/refunds", NULL);
    ck_error(&pr, 500, API, "", "", "An unknown error occurred.");
    provider_ask(&pr, "GET /v1/payment_intents", NULL);
    ck_assert_str_eq(provider_text(&pr, "data.0.status"), "requires_capture");
    provider_clear(&pr);
    provider_ask(&pr, provider_line("POST", id, "capture"), NULL);
    ck_done(&pr);
    provider_release(&pr);
}
END_TEST

/* Of 400 about a quarter; the same ones under the same seed. */
static void draw(uint64_t seed, char pattern[401])
{
    static const char json[] = "{\"fault\": \"error\", \"p\": 0.25}";
    struct psp_faults *faults = psp_faults_new(seed);
    json_t *parsed = json_loads(json, 0, NULL);
    struct psp_fault fault;
    struct evt_error err;
    int hits = 0;

    ck_ok(psp_fault_parse(parsed, &fault, &err), err);
    ck_ok(psp_faults_add(faults, &fault, &err), err);
    for (int i = 0; i < 400; i++) {
        const bool hit = psp_faults_plan(faults, PSP_CREATE).stop != NULL;

        pattern[i] = hit ? 'x' : '.';
        hits += hit;
    }
    pattern[400] = '\0';
    ck_assert_int_gt(hits, 60);
    ck_assert_int_lt(hits, 140);
    json_decref(parsed);
    psp_faults_free(faults);
}

START_TEST(errors_by_chance)
{
    char first[401], second[401], other[401];

    draw(7, first);
    draw(7, second);
    draw(8, other);
    ck_assert_str_eq(first, second);
    ck_assert_str_ne(first, other);
}
END_TEST

START_TEST(a_rate_limit)
{
    provider_begin(&pr);
    provider_fault(&pr, "{\"fault\": \"rate_limit\", \"retry_after\": 7, \"count\": 1}");
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_error(&pr, 429, "invalid_request_error", "rate_limit", "", "Request rate limit exceeded.");
    ck_assert_str_eq(web_header(&pr.web, "Retry-After"), "7");
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_done(&pr);
    provider_release(&pr);
}
END_TEST

START_TEST(down)
{
    provider_begin(&pr);
    provider_fault(&pr, "{\"fault\": \"down\"}");
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_error(&pr, 503, API, "", "", "The service is down.");
    provider_ask(&pr, "GET /v1/payment_intents", NULL);
    ck_error(&pr, 503, API, "", "", "The service is down.");
    provider_ask(&pr, "GET /_psp/faults", NULL); /* but we may be asked */
    ck_done(&pr);
    provider_release(&pr);
}
END_TEST

START_TEST(done_but_the_answer_is_lost)
{
    provider_begin(&pr);
    pr.key = "k";
    provider_fault(&pr, "{\"fault\": \"lost\", \"on\": \"create\", \"count\": 2}");
    provider_expect_cut(&pr, PROVIDER_CREATE, VISA);
    ck_assert_int_eq(provider_sum(&pr, "captured"), 1200);
    provider_expect_cut(&pr, PROVIDER_CREATE, VISA); /* the stored answer is lost, too */
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_done(&pr);
    ck_assert_str_eq(web_header(&pr.web, "Idempotent-Replayed"), "true");
    ck_assert_int_eq(provider_sum(&pr, "captured"), 1200);
    provider_release(&pr);
}
END_TEST

START_TEST(never_answered)
{
    provider_begin(&pr);
    pr.key = "k";
    provider_fault(&pr, "{\"fault\": \"timeout\", \"ms\": 1, \"count\": 1}");
    provider_expect_cut(&pr, PROVIDER_CREATE, VISA);
    provider_ask(&pr, PROVIDER_CREATE, VISA); /* it was not executed, and its key is free */
    ck_done(&pr);
    ck_assert_ptr_null(web_header(&pr.web, "Idempotent-Replayed"));
    ck_assert_int_eq(provider_sum(&pr, "captured"), 1200);
    provider_release(&pr);
}
END_TEST

START_TEST(never_answered_until_it_stops)
{
    struct web web;

    provider_begin(&pr);
    provider_fault(&pr, "{\"fault\": \"timeout\", \"on\": \"create\", \"count\": 1}");
    ck_assert_int_eq(provider_number(&pr, "faults.0.ms"), 300000);
    provider_send(&pr, &web, PROVIDER_CREATE, VISA);
    do
        provider_ask(&pr, "GET /_psp/faults", NULL);
    while (provider_number(&pr, "faults.0.hits") == 0);
    provider_stop(&pr);
    ck_assert(!web_read(&web, false));
    web_close(&web);
    provider_start(&pr);
    provider_ask(&pr, "GET /v1/payment_intents", NULL);
    ck_assert_ptr_null(provider_text(&pr, "data.0.id"));
    provider_release(&pr);
}
END_TEST

START_TEST(latency)
{
    int64_t begin_ms;

    provider_begin(&pr);
    provider_fault(&pr, "{\"fault\": \"latency\", \"ms\": \"30-40\", \"count\": 1}");
    ck_assert_str_eq(provider_text(&pr, "faults.0.ms"), "30-40");
    begin_ms = evt_clock_ms();
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_done(&pr);
    ck_assert_int_ge(evt_clock_ms() - begin_ms, 30);
    /* An error comes as late. */
    provider_fault(&pr, "{\"fault\": \"latency\", \"ms\": 30, \"count\": 1}");
    provider_fault(&pr, "{\"fault\": \"error\", \"count\": 1}");
    begin_ms = evt_clock_ms();
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_assert_int_eq(pr.web.status, 500);
    ck_assert_int_ge(evt_clock_ms() - begin_ms, 30);
    provider_release(&pr);
}
END_TEST

/* Whoever asked has gone by then, some of them rudely: it is done, and the key is free again. */
START_TEST(who_has_gone_meanwhile)
{
    const struct linger at_once = {.l_onoff = 1};
    char key[16];

    provider_begin(&pr);
    provider_fault(&pr, "{\"fault\": \"latency\", \"ms\": 20, \"on\": \"create\"}");
    pr.key = key;
    for (int i = 0; i < 10; i++) {
        struct web web;

        snprintf(key, sizeof(key), "k-%d", i);
        provider_send(&pr, &web, PROVIDER_CREATE, VISA);
        do
            provider_ask(&pr, "GET /_psp/faults", NULL);
        while (provider_number(&pr, "faults.0.hits") == i);
        if (i % 2)
            setsockopt(web.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        web_close(&web);
    }
    provider_clear(&pr);
    for (int i = 0; i < 10; i++) {
        snprintf(key, sizeof(key), "k-%d", i);
        do
            provider_ask(&pr, PROVIDER_CREATE, VISA);
        while (pr.web.status == 409);
        ck_done(&pr);
        ck_assert_str_eq(web_header(&pr.web, "Idempotent-Replayed"), "true");
    }
    ck_assert_int_eq(provider_sum(&pr, "captured"), 12000);
    provider_release(&pr);
}
END_TEST

/* Executed, and answered late: who asks again meanwhile gets the answer first. */
START_TEST(latency_after)
{
    struct web web;

    provider_begin(&pr);
    pr.key = "k";
    provider_fault(&pr, "{\"fault\": \"latency\", \"ms\": 600000, \"when\": \"after\", "
                        "\"on\": \"create\", \"count\": 1}");
    provider_send(&pr, &web, PROVIDER_CREATE, VISA);
    do
        provider_ask(&pr, "GET /v1/payment_intents", NULL);
    while (!provider_text(&pr, "data.0.id"));
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_done(&pr);
    ck_assert_str_eq(web_header(&pr.web, "Idempotent-Replayed"), "true");
    provider_stop(&pr);
    ck_assert(web_read(&web, false));
    ck_assert_int_eq(web.status, 200);
    web_close(&web);
    provider_release(&pr);
}
END_TEST

START_TEST(declined_by_order)
{
    provider_begin(&pr);
    pr.key = "k";
    provider_fault(&pr, "{\"fault\": \"decline\", \"code\": \"insufficient_funds\", \"count\": 1}");
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_error(&pr, 402, "card_error", "card_declined", "", "Your card has insufficient funds.");
    provider_ask(&pr, PROVIDER_CREATE, VISA); /* it was executed: the same again */
    ck_assert_int_eq(pr.web.status, 402);
    pr.key = "l";
    provider_ask(&pr, PROVIDER_CREATE, VISA);
    ck_done(&pr);
    provider_release(&pr);
}
END_TEST

START_TEST(refused_by_order)
{
    char line[128], form[128];
    const char *id;

    provider_begin(&pr);
    provider_fault(&pr, "{\"fault\": \"refuse\", \"count\": 3}");
    id = provider_pay(&pr, "pm_card_visa", 100);
    snprintf(line, sizeof(line), "POST /v1/payment_intents/%s/cancel", id);
    snprintf(form, sizeof(form), "payment_intent=%s", id);
    provider_ask(&pr, line, NULL);
    ck_error(&pr, 400, "invalid_request_error", "intent_invalid_state", "",
             "The PaymentIntent could not be canceled.");
    provider_ask(&pr, provider_line("POST", id, "capture"), NULL);
    ck_error(&pr, 402, "card_error", "card_declined", "",
             "Your card's issuer refused the capture.");
    provider_ask(&pr, "POST /v1/refunds", form); /* a refusal of its own counts for nothing */
    ck_assert_str_eq(provider_text(&pr, "error.code"), "payment_intent_unexpected_state");
    provider_fault(&pr, "{\"fault\": \"refuse\", \"on\": \"refund\", \"count\": 1}");
    provider_clear(&pr);
    provider_fault(&pr, "{\"fault\": \"refuse\", \"on\": \"refund\", \"count\": 1}");
    provider_ask(&pr, provider_line("POST", id, "capture"), NULL);
    ck_done(&pr);
    provider_ask(&pr, "POST /v1/refunds", form);
    ck_error(&pr, 400, "invalid_request_error", "balance_insufficient", "",
             "Insufficient funds in your Stripe balance to refund this amount.");
    provider_ask(&pr, "POST /v1/refunds", form);
    ck_done(&pr);
    provider_release(&pr);
}
END_TEST

START_TEST(set_from_the_start)
{
    static const char *const faults[] = {"error status=502 on=create,refund count=1",
                                         "  latency  ms=1-2 p=0.5 "};

    provider_init(&pr);
    pr.opt.faults = faults;
    pr.opt.faults_n = 2;
    provider_start(&pr);
    provider_ask(&pr, "GET /_psp/faults", NULL);
    ck_assert_str_eq(evt_buf_text(&pr.web.body),
                     "{\"faults\":[{\"fault\":\"error\",\"on\":[\"create\",\"refund\"],\"hits\":0,"
                     "\"count\":1,\"status\":502},{\"fault\":\"latency\",\"on\":[\"create\","
                     "\"capture\",\"cancel\",\"refund\",\"read\"],\"hits\":0,\"p\":0.5,"
                     "\"ms\":\"1-2\"}]}");
    provider_release(&pr);
}
END_TEST

START_TEST(as_it_is_shown_it_can_be_set)
{
    static const char *const faults[] = {
        "{\"fault\":\"latency\",\"ms\":5,\"when\":\"after\",\"on\":\"read\"}",
        "{\"fault\":\"decline\",\"code\":\"lost_card\",\"p\":0.25}",
        "{\"fault\":\"error\",\"status\":502,\"keep\":\"yes\",\"done\":\"yes\"}",
        "{\"fault\":\"rate_limit\",\"retry_after\":0}", "{\"fault\":\"down\",\"how\":\"503\"}"};

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct psp_faults *list = psp_faults_new(1);
        json_t *json = json_loads(faults[i], 0, NULL), *shown, *again;
        struct psp_fault fault;
        struct evt_error err;

        ck_ok(psp_fault_parse(json, &fault, &err), err);
        ck_ok(psp_faults_add(list, &fault, &err), err);
        shown = psp_faults_json(list);
        ck_ok(psp_fault_parse(json_array_get(json_object_get(shown, "faults"), 0), &fault, &err),
              err);
        psp_faults_clear(list);
        ck_ok(psp_faults_add(list, &fault, &err), err);
        again = psp_faults_json(list);
        ck_assert(json_equal(shown, again));
        json_decref(json);
        json_decref(shown);
        json_decref(again);
        psp_faults_free(list);
    }
}
END_TEST

START_TEST(what_is_no_fault)
{
    static const char kinds[] = "on is not a list of create, capture, cancel, refund, read";
    static const char ms[] = "ms is not 20 or 20-80, up to 600000";
    static const char chance[] = "p is not a chance above 0, up to 1";
    static const char codes[] =
        "code is none of generic_decline, insufficient_funds, lost_card, stolen_card, "
        "card_velocity_exceeded, do_not_honor, expired_card, incorrect_cvc, processing_error";
    static const struct {
        const char *json, *words;
    } wrong[] = {
        {"{}", "fault is not latency, error, timeout, lost, decline, refuse, rate_limit or down"},
        {"{\"fault\": \"lat\"}",
         "fault is not latency, error, timeout, lost, decline, refuse, rate_limit or down"},
        {"{\"fault\": \"error\", \"ms\": 1}", "error has no ms"},
        {"{\"fault\": \"latency\", \"m\": 1}", "latency has no m"},
        {"{\"fault\": \"error\", \"on\": \"captur\"}", kinds},
        {"{\"fault\": \"error\", \"on\": []}", kinds},
        {"{\"fault\": \"error\", \"on\": [\"refund\", 1]}", kinds},
        {"{\"fault\": \"error\", \"on\": \"refund,\"}", kinds},
        {"{\"fault\": \"decline\", \"on\": \"capture\"}", "decline is for create only"},
        {"{\"fault\": \"refuse\", \"on\": \"create\"}",
         "refuse is for capture, cancel and refund only"},
        {"{\"fault\": \"error\", \"count\": 0}", "count is not a number from 1 to 1000000000"},
        {"{\"fault\": \"error\", \"count\": \"1\"}", "count is not a number from 1 to 1000000000"},
        {"{\"fault\": \"error\", \"status\": 404}", "status is not a number from 500 to 599"},
        {"{\"fault\": \"rate_limit\", \"retry_after\": -1}",
         "retry_after is not a number from 0 to 3600"},
        {"{\"fault\": \"error\", \"p\": 0}", chance},
        {"{\"fault\": \"error\", \"p\": 1.1}", chance},
        {"{\"fault\": \"error\", \"p\": \"often\"}", chance},
        {"{\"fault\": \"latency\", \"ms\": \"80-20\"}", ms},
        {"{\"fault\": \"latency\", \"ms\": \"20\"}", ms},
        {"{\"fault\": \"latency\", \"ms\": \"20-80x\"}", ms},
        {"{\"fault\": \"latency\", \"ms\": -1}", ms},
        {"{\"fault\": \"latency\", \"ms\": 600001}", ms},
        {"{\"fault\": \"latency\", \"ms\": true}", ms},
        {"{\"fault\": \"latency\"}", "latency has no ms: say how long, as ms=20-80"},
        {"{\"fault\": \"latency\", \"ms\": 1, \"when\": \"now\"}", "when is not before or after"},
        {"{\"fault\": \"down\", \"how\": \"504\"}", "how is not 503 or refuse"},
        {"{\"fault\": \"down\", \"ms\": 1}",
         "down takes ms together with how=refuse: how long nobody listens"},
        {"{\"fault\": \"down\", \"how\": \"refuse\"}",
         "down takes ms together with how=refuse: how long nobody listens"},
        {"{\"fault\": \"down\", \"how\": \"refuse\", \"ms\": 1, \"p\": 0.5}",
         "down with how=refuse is for all, once: it takes ms only"},
        {"{\"fault\": \"error\", \"keep\": \"maybe\"}", "keep is not no or yes"},
        {"{\"fault\": \"error\", \"keep\": \"yes\", \"done\": 1}", "done is not no or yes"},
        {"{\"fault\": \"error\", \"done\": \"yes\"}",
         "error takes done together with keep=yes; what is done and not said is lost"},
        {"{\"fault\": \"lost\", \"keep\": \"yes\"}", "lost has no keep"},
        {"{\"fault\": \"decline\", \"code\": \"no\"}", codes},
        {"{\"fault\": \"decline\", \"code\": 1}", codes},
        {"{\"fault\": \"down\", \"how\": \"refuse\", \"ms\": 1}",
         "how=refuse is a program's own: nobody would listen again"},
    };

    provider_begin(&pr);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        provider_ask_raw(&pr, "POST /_psp/faults", JSON_TYPE, wrong[i].json);
        ck_problem(&pr.web, 400, wrong[i].words);
    }
    provider_release(&pr);
}
END_TEST

START_TEST(so_many_and_no_more)
{
    char fault[64];

    provider_begin(&pr);
    for (int i = 0; i < PSP_FAULTS_MAX; i++)
        provider_fault(&pr, i ? "{\"fault\": \"lost\", \"on\": \"capture\"}"
                              : "{\"fault\": \"error\", \"count\": 1}");
    snprintf(fault, sizeof(fault), "{\"fault\": \"down\"}");
    provider_ask_raw(&pr, "POST /_psp/faults", JSON_TYPE, fault);
    ck_problem(&pr.web, 409, "32 faults are set, which is all that there may be: clear them first");
    provider_ask(&pr, PROVIDER_CREATE, HELD);
    ck_assert_int_eq(pr.web.status, 500);
    provider_fault(&pr, fault); /* one is used up */
    provider_release(&pr);
}
END_TEST

static void refuse_words(const char *const *words, size_t n, const char *want)
{
    struct evt_error err;

    ck_assert_ptr_null(psp_fault_words(words, n, &err));
    ck_assert_str_eq(err.text, want);
}

START_TEST(words_are_names_and_values)
{
    static const char *const good[] = {"latency", "ms=20", "when=after", "p=0.5", "on=read"};
    static const char *const bad[] = {"latency", "ms"};
    static const char *const no_text[] = {"\xff"};
    static const char *const no_value[] = {"latency", "ms=\xff"};
    struct evt_error err;
    json_t *json = psp_fault_words(good, 5, &err);
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);

    ck_assert_str_eq(text, "{\"fault\":\"latency\",\"ms\":20,\"on\":\"read\",\"p\":0.5,"
                           "\"when\":\"after\"}");
    free(text);
    json_decref(json);
    refuse_words(bad, 2, "wrong use: 'ms' is not NAME=VALUE");
    refuse_words(no_text, 1, "wrong use: the fault's name is not UTF-8 text");
    refuse_words(no_value, 2, "wrong use: 'ms=\xff' is not NAME=VALUE");
}
END_TEST

SUITE("psp_fault", errors_by_count, errors_that_are_kept, a_wrong_request_is_not_kept,
      errors_by_kind, errors_by_chance, a_rate_limit, down, done_but_the_answer_is_lost,
      never_answered, never_answered_until_it_stops, latency, who_has_gone_meanwhile, latency_after,
      declined_by_order, refused_by_order, set_from_the_start, as_it_is_shown_it_can_be_set,
      what_is_no_fault, so_many_and_no_more, words_are_names_and_values)
