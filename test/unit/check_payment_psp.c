/* Payment PSP: what is asked of the provider, what its answers mean, and the one inside. */
#include "svc-payment/payment_options.h"
#include "svc-payment/payment_psp.h"

#include "test/lib/suite.h"

#include <stdio.h>
#include <string.h>

#define AUTHORISE PAYMENT_CALL_AUTHORISE
#define CAPTURE   PAYMENT_CALL_CAPTURE
#define VOID      PAYMENT_CALL_VOID
#define REFUND    PAYMENT_CALL_REFUND

static struct evt_bytes bytes(const char *text)
{
    return (struct evt_bytes){(const uint8_t *)text, strlen(text)};
}

static void ck_asks(enum payment_call call, const char *request, const char *want_path,
                    const char *want_form)
{
    struct evt_buf path = {0}, form = {0};

    ck_assert(payment_psp_request(call, "o-1&a=\xc3\xa4", bytes(request), &path, &form));
    ck_assert_str_eq(evt_buf_text(&path), want_path);
    ck_assert_str_eq(evt_buf_text(&form), want_form);
    evt_buf_release(&path);
    evt_buf_release(&form);
}

START_TEST(each_call_has_a_path_and_a_form)
{
    ck_asks(AUTHORISE, "2198 EUR tok_visa", "/v1/payment_intents",
            "amount=2198&currency=eur&capture_method=manual&confirm=true"
            "&payment_method_types%5B%5D=card&payment_method_data%5Btype%5D=card"
            "&payment_method_data%5Bcard%5D%5Btoken%5D=tok_visa"
            "&metadata%5Border_id%5D=o-1%26a%3D%C3%A4");
    ck_asks(AUTHORISE, "1 JPY pm_card visa&x=1", "/v1/payment_intents",
            "amount=1&currency=jpy&capture_method=manual&confirm=true"
            "&payment_method_types%5B%5D=card&payment_method=pm_card%20visa%26x%3D1"
            "&metadata%5Border_id%5D=o-1%26a%3D%C3%A4");
    ck_asks(AUTHORISE, "5 ISK pm_1", "/v1/payment_intents",
            "amount=500&currency=isk&capture_method=manual&confirm=true"
            "&payment_method_types%5B%5D=card&payment_method=pm_1"
            "&metadata%5Border_id%5D=o-1%26a%3D%C3%A4");
    ck_asks(CAPTURE, "pi_1", "/v1/payment_intents/pi_1/capture", "");
    ck_asks(CAPTURE, "pi_1 2", "/v1/payment_intents/pi_1/capture", "");
    ck_asks(VOID, "pi_1", "/v1/payment_intents/pi_1/cancel", "");
    ck_asks(REFUND, "pi_1", "/v1/refunds",
            "payment_intent=pi_1&metadata%5Border_id%5D=o-1%26a%3D%C3%A4");
}
END_TEST

START_TEST(what_no_handler_writes_is_not_asked)
{
    struct evt_buf path = {0}, form = {0};

    ck_assert(!payment_psp_request(AUTHORISE, "o-1", bytes("EUR"), &path, &form));
    ck_assert(!payment_psp_request(CAPTURE, "o-1", bytes("pi_1/../2"), &path, &form));
    ck_assert(!payment_psp_request(VOID, "o-1", bytes(""), &path, &form));
    ck_assert(!payment_psp_request(REFUND, "o-1", bytes("pi 1"), &path, &form));
    evt_buf_release(&path);
    evt_buf_release(&form);
}
END_TEST

static void ck_means(int at, enum payment_call call, int status, const char *body,
                     enum evt_call_end want, const char *want_words)
{
    struct evt_buf words = {0};
    const enum evt_call_end end = payment_psp_end(call, status, body, strlen(body), &words);

    ck_assert_msg(end == want, "line %d: %d is %d and not %d", at, status, (int)end, (int)want);
    ck_assert_msg(strcmp(evt_buf_text(&words), want_words) == 0, "line %d: %s", at,
                  evt_buf_text(&words));
    evt_buf_release(&words);
}
#define IS_OK(call, status, body, words)                                                           \
    ck_means(__LINE__, call, status, body, EVT_CALL_END_OK, words)
#define IS_REFUSED(call, status, body, words)                                                      \
    ck_means(__LINE__, call, status, body, EVT_CALL_END_REFUSED, words)
#define IS_UNKNOWN(call, status, body)                                                             \
    ck_means(__LINE__, call, status, body, EVT_CALL_END_UNKNOWN, "")
#define IS_PARKED(call, status, body)                                                              \
    ck_means(__LINE__, call, status, body, EVT_CALL_END_PARKED, "")

