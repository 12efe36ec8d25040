/* The payment service's callers against the provider's stand-in: what it takes, what it refuses,
 * and that a key is for one payment. */
#include "svc-payment/payment_options.h"
#include "svc-payment/payment_psp.h"

#include "test/lib/calls.h"
#include "test/lib/provider.h"
#include "test/lib/suite.h"

#include <evt/mem.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct provider pr;
static struct calls calls;
static struct evt_conf *conf;
static int begun;

static void start_at(const char *url)
{
    static char words[][16] = {"svc-payment", "--psp-url"};
    static char *argv[] = {words[0], words[1], NULL, NULL}; /* it is kept */
    struct evt_error err;

    begun = 0;
    argv[2] = (char *)(uintptr_t)url;
    ck_ok(evt_conf_parse(payment_options, 3, argv, &conf, &err), err);
    calls_start(&calls, payment_callers, conf);
}

static void start(void)
{
    static char url[128];

    provider_begin(&pr);
    snprintf(url, sizeof(url), "http://%s", psp_address(pr.psp));
    start_at(url);
}

static void stop(void)
{
    calls_stop(&calls);
    evt_conf_free(conf);
    provider_release(&pr);
}

/* Its end; what the handler would be told is in a static buffer. */
static const char *call(const char *name, const char *request, enum evt_call_end want)
{
    static char told[4][512];
    char *text = told[begun % 4];
    const int id = begun++;

    calls_begin(&calls, id, name, "o-1", request);
    ck_assert_uint_lt(calls_len(&calls, id), sizeof(told[0]));
    ck_assert_msg(calls.ends[id].end == want, "%s is %d: %s", name, (int)calls.ends[id].end,
                  evt_buf_text(&calls.ends[id].told));
    snprintf(text, sizeof(told[0]), "%s", evt_buf_text(&calls.ends[id].told));
    return text;
}

static const char *status_of(const char *intent)
{
    char line[300];

    snprintf(line, sizeof(line), "GET /v1/payment_intents/%s", intent);
    provider_ask(&pr, line, NULL);
    return provider_text(&pr, "status");
}

START_TEST(it_is_authorised_captured_and_refunded)
{
    const char *intent, *refund;

    start();
    intent = call("authorise", "2198 EUR tok_visa", EVT_CALL_END_OK);
    ck_assert_str_eq(status_of(intent), "requires_capture");
    ck_assert_str_eq(provider_text(&pr, "metadata.order_id"), "o-1");
    ck_assert_str_eq(provider_text(&pr, "currency"), "eur");
    ck_assert_int_eq(provider_number(&pr, "amount"), 2198);
    ck_assert_str_eq(call("capture", intent, EVT_CALL_END_OK), intent);
    ck_assert_str_eq(status_of(intent), "succeeded");
    refund = call("refund", intent, EVT_CALL_END_OK);
    ck_assert_int_eq(strncmp(refund, "re_", 3), 0);
    ck_assert_int_eq(provider_sum(&pr, "captured"), 2198);
    ck_assert_int_eq(provider_sum(&pr, "refunded"), 2198);
    stop();
}
END_TEST

START_TEST(it_is_authorised_and_voided)
{
    const char *intent;

    start();
    intent = call("authorise", "2198 EUR pm_card_visa", EVT_CALL_END_OK);
    ck_assert_str_eq(call("void", intent, EVT_CALL_END_OK), intent);
    ck_assert_str_eq(status_of(intent), "canceled");
    ck_assert_int_eq(provider_sum(&pr, "held"), 0);
    stop();
}
END_TEST

START_TEST(refusals_come_with_code_and_words)
{
    const char *intent;

    start();
    ck_assert_str_eq(call("authorise", "2198 EUR tok_chargeDeclined", EVT_CALL_END_REFUSED),
                     "card_declined Your card was declined.");
    ck_assert_str_eq(call("authorise", "900000000000 EUR tok_visa", EVT_CALL_END_REFUSED),
                     "amount_too_large The amount is larger than can be paid.");
    ck_assert_int_eq(strncmp(call("authorise", "1 EUR tok_none", EVT_CALL_END_REFUSED),
                             "resource_missing ", 17),
                     0);
    ck_assert_int_eq(strncmp(call("capture", "pi_none", EVT_CALL_END_REFUSED), "resource_missing ",
                             17),
                     0);
    intent = call("authorise", "2198 EUR tok_captureFail", EVT_CALL_END_OK);
    ck_assert_int_eq(strncmp(call("capture", intent, EVT_CALL_END_REFUSED), "card_declined ", 14),
                     0);
    intent = call("authorise", "2198 EUR tok_refundRefused", EVT_CALL_END_OK);
    call("capture", intent, EVT_CALL_END_OK);
    ck_assert_int_eq(strncmp(call("refund", intent, EVT_CALL_END_REFUSED), "balance_insufficient ",
                             21),
                     0);
    ck_assert_str_eq(call("void", intent, EVT_CALL_END_REFUSED),
                     "captured It was captured before.");
    stop();
}
END_TEST

