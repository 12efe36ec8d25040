/* Suite: runs a list of tests and prints Check's line of counts, which test/run reads. */
#include "suite.h"

#include <stdlib.h>

int suite_run(const char *name, const TTest *const *tests, size_t tests_n)
{
    Suite *suite = suite_create(name);
    TCase *tc = tcase_create(name);
    SRunner *runner;
    size_t i;
    int failed;

    for (i = 0; i < tests_n; i++)
        tcase_add_test(tc, tests[i]);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
