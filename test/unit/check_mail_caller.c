/* Mail caller: which way a mail goes, what came of it, and what comes back from the log. */
#include "svc-notify/mail_call.h"
#include "svc-notify/mail_caller.h"

#include "test/lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void ck_answer(int at, const struct evt_call_answer *answer, int attempt,
                      enum evt_call_end want, const char *want_told)
{
    struct evt_buf told = {0};
    const enum evt_call_end end = mail_attempt_end(answer, attempt, &told);

    ck_assert_msg(end == want, "line %d: %d is %d and not %d", at, answer->status, (int)end,
                  (int)want);
    ck_assert_msg(strcmp(evt_buf_text(&told), want_told) == 0, "line %d: %s", at,
                  evt_buf_text(&told));
    evt_buf_release(&told);
}

static void ck_end(int at, int status, int attempt, enum evt_call_end want, const char *want_told)
{
    ck_answer(at,
              &(const struct evt_call_answer){
                  .status = status, .reason = "words", .body = "words", .body_len = 5},
              attempt, want, want_told);
}

/* What it says at the command for `refused`; else to the mail itself. */
static void ck_command(int at, enum evt_call_refused refused, const char *body, bool deferred)
{
    char told[128];

    snprintf(told, sizeof(told), "%s%s", deferred ? "deferred " : "", body);
    ck_answer(at,
              &(const struct evt_call_answer){.status = (int)strtol(body, NULL, 10),
                                              .reason = "",
                                              .body = body,
                                              .body_len = strlen(body),
                                              .refused = refused},
              1, EVT_CALL_END_REFUSED, told);
}
#define DEFERS(command, body)       ck_command(__LINE__, EVT_CALL_REFUSED_##command, body, true)
#define GIVES_UP(command, body)     ck_command(__LINE__, EVT_CALL_REFUSED_##command, body, false)
#define IS_OK(status, attempt)      ck_end(__LINE__, status, attempt, EVT_CALL_END_OK, "")
#define IS_UNKNOWN(status, attempt) ck_end(__LINE__, status, attempt, EVT_CALL_END_UNKNOWN, "")
#define IS_REFUSED(status, attempt) ck_end(__LINE__, status, attempt, EVT_CALL_END_REFUSED, "words")
#define IS_DEFERRED(status, attempt)                                                               \
    ck_end(__LINE__, status, attempt, EVT_CALL_END_REFUSED, "deferred words")

START_TEST(what_was_taken_is_ok)
{
    IS_OK(250, 1);
    IS_OK(251, 9);
}
END_TEST

START_TEST(what_is_refused_for_good_is_refused)
{
    IS_REFUSED(550, 1);
    IS_REFUSED(500, 9);
    IS_REFUSED(554, 1);
}
END_TEST

START_TEST(not_now_is_deferred)
{
    IS_DEFERRED(421, 1);
    IS_DEFERRED(451, 9);
}
END_TEST

/* Who we are to the server is no matter of the mail's. */
START_TEST(a_wrong_password_defers)
{
    IS_DEFERRED(530, 1);
    IS_DEFERRED(534, 1);
    IS_DEFERRED(535, 1);
    IS_DEFERRED(538, 1);
}
END_TEST

/* A wrong sender, or a server that relays for nobody like us: all mails would be given up. */
START_TEST(what_is_about_us_defers)
{
    DEFERS(SENDER, "550 5.1.8 Sender address rejected: Domain not found");
    DEFERS(SENDER, "553 sorry, your domain is not in my list");
    DEFERS(RECIPIENT, "554 Relay access denied");
    DEFERS(RECIPIENT, "554 5.7.1 <ada@example.org>: Relay access denied");
    DEFERS(RECIPIENT, "550-5.7.1 Our system has detected\n550 5.7.1 an odd rate");
}
END_TEST

START_TEST(what_is_about_the_customer_or_the_mail_does_not)
{
    GIVES_UP(RECIPIENT, "550 5.1.1 No such user");
    GIVES_UP(RECIPIENT, "554 5.1.1 No such user");
    GIVES_UP(RECIPIENT, "550 No such user");
    GIVES_UP(RECIPIENT, "554-5.2.1 off\n554 5.2.1 since long");
    GIVES_UP(MAIL, "554 5.7.1 Spam");
    GIVES_UP(MAIL, "554 no");
}
END_TEST

