/* Payment call: what goes to the provider and what comes back, as words in the log. */
#include "svc-payment/payment_call.h"

#include "test/lib/suite.h"

#include <stdio.h>
#include <string.h>

static struct evt_bytes bytes(const char *text)
{
    return (struct evt_bytes){(const uint8_t *)text, strlen(text)};
}

START_TEST(states_and_calls_have_words)
{
    enum payment_state state;

    for (int i = PAYMENT_NONE; i < PAYMENT_STATES_N; i++) {
        ck_assert(payment_state_parse(payment_state_str((enum payment_state)i), &state));
        ck_assert_int_eq(state, i);
    }
    ck_assert(!payment_state_parse("Captured", &state));
    ck_assert_str_eq(payment_call_str(PAYMENT_CALL_AUTHORISE), "authorise");
    ck_assert_str_eq(payment_call_str(PAYMENT_CALL_CAPTURE), "capture");
    ck_assert_str_eq(payment_call_str(PAYMENT_CALL_VOID), "void");
    ck_assert_str_eq(payment_call_str(PAYMENT_CALL_REFUND), "refund");
}
END_TEST

START_TEST(an_order_has_an_id)
{
    char id[PAYMENT_ORDER_ID_MAX + 2];
    struct evt_error err;

    memset(id, 'o', sizeof(id));
    id[PAYMENT_ORDER_ID_MAX + 1] = '\0';
    ck_refused(payment_order_id_check(id, &err), err, EVT_E_INVARIANT,
               "the message breaks an invariant: the order id is not 1 to 64 bytes");
    ck_refused(payment_order_id_check("", &err), err, EVT_E_INVARIANT,
               "the message breaks an invariant: the order id is not 1 to 64 bytes");
    ck_ok(payment_order_id_check(id + 1, &err), err);
}
END_TEST

START_TEST(an_order_comes_back_as_it_was)
{
    char token[PAYMENT_TOKEN_MAX + 1];
    struct payment_order order;
    struct evt_buf buf = {0};

    memset(token, ' ', sizeof(token));
    token[PAYMENT_TOKEN_MAX] = '\0';
    payment_order_print(&buf, 2198, "EUR", "tok_visa");
    ck_assert_str_eq(evt_buf_text(&buf), "2198 EUR tok_visa");
    evt_buf_clear(&buf);
    payment_order_print(&buf, PAYMENT_AMOUNT_MAX, "JPY", token);
    ck_assert(payment_order_parse((struct evt_bytes){buf.data, buf.len}, &order));
    ck_assert_int_eq(order.amount_minor, PAYMENT_AMOUNT_MAX);
    ck_assert_str_eq(order.currency, "JPY");
    ck_assert_str_eq(order.token, token);
    evt_buf_release(&buf);
}
END_TEST