/* By a person, or under a key that is not ours: another key, so it is not merely said again. */
START_TEST(what_was_done_before_is_ok)
{
    const char *intent;

    start();
    intent = call("authorise", "2198 EUR tok_visa", EVT_CALL_END_OK);
    call("capture", intent, EVT_CALL_END_OK);
    ck_assert_str_eq(call("capture", intent, EVT_CALL_END_OK), "done It was done already.");
    call("refund", intent, EVT_CALL_END_OK);
    ck_assert_str_eq(call("refund", intent, EVT_CALL_END_OK), "done It was done already.");
    intent = call("authorise", "2198 EUR tok_visa", EVT_CALL_END_OK);
    call("void", intent, EVT_CALL_END_OK);
    ck_assert_str_eq(call("void", intent, EVT_CALL_END_OK), "done It was done already.");
    ck_assert_int_eq(provider_sum(&pr, "captured"), 2198);
    ck_assert_int_eq(provider_sum(&pr, "refunded"), 2198);
    stop();
}
END_TEST

/* It was done, and nobody heard of it: under the same key it is not done again. */
START_TEST(a_lost_answer_is_asked_for_again)
{
    start();
    provider_fault(&pr, "{\"fault\":\"lost\",\"on\":[\"create\"],\"count\":1}");
    call("authorise", "2198 EUR tok_visa", EVT_CALL_END_UNKNOWN);
    ck_assert_int_eq(provider_sum(&pr, "authorised"), 2198);
    calls_stop(&calls);
    calls_start(&calls, payment_callers, conf);
    begun = 0; /* of which the key is made */
    call("authorise", "2198 EUR tok_visa", EVT_CALL_END_OK);
    ck_assert_int_eq(provider_sum(&pr, "authorised"), 2198);
    call("authorise", "2198 EUR tok_visa", EVT_CALL_END_OK);
    ck_assert_int_eq(provider_sum(&pr, "authorised"), 2 * 2198);
    stop();
}
END_TEST

START_TEST(what_says_nothing_is_unknown)
{
    static const char *const faults[] = {
        "{\"fault\":\"error\",\"status\":500,\"count\":1}",
        "{\"fault\":\"rate_limit\",\"count\":1,\"retry_after\":1}",
        "{\"fault\":\"down\",\"count\":1}",
    };

    start();
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
        provider_fault(&pr, faults[i]);
        call("authorise", "2198 EUR tok_visa", EVT_CALL_END_UNKNOWN);
    }
    provider_ask(&pr, "GET /_psp/ledger", NULL);
    ck_assert_int_eq(provider_number(&pr, "counts.authorised"), 0);
    stop();
}
END_TEST

/* As often as it takes: what was done is found done, under whichever key. */
static void ck_second_key(const char *fault, const char *name, const char *intent, const char *told)
{
    char request[300];
    const int first = begun;

    provider_fault(&pr, fault);
    call(name, intent, EVT_CALL_END_UNKNOWN);
    begun = first; /* the same key again */
    calls_again(&calls, first);
    ck_assert_str_eq(call(name, intent, EVT_CALL_END_REFUSED), "key_spent 2");
    snprintf(request, sizeof(request), "%s 2", intent);
    ck_assert_int_eq(strncmp(call(name, request, EVT_CALL_END_OK), told, strlen(told)), 0);
}

