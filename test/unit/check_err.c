/* Errors: each code has its own text and a class, and words never overflow or tear a character. */
#include <evt/err.h>
#include <evt/utf8.h>
#include <string.h>

#include "test/lib/suite.h"

START_TEST(every_code_has_its_own_text)
{
    for (int code = 0; code < EVT_ERR_COUNT; code++) {
        ck_assert_uint_gt(strlen(evt_err_str((enum evt_err)code)), 0);
        for (int other = 0; other < code; other++) {
            ck_assert_str_ne(evt_err_str((enum evt_err)code), evt_err_str((enum evt_err)other));
            ck_assert_str_ne(evt_err_name((enum evt_err)code), evt_err_name((enum evt_err)other));
        }
    }
    ck_assert_str_eq(evt_err_str(EVT_E_DISK_FULL), "the disk is full");
    ck_assert_str_eq(evt_err_name(EVT_E_DISK_FULL), "DISK_FULL");
}
END_TEST

START_TEST(every_code_has_a_class)
{
    ck_assert_str_eq(evt_class_str(evt_err_class(EVT_OK)), "none");
    ck_assert_str_eq(evt_class_str(evt_err_class(EVT_E_BUSY)), "retry");
    ck_assert_str_eq(evt_class_str(evt_err_class(EVT_E_KEY_SIZE)), "reject");
    ck_assert_str_eq(evt_class_str(evt_err_class(EVT_E_STORE_CORRUPT)), "fatal");
    for (int code = 1; code < EVT_ERR_COUNT; code++)
        ck_assert_int_ne(evt_err_class((enum evt_err)code), EVT_CLASS_NONE);
}
END_TEST

/* Memory, a full disk and the disk's errors are nobody's message's fault. */
START_TEST(the_machine_is_never_a_reject)
{
    ck_assert_int_eq(evt_err_class(EVT_E_NOMEM), EVT_CLASS_RETRY);
    ck_assert_int_eq(evt_err_class(EVT_E_DISK_FULL), EVT_CLASS_RETRY);
    ck_assert_int_eq(evt_err_class(EVT_E_IO), EVT_CLASS_RETRY);
}
END_TEST

START_TEST(an_unknown_code_is_fatal)
{
    ck_assert_str_eq(evt_err_str(EVT_ERR_COUNT), "unknown error");
    ck_assert_str_eq(evt_err_name(EVT_ERR_COUNT), "UNKNOWN");
    ck_assert_int_eq(evt_err_class(EVT_ERR_COUNT), EVT_CLASS_FATAL);
    ck_assert_str_eq(evt_class_str((enum evt_class)9), "unknown");
}
END_TEST

START_TEST(fail_writes_the_text_and_the_words)
{
    struct evt_error err;

    ck_assert_int_eq(evt_fail(&err, EVT_E_HEADER_MISSING, "%s", "ce_id"), EVT_E_HEADER_MISSING);
    ck_assert_int_eq(err.code, EVT_E_HEADER_MISSING);
    ck_assert_str_eq(err.text, "a required header is missing: ce_id");
    ck_assert_int_eq(evt_fail(&err, EVT_E_BUSY, NULL), EVT_E_BUSY);
    ck_assert_str_eq(err.text, "the store is busy");
    ck_assert_int_eq(evt_fail(NULL, EVT_E_BUSY, "not %d kept", 1), EVT_E_BUSY);
}
END_TEST

START_TEST(wrap_puts_words_before)
{
    struct evt_error err;

    (void)evt_fail(&err, EVT_E_BUSY, NULL);
    ck_assert_int_eq(evt_wrap(&err, EVT_E_BUSY, "reserve %s", "stock"), EVT_E_BUSY);
    ck_assert_int_eq(evt_wrap(&err, EVT_E_IO, "place order"), EVT_E_IO);
    ck_assert_int_eq(err.code, EVT_E_IO);
    ck_assert_str_eq(err.text, "place order: reserve stock: the store is busy");
    ck_assert_int_eq(evt_wrap(NULL, EVT_E_IO, "nowhere"), EVT_E_IO);
}
END_TEST

START_TEST(the_words_may_be_the_error_itself)
{
    struct evt_error err;

    (void)evt_fail(&err, EVT_E_BUSY, NULL);
    (void)evt_fail(&err, EVT_E_AWAY, "%s", err.text);
    ck_assert_str_eq(err.text, "Kafka does not do it now: the store is busy");
    (void)evt_fail(&err, EVT_E_BUSY, NULL);
    (void)evt_wrap(&err, EVT_E_BUSY, "%s", err.text);
    ck_assert_str_eq(err.text, "the store is busy: the store is busy");
}
END_TEST

/* Every length of words around the limit: the text ends in time, and is cut between characters. */
START_TEST(words_are_cut_between_characters)
{
    struct {
        struct evt_error err;
        char after[8];
    } guarded;
    char words[400];

    memset(guarded.after, '#', sizeof(guarded.after));
    for (size_t pad = 0; pad < 260; pad++) {
        memset(words, 'x', pad);
        memcpy(words + pad, "€€€€€€", sizeof("€€€€€€"));
        (void)evt_fail(&guarded.err, EVT_E_IO, "%s", words);
        ck_assert_uint_lt(strlen(guarded.err.text), sizeof(guarded.err.text));
        ck_assert(evt_utf8_valid(guarded.err.text, strlen(guarded.err.text)));
        (void)evt_wrap(&guarded.err, EVT_E_IO, "%s", words);
        ck_assert_uint_lt(strlen(guarded.err.text), sizeof(guarded.err.text));
        ck_assert(evt_utf8_valid(guarded.err.text, strlen(guarded.err.text)));
        ck_assert_mem_eq(guarded.after, "########", sizeof(guarded.after));
    }
    ck_assert_uint_ge(strlen(guarded.err.text), sizeof(guarded.err.text) - 3);
}
END_TEST

SUITE("err", every_code_has_its_own_text, every_code_has_a_class, the_machine_is_never_a_reject,
      an_unknown_code_is_fatal, fail_writes_the_text_and_the_words, wrap_puts_words_before,
      the_words_may_be_the_error_itself, words_are_cut_between_characters)