#define INTENT(status)    "{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"status\":\"" status "\"}"
#define REFUND_IS(status) "{\"id\":\"re_1\",\"object\":\"refund\",\"status\":\"" status "\"}"
#define ERROR(type, code)                                                                          \
    "{\"error\":{\"type\":\"" type "\",\"code\":\"" code "\",\"message\":\"No.\"}}"
#define STATE_ERROR(status)                                                                        \
    "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"No.\","                          \
    "\"code\":\"payment_intent_unexpected_state\",\"payment_intent\":" INTENT(status) "}}"

START_TEST(what_was_done_is_ok)
{
    IS_OK(AUTHORISE, 200, INTENT("requires_capture"), "pi_1");
    IS_OK(AUTHORISE, 201, INTENT("requires_capture"), "pi_1");
    IS_OK(CAPTURE, 200, INTENT("succeeded"), "pi_1");
    IS_OK(VOID, 200, INTENT("canceled"), "pi_1");
    IS_OK(REFUND, 200, REFUND_IS("succeeded"), "re_1");
    IS_OK(REFUND, 200, REFUND_IS("pending"), "re_1");
}
END_TEST

START_TEST(what_was_done_but_fails_is_refused)
{
    IS_REFUSED(AUTHORISE, 200, INTENT("requires_action"),
               "authentication_required The bank wants the customer's confirmation, which this shop"
               " cannot ask for.");
    IS_REFUSED(AUTHORISE, 200, INTENT("canceled"),
               "canceled The payment was canceled at the provider's.");
    IS_REFUSED(REFUND, 200, REFUND_IS("failed"), "refund_failed The refund failed.");
    IS_REFUSED(REFUND, 200,
               "{\"id\":\"re_1\",\"object\":\"refund\",\"status\":\"canceled\","
               "\"failure_reason\":\"expired_or_canceled_card\"}",
               "expired_or_canceled_card The refund failed.");
}
END_TEST

/* The provider is still at it, or did something else than it was asked for. */
START_TEST(other_states_are_unknown)
{
    IS_UNKNOWN(AUTHORISE, 200, INTENT("processing"));
    IS_UNKNOWN(AUTHORISE, 200, INTENT("succeeded"));
    IS_UNKNOWN(CAPTURE, 200, INTENT("processing"));
    IS_UNKNOWN(CAPTURE, 200, INTENT("requires_capture"));
    IS_UNKNOWN(CAPTURE, 200, INTENT("canceled"));
    IS_UNKNOWN(VOID, 200, INTENT("succeeded"));
    IS_UNKNOWN(VOID, 200, INTENT("requires_action"));
    IS_UNKNOWN(REFUND, 200, REFUND_IS("requires_action"));
}
END_TEST

START_TEST(what_is_no_answer_of_the_provider_is_unknown)
{
    static const enum payment_call calls[] = {AUTHORISE, CAPTURE, VOID, REFUND};

    for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
        IS_UNKNOWN(calls[i], 200, "");
        IS_UNKNOWN(calls[i], 200, "<html>welcome</html>");
        IS_UNKNOWN(calls[i], 200, "{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"sta");
        IS_UNKNOWN(calls[i], 200, "[]");
        IS_UNKNOWN(calls[i], 200, "{\"status\":\"succeeded\",\"id\":\"pi_1\"}");
        IS_UNKNOWN(calls[i], 400, "");
        IS_UNKNOWN(calls[i], 400, "{\"error\":\"no\"}");
        IS_UNKNOWN(calls[i], 402, "<html>pay for the proxy</html>");
        IS_UNKNOWN(calls[i], 404, "{\"title\":\"Not Found\",\"status\":404}");
    }
    IS_UNKNOWN(AUTHORISE, 200, "{\"object\":\"payment_intent\",\"status\":\"requires_capture\"}");
    IS_UNKNOWN(AUTHORISE, 200,
               "{\"id\":\"a b\",\"object\":\"payment_intent\",\"status\":\"requires_capture\"}");
    IS_UNKNOWN(REFUND, 200, INTENT("succeeded"));
    IS_UNKNOWN(CAPTURE, 200, REFUND_IS("succeeded"));
}
END_TEST