/* The provider failed once, and repeats that for as long as it knows the key. */
START_TEST(an_error_that_a_key_keeps_is_no_end)
{
    static const char *const faults[] = {
        "{\"fault\":\"error\",\"keep\":\"yes\",\"count\":1}",
        "{\"fault\":\"error\",\"keep\":\"yes\",\"done\":\"yes\",\"count\":1}"};

    start();
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
        const char *done = i ? "done" : NULL;
        const char *intent = call("authorise", "2198 EUR tok_visa", EVT_CALL_END_OK);
        char kept[64];

        snprintf(kept, sizeof(kept), "%s", intent);
        ck_second_key(faults[i], "capture", kept, done ? done : "pi_");
        ck_second_key(faults[i], "refund", kept, done ? done : "re_");
        snprintf(kept, sizeof(kept), "%s", call("authorise", "1 EUR tok_visa", EVT_CALL_END_OK));
        ck_second_key(faults[i], "void", kept, done ? done : "pi_");
    }
    ck_assert_int_eq(provider_sum(&pr, "captured"), 2 * 2198);
    ck_assert_int_eq(provider_sum(&pr, "refunded"), 2 * 2198);
    ck_assert_int_eq(provider_sum(&pr, "held"), 0);
    stop();
}
END_TEST

/* Whether the money is held only its books say. */
START_TEST(an_authorisation_whose_key_is_spent_is_parked)
{
    start();
    provider_fault(&pr, "{\"fault\":\"error\",\"keep\":\"yes\",\"done\":\"yes\",\"count\":1}");
    call("authorise", "2198 EUR tok_visa", EVT_CALL_END_UNKNOWN);
    calls_again(&calls, 0);
    begun = 0;
    ck_assert_str_eq(call("authorise", "2198 EUR tok_visa", EVT_CALL_END_PARKED),
                     "the provider repeats an answer that says nothing: look there what became of"
                     " it, and settle the call");
    ck_assert_int_eq(provider_sum(&pr, "held"), 2198);
    stop();
}
END_TEST

START_TEST(each_currency_is_counted_as_the_provider_does)
{
    start();
    status_of(call("authorise", "5 ISK tok_visa", EVT_CALL_END_OK));
    ck_assert_int_eq(provider_number(&pr, "amount"), 500);
    status_of(call("authorise", "50000 MGA tok_visa", EVT_CALL_END_OK));
    ck_assert_int_eq(provider_number(&pr, "amount"), 500);
    status_of(call("authorise", "1250 KWD tok_visa", EVT_CALL_END_OK));
    ck_assert_int_eq(provider_number(&pr, "amount"), 1250);
    ck_assert_str_eq(call("authorise", "1255 KWD tok_visa", EVT_CALL_END_REFUSED),
                     "amount_not_payable This amount cannot be paid in this currency.");
    stop();
}
END_TEST

START_TEST(without_a_key_nobody_is_asked)
{
    start_at("http://127.0.0.2:1");
    for (int i = 0; i < EVT_CALL_UNKNOWNS; i++) /* then it is told */
        call("authorise", "2198 EUR tok_visa", EVT_CALL_END_UNKNOWN);
    calls_expect_log(&calls, "PSP_KEY is not set");
    calls_stop(&calls);
    evt_conf_free(conf);
}
END_TEST

START_TEST(a_request_of_nobody_is_parked)
{
    start_at("http://127.0.0.1:1");
    call("authorise", "EUR", EVT_CALL_END_PARKED);
    call("capture", "../x", EVT_CALL_END_PARKED);
    calls_stop(&calls);
    evt_conf_free(conf);
}
END_TEST

START_TEST(inside_nobody_is_asked)
{
    start_at("inside");
    ck_assert_str_eq(call("authorise", "2198 EUR tok_visa", EVT_CALL_END_OK), "pi_key-0");
    ck_assert_str_eq(call("capture", "pi_key-0", EVT_CALL_END_OK), "pi_key-1");
    ck_assert_str_eq(call("refund", "pi_key-0", EVT_CALL_END_OK), "re_key-2");
    ck_assert_str_eq(call("void", "pi_key-0", EVT_CALL_END_OK), "pi_key-3");
    call("authorise", "2198 EUR tok_102", EVT_CALL_END_REFUSED);
    calls_stop(&calls);
    evt_conf_free(conf);
}
END_TEST

SUITE("payment provider", it_is_authorised_captured_and_refunded, it_is_authorised_and_voided,
      refusals_come_with_code_and_words, what_was_done_before_is_ok,
      a_lost_answer_is_asked_for_again, what_says_nothing_is_unknown,
      an_error_that_a_key_keeps_is_no_end, an_authorisation_whose_key_is_spent_is_parked,
      each_currency_is_counted_as_the_provider_does, without_a_key_nobody_is_asked,
      a_request_of_nobody_is_parked, inside_nobody_is_asked)