START_TEST(what_is_no_order_is_refused)
{
    static const char *const wrong[] = {
        "",
        "2198",
        "2198 EUR",
        "2198 EUR ",
        "2198 EURtok_visa",
        "2198EUR tok_visa",
        " EUR",
        "x EUR t",
        "0 EUR t",
        "-1 EUR t",
        "99999999999999999999 EUR t",
    };
    char longest[300];
    struct payment_order order;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        ck_assert_msg(!payment_order_parse(bytes(wrong[i]), &order), "%s", wrong[i]);
    memset(longest, 't', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    memcpy(longest, "1 EUR ", 6);
    ck_assert(!payment_order_parse(bytes(longest), &order));
}
END_TEST

START_TEST(an_intent_may_stand_in_a_path)
{
    static const char *const wrong[] = {"",          "pi 1",  "pi/1",   "pi_1?",   "pi.1",
                                        "p\xc3\xa4", "pi_1 ", "pi_1 x", "pi_1 12", " 2"};
    char longest[PAYMENT_INTENT_MAX + 2], intent[PAYMENT_INTENT_MAX + 1];
    int keys;

    ck_assert(payment_intent_parse(bytes("pi_3Nx-Y"), intent, &keys));
    ck_assert_str_eq(intent, "pi_3Nx-Y");
    ck_assert_int_eq(keys, 1);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        ck_assert_msg(!payment_intent_parse(bytes(wrong[i]), intent, &keys), "%s", wrong[i]);
    memset(longest, 'p', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    ck_assert(!payment_intent_parse(bytes(longest), intent, &keys));
    ck_assert(payment_intent_parse(bytes(longest + 1), intent, &keys));
}
END_TEST

START_TEST(an_intent_may_say_which_key)
{
    char intent[PAYMENT_INTENT_MAX + 1];
    struct evt_buf buf = {0};
    int keys;

    payment_intent_print(&buf, "pi_1", 1);
    ck_assert_str_eq(evt_buf_text(&buf), "pi_1");
    evt_buf_clear(&buf);
    payment_intent_print(&buf, "pi_1", 3);
    ck_assert_str_eq(evt_buf_text(&buf), "pi_1 3");
    ck_assert(payment_intent_parse((struct evt_bytes){buf.data, buf.len}, intent, &keys));
    ck_assert_str_eq(intent, "pi_1");
    ck_assert_int_eq(keys, 3);
    evt_buf_release(&buf);
}
END_TEST

static struct payment_end end_of(enum evt_call_end how, const char *response, size_t len)
{
    const struct evt_call_result result = {.end = how,
                                           .response = {(const uint8_t *)response, len}};
    struct payment_end end;

    payment_end_read(&result, &end);
    return end;
}

static void ck_end(const char *response, size_t len, const char *code, const char *reason)
{
    const struct payment_end end = end_of(EVT_CALL_END_REFUSED, response, len);

    ck_assert(!end.ok);
    ck_assert_str_eq(end.code, code);
    ck_assert_str_eq(end.reason, reason);
}
#define CK_END(response, code, reason) ck_end(response, sizeof(response) - 1, code, reason)

START_TEST(an_end_is_a_code_and_a_reason)
{
    CK_END("card_declined Your card was declined.", "card_declined", "Your card was declined.");
    CK_END("card_declined", "card_declined", "");
    CK_END("", "unknown", "");
    CK_END(" no code", "unknown", "no code");
    CK_END("a\0b c\nd\x7f", "ab", "cd");
    CK_END("a\xff \xc3\xa4\xc3", "a", "\xc3\xa4");
    ck_end(NULL, 0, "unknown", "");
    ck_assert(end_of(EVT_CALL_END_OK, "pi_1", 4).ok);
    ck_assert_str_eq(end_of(EVT_CALL_END_OK, "pi_1 words", 10).code, "pi_1");
    ck_assert_str_eq(end_of(EVT_CALL_END_OK, "", 0).code, "");
}
END_TEST

static void fill(char *at, char *end) /* with letters of two bytes each */
{
    for (; at + 1 < end; at += 2) {
        at[0] = '\xc3';
        at[1] = '\xa4';
    }
}

/* Cut between characters, not within one. */
START_TEST(a_long_end_is_cut)
{
    char response[1000];
    struct payment_end end;

    memset(response, 'c', sizeof(response));
    response[500] = ' ';
    fill(response + 501, response + sizeof(response));
    end = end_of(EVT_CALL_END_REFUSED, response, sizeof(response));
    ck_assert_uint_eq(strlen(end.code), PAYMENT_INTENT_MAX);
    ck_assert_uint_eq(strlen(end.reason), PAYMENT_REASON_MAX);
    response[501] = 'x';
    fill(response + 502, response + sizeof(response));
    end = end_of(EVT_CALL_END_REFUSED, response, sizeof(response));
    ck_assert_uint_eq(strlen(end.reason), PAYMENT_REASON_MAX - 1);
}
END_TEST

START_TEST(an_end_is_printed_as_it_is_read)
{
    struct evt_buf buf = {0};

    payment_end_print(&buf, "card_declined", "Your card was declined.");
    ck_assert_str_eq(evt_buf_text(&buf), "card_declined Your card was declined.");
    evt_buf_clear(&buf);
    payment_end_print(&buf, "pi_1", "");
    ck_assert_str_eq(evt_buf_text(&buf), "pi_1");
    evt_buf_release(&buf);
}
END_TEST

SUITE("payment call", states_and_calls_have_words, an_order_has_an_id,
      an_order_comes_back_as_it_was, what_is_no_order_is_refused, an_intent_may_stand_in_a_path,
      an_intent_may_say_which_key, an_end_is_a_code_and_a_reason, a_long_end_is_cut,
      an_end_is_printed_as_it_is_read)