START_TEST(a_refusal_is_definite)
{
    static const enum payment_call calls[] = {AUTHORISE, CAPTURE, VOID, REFUND};

    for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
        IS_REFUSED(calls[i], 402, ERROR("card_error", "card_declined"), "card_declined No.");
        IS_REFUSED(calls[i], 400, ERROR("invalid_request_error", "amount_too_large"),
                   "amount_too_large The amount is larger than can be paid.");
        IS_REFUSED(calls[i], 404, ERROR("invalid_request_error", "resource_missing"),
                   calls[i] == AUTHORISE
                       ? "resource_missing The payment token is not known."
                       : "resource_missing The payment provider refused the request.");
    }
    IS_REFUSED(AUTHORISE, 400, "{\"error\":{\"type\":\"invalid_request_error\"}}",
               "invalid_request_error The payment provider refused the request.");
    IS_REFUSED(CAPTURE, 400, STATE_ERROR("canceled"),
               "payment_intent_unexpected_state The payment provider refused the request.");
    IS_REFUSED(VOID, 400, STATE_ERROR("succeeded"), "captured It was captured before.");
    IS_REFUSED(VOID, 400, STATE_ERROR("processing"),
               "payment_intent_unexpected_state The payment provider refused the request.");
}
END_TEST

START_TEST(what_was_done_before_is_ok)
{
    IS_OK(CAPTURE, 400, STATE_ERROR("succeeded"), "done It was done already.");
    IS_OK(VOID, 400, STATE_ERROR("canceled"), "done It was done already.");
    IS_OK(REFUND, 400, ERROR("invalid_request_error", "charge_already_refunded"),
          "done It was done already.");
    IS_REFUSED(AUTHORISE, 400, ERROR("invalid_request_error", "charge_already_refunded"),
               "charge_already_refunded The payment provider refused the request.");
}
END_TEST

START_TEST(what_says_nothing_of_the_money_is_unknown)
{
    static const int statuses[] = {0,   100, 301, 302, 401, 403, 405, 408, 409,
                                   413, 425, 429, 500, 501, 502, 503, 504, 599};

    for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
        IS_UNKNOWN(AUTHORISE, statuses[i], ERROR("invalid_request_error", "rate_limit"));
        IS_UNKNOWN(CAPTURE, statuses[i], ERROR("card_error", "card_declined"));
        IS_UNKNOWN(REFUND, statuses[i], REFUND_IS("succeeded"));
    }
    IS_UNKNOWN(AUTHORISE, 402, ERROR("api_error", ""));
    IS_UNKNOWN(AUTHORISE, 400, ERROR("api_error", ""));
    IS_UNKNOWN(AUTHORISE, 400, ERROR("card_error", "card_declined"));
    IS_UNKNOWN(AUTHORISE, 404, ERROR("idempotency_error", ""));
}
END_TEST

/* Our bug, or two shops with one account: no repetition mends it. */
START_TEST(a_key_of_another_request_is_for_a_person)
{
    IS_PARKED(CAPTURE, 400, ERROR("idempotency_error", ""));
    IS_UNKNOWN(CAPTURE, 409, ERROR("idempotency_error", "idempotency_key_in_use"));
}
END_TEST

/* What is written for developers quotes what they sent. */
START_TEST(a_token_is_not_shown_to_customers)
{
    IS_REFUSED(AUTHORISE, 400,
               "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"resource_missing\","
               "\"message\":\"No such PaymentMethod: 'tok bad x'\"}}",
               "resource_missing The payment token is not known.");
    IS_REFUSED(CAPTURE, 400, ERROR("invalid_request_error", "charge_expired_for_capture"),
               "charge_expired_for_capture The authorisation has expired.");
    IS_REFUSED(AUTHORISE, 400, ERROR("invalid_request_error", "amount_too_small"),
               "amount_too_small The amount is smaller than can be paid.");
}
END_TEST

START_TEST(an_amount_that_there_is_not_is_not_asked_for)
{
    static const char *const none[] = {"1255 KWD tok_visa", "150 MGA tok_visa"};
    static const char *const asked[] = {"1250 KWD tok_visa", "500 MGA tok_visa", "5 ISK tok_visa",
                                        "2198 EUR tok_visa", "what no handler writes"};
    struct evt_buf path = {0}, form = {0};

    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
        const char *answer = payment_psp_unasked(AUTHORISE, bytes(none[i]));

        ck_assert_ptr_nonnull(answer);
        IS_REFUSED(AUTHORISE, 400, answer,
                   "amount_not_payable This amount cannot be paid in this currency.");
        ck_assert(!payment_psp_request(AUTHORISE, "o-1", bytes(none[i]), &path, &form));
    }
    for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++)
        ck_assert_ptr_null(payment_psp_unasked(AUTHORISE, bytes(asked[i])));
    ck_assert_ptr_null(payment_psp_unasked(CAPTURE, bytes(none[0])));
    evt_buf_release(&path);
    evt_buf_release(&form);
}
END_TEST

