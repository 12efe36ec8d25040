/* Suite: the main function of a unit or service test, which is a list of Check's tests.
 *
 *     START_TEST(adds_up) { ck_assert_int_eq(1 + 1, 2); } END_TEST
 *     SUITE("sums", adds_up)
 */
#ifndef TEST_SUITE_H
#define TEST_SUITE_H

#include <check.h>
#include <evt/err.h>
#include <stddef.h>

int suite_run(const char *name, const TTest *const *tests, size_t tests_n);

#define SUITE(name, ...)                                                                           \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *const tests[] = {__VA_ARGS__};                                                \
        return suite_run(name, tests, sizeof(tests) / sizeof(tests[0]));                           \
    }

/* The call succeeds; its words are shown if not. `err` is a struct evt_error. */
#define ck_ok(call, err) ck_assert_msg((call) == EVT_OK, "%s", (err).text)
/* The call is refused with this code and exactly these words. */
#define ck_refused(call, err, want_code, want_text)                                                \
    do {                                                                                           \
        (err).text[0] = '\0';                                                                      \
        ck_assert_str_eq(evt_err_name(call), evt_err_name(want_code));                             \
        ck_assert_str_eq((err).text, want_text);                                                   \
        ck_assert_str_eq(evt_err_name((err).code), evt_err_name(want_code));                       \
    } while (0)

#endif
