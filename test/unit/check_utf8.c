/* UTF-8: the borders of every well-formed range, at every place of the eight-byte stride. */
#include <evt/utf8.h>
#include <stdint.h>
#include <string.h>

#include "test/lib/suite.h"

static const char *const good[] = {
    "a",
    "\x7f",
    "\xc2\x80",
    "\xdf\xbf",
    "\xe0\xa0\x80",
    "€",
    "\xed\x9f\xbf",
    "\xee\x80\x80",
    "\xef\xbf\xbf",
    "\xf0\x90\x80\x80",
    "\xf0\x9f\x98\x80",
    "\xf4\x8f\xbf\xbf",
    "äöü straße €",
    "日本語のテキスト",
};

static const char *const bad[] = {
    "\x80",             /* a continuation alone */
    "\xbf",             /* the last of them */
    "\xc0\x80",         /* overlong NUL */
    "\xc1\xbf",         /* overlong */
    "\xc2",             /* cut */
    "\xc2\x41",         /* no continuation */
    "\xc2\xc0",         /* no continuation */
    "\xe0\x80\x80",     /* overlong */
    "\xe0\x9f\xbf",     /* overlong */
    "\xe2\x82",         /* cut */
    "\xe2\x82\x41",     /* no continuation */
    "\xed\xa0\x80",     /* surrogate */
    "\xed\xbf\xbf",     /* surrogate */
    "\xf0\x80\x80\x80", /* overlong */
    "\xf0\x8f\xbf\xbf", /* overlong */
    "\xf0\x9f\x98",     /* cut */
    "\xf0\x9f\x98\x41", /* no continuation */
    "\xf4\x90\x80\x80", /* beyond U+10FFFF */
    "\xf5\x80\x80\x80", /* beyond U+10FFFF */
    "\xff",             /* never */
};

#define PLACES 20

START_TEST(well_formed_text_is_valid_anywhere)
{
    char text[128];

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        for (size_t place = 0; place < PLACES; place++) {
            size_t len = strlen(good[i]);
            memset(text, 'x', sizeof(text));
            memcpy(text + place, good[i], len);
            ck_assert_msg(evt_utf8_valid(text, place + len), "%zu at the end, at %zu", i, place);
            ck_assert_msg(evt_utf8_valid(text, place + len + 9), "%zu inside, at %zu", i, place);
        }
}
END_TEST

START_TEST(anything_else_is_refused_anywhere)
{
    char text[128];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        for (size_t place = 0; place < PLACES; place++) {
            size_t len = strlen(bad[i]);
            memset(text, 'x', sizeof(text));
            memcpy(text + place, bad[i], len);
            ck_assert_msg(!evt_utf8_valid(text, place + len), "%zu at the end, at %zu", i, place);
            ck_assert_msg(!evt_utf8_valid(text, place + len + 9), "%zu inside, at %zu", i, place);
        }
}
END_TEST

START_TEST(empty_is_valid_and_nul_is_a_character)
{
    ck_assert(evt_utf8_valid("", 0));
    ck_assert(evt_utf8_valid(NULL, 0));
    ck_assert(evt_utf8_valid("a\0b", 3));
}
END_TEST

/* Every pair of bytes against the rule itself, written down another way. */
START_TEST(two_bytes_by_the_rule)
{
    for (unsigned a = 0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++) {
            uint8_t bytes[2] = {(uint8_t)a, (uint8_t)b};
            bool want = (a < 0x80 && b < 0x80) || (a >= 0xc2 && a <= 0xdf && b >> 6 == 2);
            ck_assert_int_eq(evt_utf8_valid(bytes, 2), want);
        }
}
END_TEST

START_TEST(a_step_is_one_character)
{
    for (size_t i = 0; i < 10; i++) /* those of one character */
        ck_assert_uint_eq(evt_utf8_step(good[i], strlen(good[i])), strlen(good[i]));
    ck_assert_uint_eq(evt_utf8_step("€uro", 6), 3);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_uint_eq(evt_utf8_step(bad[i], strlen(bad[i])), 0);
    ck_assert_uint_eq(evt_utf8_step("", 1), 1);
    ck_assert_uint_eq(evt_utf8_step("a", 0), 0);
}
END_TEST

START_TEST(a_cut_leaves_whole_characters)
{
    static const char text[] = "a€😀z"; /* 1, 3, 4 and 1 bytes */
    static const size_t want[] = {0, 1, 1, 1, 4, 4, 4, 4, 8, 9};

    for (size_t len = 0; len < sizeof(text); len++)
        ck_assert_uint_eq(evt_utf8_cut(text, len), want[len]);
    ck_assert_uint_eq(evt_utf8_cut("ab\xff"
                                   "cd",
                                   5),
                      2); /* nothing behind what is none */
    ck_assert_uint_eq(evt_utf8_cut(NULL, 0), 0);
}
END_TEST

SUITE("utf8", well_formed_text_is_valid_anywhere, anything_else_is_refused_anywhere,
      empty_is_valid_and_nul_is_a_character, two_bytes_by_the_rule, a_step_is_one_character,
      a_cut_leaves_whole_characters)
