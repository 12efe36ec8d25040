/* Buf: what is added is there, always followed by a NUL, over every growth. */
#include <evt/buf.h>
#include <evt/mem.h>
#include <stdio.h>
#include <string.h>

#include "test/lib/mortal.h"
#include "test/lib/suite.h"

START_TEST(an_empty_buf_is_text)
{
    struct evt_buf buf = {0};

    ck_assert_str_eq(evt_buf_text(&buf), "");
    evt_buf_clear(&buf);
    ck_assert_uint_eq(buf.len, 0);
    evt_buf_release(&buf);
}
END_TEST

START_TEST(pieces_follow_each_other)
{
    struct evt_buf buf = {0};

    evt_buf_add(&buf, "\0\1", 2);
    evt_buf_add(&buf, NULL, 0);
    evt_buf_add_byte(&buf, 2);
    evt_buf_add_text(&buf, "text");
    evt_buf_printf(&buf, "%d-%s", 42, "x");
    ck_assert_uint_eq(buf.len, 11);
    ck_assert_mem_eq(buf.data, "\0\1\2text42-x", 12);
    evt_buf_release(&buf);
    ck_assert_ptr_null(buf.data);
}
END_TEST

START_TEST(a_nul_follows_at_every_length)
{
    struct evt_buf buf = {0};

    for (size_t len = 1; len < 1000; len++) {
        evt_buf_add_byte(&buf, 'x');
        ck_assert_uint_eq(strlen(evt_buf_text(&buf)), len);
    }
    evt_buf_release(&buf);
}
END_TEST

/* Lengths around every doubling, where printing first meets too little room. */
START_TEST(printing_grows_as_needed)
{
    struct evt_buf buf = {0};
    char want[1001];

    for (int len = 0; len <= 1000; len++) {
        evt_buf_release(&buf);
        snprintf(want, sizeof(want), "%*s", len, "");
        evt_buf_printf(&buf, "%*s", len, "");
        ck_assert_uint_eq(buf.len, (size_t)len);
        ck_assert_str_eq(evt_buf_text(&buf), want);
    }
    evt_buf_release(&buf);
}
END_TEST

START_TEST(the_caller_may_fill_less_than_it_asked_for)
{
    struct evt_buf buf = {0};

    memset(evt_buf_grow(&buf, 100), 'x', 100);
    buf.len += 3;
    ck_assert_str_eq(evt_buf_text(&buf), "xxx");
    evt_buf_release(&buf);
}
END_TEST

START_TEST(clear_keeps_the_memory)
{
    struct evt_buf buf = {0};
    uint8_t *data;

    evt_buf_add_text(&buf, "something");
    data = buf.data;
    evt_buf_clear(&buf);
    ck_assert_str_eq(evt_buf_text(&buf), "");
    evt_buf_add_text(&buf, "else");
    ck_assert_ptr_eq(buf.data, data);
    ck_assert_str_eq(evt_buf_text(&buf), "else");
    evt_buf_release(&buf);
}
END_TEST

START_TEST(a_failed_growth_leaves_the_buf_whole)
{
    struct evt_buf buf = {0};

    evt_buf_add_text(&buf, "kept");
    if (mortal_begin_at(0))
        evt_buf_grow(&buf, 100000);
    ck_assert_str_eq(mortal_end(), "out of memory: 131072 bytes");
    ck_assert_str_eq(evt_buf_text(&buf), "kept");
    evt_buf_release(&buf);
}
END_TEST

START_TEST(a_senseless_size_is_a_bug)
{
    struct evt_buf buf = {0};

    if (mortal_begin())
        evt_buf_grow(&buf, SIZE_MAX);
    ck_assert_ptr_nonnull(strstr(mortal_end(), "broken invariant"));
}
END_TEST

SUITE("buf", an_empty_buf_is_text, pieces_follow_each_other, a_nul_follows_at_every_length,
      printing_grows_as_needed, the_caller_may_fill_less_than_it_asked_for, clear_keeps_the_memory,
      a_failed_growth_leaves_the_buf_whole, a_senseless_size_is_a_bug)
