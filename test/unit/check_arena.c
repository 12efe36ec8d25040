/* Arena: alignment, separate pieces, and that a busy user stops allocating. */
#include <evt/arena.h>
#include <stdint.h>
#include <string.h>

#include "test/lib/mortal.h"
#include "test/lib/suite.h"

START_TEST(pieces_are_aligned_and_apart)
{
    struct evt_arena arena = {0};
    uint8_t *pieces[200];

    for (size_t i = 0; i < 200; i++) {
        pieces[i] = evt_arena_alloc(&arena, i);
        ck_assert_uint_eq((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        if (i)
            memset(pieces[i], (int)i, i);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t j = 0; j < i; j++)
            ck_assert_uint_eq(pieces[i][j], i);
    evt_arena_release(&arena);
}
END_TEST

START_TEST(copies_end_as_they_should)
{
    struct evt_arena arena = {0};

    ck_assert_str_eq(evt_arena_strndup(&arena, "partial", 4), "part");
    ck_assert_str_eq(evt_arena_strndup(&arena, NULL, 0), "");
    ck_assert_mem_eq(evt_arena_memdup(&arena, "\0\1\2", 3), "\0\1\2", 3);
    ck_assert_ptr_nonnull(evt_arena_memdup(&arena, NULL, 0));
    evt_arena_release(&arena);
}
END_TEST

static void use(struct evt_arena *arena, size_t times, size_t size)
{
    for (size_t i = 0; i < times; i++)
        memset(evt_arena_alloc(arena, size), 1, size);
}

START_TEST(after_the_first_messages_nothing_is_allocated)
{
    struct evt_arena arena = {0};

    for (int message = 0; message < 8; message++) {
        use(&arena, 100, 300);
        evt_arena_reset(&arena);
    }
    if (mortal_begin_at(0))
        for (int message = 0; message < 8; message++) {
            use(&arena, 100, 300);
            evt_arena_reset(&arena);
        }
    ck_assert_ptr_null(mortal_end());
    evt_arena_release(&arena);
}
END_TEST

START_TEST(a_giant_is_given_back_at_reset)
{
    struct evt_arena arena = {0};

    use(&arena, 1, 100);
    use(&arena, 1, 4 * 1024 * 1024);
    evt_arena_reset(&arena);
    ck_assert_ptr_null(arena.blocks);
    use(&arena, 1, 100);
    evt_arena_release(&arena);
}
END_TEST

START_TEST(an_empty_arena_can_be_given_back)
{
    struct evt_arena arena = {0};

    evt_arena_reset(&arena);
    evt_arena_release(&arena);
    evt_arena_release(&arena);
    ck_assert_ptr_null(arena.blocks);
}
END_TEST

START_TEST(a_failed_allocation_leaves_the_arena_whole)
{
    struct evt_arena arena = {0};
    char *text = evt_arena_strndup(&arena, "kept", 4);

    if (mortal_begin_at(0))
        use(&arena, 1, 10000);
    ck_assert_ptr_nonnull(mortal_end());
    ck_assert_str_eq(text, "kept");
    evt_arena_release(&arena);
}
END_TEST

START_TEST(a_senseless_size_is_a_bug)
{
    struct evt_arena arena = {0};
    const char *why;

    if (mortal_begin())
        evt_arena_alloc(&arena, SIZE_MAX);
    why = mortal_end();
    ck_assert_ptr_nonnull(why);
    ck_assert_ptr_nonnull(strstr(why, "broken invariant"));
}
END_TEST

SUITE("arena", pieces_are_aligned_and_apart, copies_end_as_they_should,
      after_the_first_messages_nothing_is_allocated, a_giant_is_given_back_at_reset,
      an_empty_arena_can_be_given_back, a_failed_allocation_leaves_the_arena_whole,
      a_senseless_size_is_a_bug)
