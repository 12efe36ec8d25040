/* Memory: what allocation gives, and what happens when there is none or an invariant is broken. */
#include <evt/mem.h>
#include <stdint.h>
#include <string.h>

#include "test/lib/mortal.h"
#include "test/lib/suite.h"

START_TEST(copies_are_own_memory)
{
    char *text = evt_strdup("text"), *part = evt_strndup("partial", 4);
    uint8_t *bytes = evt_memdup("\0\1\2", 3);

    ck_assert_str_eq(text, "text");
    ck_assert_str_eq(part, "part");
    ck_assert_mem_eq(bytes, "\0\1\2", 3);
    evt_free(text);
    evt_free(part);
    evt_free(bytes);
    evt_free(NULL);
}
END_TEST

START_TEST(zalloc_clears)
{
    uint8_t *bytes;

    for (int round = 0; round < 2; round++) {
        bytes = evt_zalloc(4096);
        for (size_t i = 0; i < 4096; i++)
            ck_assert_uint_eq(bytes[i], 0);
        memset(bytes, 0xff, 4096);
        evt_free(bytes);
    }
}
END_TEST

START_TEST(nothing_is_a_size_too)
{
    void *a = evt_alloc(0), *b = evt_memdup(NULL, 0), *c = evt_realloc(NULL, 0);
    char *d = evt_strndup(NULL, 0);

    ck_assert(a && b && c);
    ck_assert_str_eq(d, "");
    a = evt_realloc(a, 0);
    ck_assert_ptr_nonnull(a);
    evt_free(a);
    evt_free(b);
    evt_free(c);
    evt_free(d);
}
END_TEST

START_TEST(realloc_keeps_what_was_there)
{
    char *text = evt_strdup("kept");

    text = evt_realloc(text, 100000);
    ck_assert_str_eq(text, "kept");
    evt_free(text);
}
END_TEST

START_TEST(out_of_memory_dies)
{
    if (mortal_begin_at(0))
        evt_free(evt_alloc(77));
    ck_assert_str_eq(mortal_end(), "out of memory: 77 bytes");
    if (mortal_begin_at(0))
        evt_free(evt_realloc(NULL, 78));
    ck_assert_str_eq(mortal_end(), "out of memory: 78 bytes");
}
END_TEST

START_TEST(the_hooks_are_used_and_taken_away)
{
    if (mortal_begin_at(1)) {
        evt_free(evt_alloc(1));
        evt_free(evt_alloc(2));
    }
    ck_assert_str_eq(mortal_end(), "out of memory: 2 bytes");
    if (mortal_begin())
        evt_free(evt_alloc(3));
    ck_assert_ptr_null(mortal_end());
}
END_TEST

START_TEST(a_bug_names_file_line_and_condition)
{
    char want[256];
    volatile int line = 0; /* set between setjmp and longjmp */

    if (mortal_begin()) {
        line = __LINE__ + 1;
        EVT_BUG_ON(1 + 1 == 2);
    }
    snprintf(want, sizeof(want), "%s:%d: broken invariant: 1 + 1 == 2", __FILE__, line);
    ck_assert_str_eq(mortal_end(), want);
    if (mortal_begin())
        EVT_BUG_ON(1 + 1 == 3);
    ck_assert_ptr_null(mortal_end());
}
END_TEST

START_TEST(a_bug_names_the_message)
{
    const char *why;

    evt_bug_place("shop.product.inbox.v1", 3, 4711);
    if (mortal_begin())
        EVT_BUG_ON(true);
    why = mortal_end();
    ck_assert_ptr_nonnull(strstr(why, "broken invariant: true (at shop.product.inbox.v1 3 @4711)"));
    evt_bug_place(NULL, 0, 0);
    if (mortal_begin())
        EVT_BUG_ON(true);
    ck_assert_ptr_null(strstr(mortal_end(), "(at"));
}
END_TEST

SUITE("mem", copies_are_own_memory, zalloc_clears, nothing_is_a_size_too,
      realloc_keeps_what_was_there, out_of_memory_dies, the_hooks_are_used_and_taken_away,
      a_bug_names_file_line_and_condition, a_bug_names_the_message)