/* A server that restarts is back soon; one that is gone is not knocked at every minute. */
START_TEST(what_is_not_known_is_tried_soon_and_then_deferred)
{
    for (int attempt = 1; attempt < 5; attempt++) {
        IS_UNKNOWN(0, attempt);
        IS_UNKNOWN(354, attempt);
        IS_UNKNOWN(600, attempt);
    }
    IS_DEFERRED(0, 5);
    IS_DEFERRED(354, 5);
    IS_DEFERRED(600, 50);
}
END_TEST

static enum evt_err parse(const char *text, struct evt_error *err)
{
    struct evt_arena arena = {0};
    struct notify_send_mail msg;
    int64_t accepted_ms;
    const enum evt_err rc =
        mail_request_parse((struct evt_bytes){(const uint8_t *)text, strlen(text)}, &arena,
                           &accepted_ms, &msg, err);

    evt_arena_release(&arena);
    return rc;
}

START_TEST(a_request_comes_back_as_it_was)
{
    struct notify_mail_line line = {"tea", 2, 499};
    const struct notify_send_mail msg = {
        .recipient = "u-1",
        .order_id = "o-1",
        .kind = NOTIFY_MAIL_KIND_ORDER_REFUNDED,
        .email = "ada@example.org",
        .name = "\xc3\x84"
                "da \"the\"",
        .lines = &line,
        .lines_n = 1,
        .total_minor = 998,
        .currency = "EUR",
        .reason = "",
    };
    struct evt_buf content = {0}, request = {0}, again = {0};
    struct evt_arena arena = {0};
    struct notify_send_mail back;
    struct evt_error err;
    int64_t accepted_ms;

    notify_send_mail_print(&msg, &content);
    mail_request_print(&request, 17, evt_buf_text(&content));
    ck_ok(mail_request_parse((struct evt_bytes){request.data, request.len}, &arena, &accepted_ms,
                             &back, &err),
          err);
    ck_assert_int_eq(accepted_ms, 17);
    notify_send_mail_print(&back, &again);
    ck_assert_str_eq(evt_buf_text(&again), evt_buf_text(&content));
    evt_arena_release(&arena);
    evt_buf_release(&content);
    evt_buf_release(&request);
    evt_buf_release(&again);
}
END_TEST

START_TEST(what_no_handler_writes_is_refused)
{
    struct evt_error err;

    ck_refused(parse("", &err), err, EVT_E_INVARIANT,
               "the message breaks an invariant: the request is none that a handler writes");
    ck_refused(parse("17{}", &err), err, EVT_E_INVARIANT,
               "the message breaks an invariant: the request is none that a handler writes");
    ck_assert_int_eq(parse("17 {\"order_id\": 1}", &err), EVT_E_JSON);
}
END_TEST

START_TEST(a_mail_has_a_ref)
{
    char ref[MAIL_REF_SIZE];
    enum notify_mail_kind kind;

    mail_ref_print(ref, NOTIFY_MAIL_KIND_ORDER_REJECTED, "an order");
    ck_assert_str_eq(ref, "ORDER_REJECTED an order");
    ck_assert_str_eq(mail_ref_parse(ref, &kind), "an order");
    ck_assert_int_eq(kind, NOTIFY_MAIL_KIND_ORDER_REJECTED);
    ck_assert(!mail_kind_parse("ORDER", 5, &kind));
}
END_TEST

START_TEST(states_have_words)
{
    enum mail_state state;

    for (int i = MAIL_NONE; i < MAIL_STATES_N; i++) {
        ck_assert(mail_state_parse(mail_state_str((enum mail_state)i), &state));
        ck_assert_int_eq(state, i);
    }
    ck_assert(!mail_state_parse("Sent", &state));
}
END_TEST

SUITE("mail caller", what_was_taken_is_ok, what_is_refused_for_good_is_refused, not_now_is_deferred,
      a_wrong_password_defers, what_is_about_us_defers,
      what_is_about_the_customer_or_the_mail_does_not,
      what_is_not_known_is_tried_soon_and_then_deferred, a_request_comes_back_as_it_was,
      what_no_handler_writes_is_refused, a_mail_has_a_ref, states_have_words)