static void ck_spent(enum payment_call call, const char *request, enum evt_call_end want,
                     const char *want_words)
{
    struct evt_buf words = {0};

    ck_assert_int_eq(payment_psp_spent(call, bytes(request), &words), want);
    ck_assert_str_eq(evt_buf_text(&words), want_words);
    evt_buf_release(&words);
}

START_TEST(a_key_that_says_nothing_for_good_is_replaced)
{
    static const enum payment_call calls[] = {CAPTURE, VOID, REFUND};
    static const char person[] = "the provider repeats an answer that says nothing: look there what"
                                 " became of it, and settle the call";

    for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
        ck_spent(calls[i], "pi_1", EVT_CALL_END_REFUSED, "key_spent 2");
        ck_spent(calls[i], "pi_1 2", EVT_CALL_END_REFUSED, "key_spent 3");
        ck_spent(calls[i], "pi_1 3", EVT_CALL_END_PARKED, person);
    }
    ck_spent(AUTHORISE, "2198 EUR tok_visa", EVT_CALL_END_PARKED, person);
}
END_TEST

static void ck_inside(enum payment_call call, const char *request, enum evt_call_end want,
                      const char *want_words)
{
    struct evt_buf body = {0}, words = {0};
    const int status = payment_psp_inside(call, "7f-1", bytes(request), &body);

    ck_assert_int_eq(payment_psp_end(call, status, evt_buf_text(&body), body.len, &words), want);
    ck_assert_str_eq(evt_buf_text(&words), want_words);
    evt_buf_release(&body);
    evt_buf_release(&words);
}

START_TEST(the_one_inside_answers_like_the_other)
{
    ck_inside(AUTHORISE, "2198 EUR tok_visa", EVT_CALL_END_OK, "pi_7f-1");
    ck_inside(CAPTURE, "pi_7f-1", EVT_CALL_END_OK, "pi_7f-1");
    ck_inside(VOID, "pi_7f-1", EVT_CALL_END_OK, "pi_7f-1");
    ck_inside(REFUND, "pi_7f-1", EVT_CALL_END_OK, "re_7f-1");
}
END_TEST

START_TEST(the_one_inside_declines_three_of_a_hundred)
{
    static const char *const declined[] = {"tok_chargeDeclined", "tok_0", "tok_2", "tok_100",
                                           "tok_4702"};
    static const char *const taken[] = {"tok_visa", "tok_3",      "tok_103",
                                        "tok_99",   "tok_2_visa", "tok_Declined_visa"};
    char request[64];

    for (size_t i = 0; i < sizeof(declined) / sizeof(*declined); i++) {
        snprintf(request, sizeof(request), "1 EUR %s", declined[i]);
        ck_inside(AUTHORISE, request, EVT_CALL_END_REFUSED,
                  "card_declined Your card was declined.");
    }
    for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++) {
        snprintf(request, sizeof(request), "1 EUR %s", taken[i]);
        ck_inside(AUTHORISE, request, EVT_CALL_END_OK, "pi_7f-1");
    }
}
END_TEST

START_TEST(a_key_has_to_be_set_for_another_machine)
{
    static const char *const here[] = {"http://127.0.0.1:12111", "http://localhost",
                                       "http://[::1]:1/x"};
    static const char *const there[] = {"https://api.stripe.com", "http://127.0.0.1.example.org",
                                        "http://localhost.example.org", "http://10.0.0.1",
                                        "inside"};

    for (size_t i = 0; i < sizeof(here) / sizeof(*here); i++) {
        ck_assert_str_eq(payment_psp_key(here[i], NULL), "sk_test_shop");
        ck_assert_str_eq(payment_psp_key(here[i], "sk_live"), "sk_live");
    }
    for (size_t i = 0; i < sizeof(there) / sizeof(*there); i++) {
        ck_assert_ptr_null(payment_psp_key(there[i], NULL));
        ck_assert_str_eq(payment_psp_key(there[i], "sk_live"), "sk_live");
    }
}
END_TEST

SUITE("payment psp", each_call_has_a_path_and_a_form, what_no_handler_writes_is_not_asked,
      what_was_done_is_ok, what_was_done_but_fails_is_refused, other_states_are_unknown,
      what_is_no_answer_of_the_provider_is_unknown, a_refusal_is_definite,
      what_was_done_before_is_ok, what_says_nothing_of_the_money_is_unknown,
      a_key_of_another_request_is_for_a_person, a_token_is_not_shown_to_customers,
      an_amount_that_there_is_not_is_not_asked_for, a_key_that_says_nothing_for_good_is_replaced,
      the_one_inside_answers_like_the_other, the_one_inside_declines_three_of_a_hundred,
      a_key_has_to_be_set_for_another_machine)
