/* Faults: parsed as `run` parses them, looked at as `run` looks at them. */
#include "test/lib/faults.h"

#include "libevents/src/main_internal.h"
#include "test/lib/suite.h"

#include <evt/mem.h>

#define WORDS_MAX 16

static void add(void *arg, const char *text)
{
    evt_buf_printf(arg, "%s\n", text);
}

const char *faults_of(const struct evt_service *service, const char *const *words)
{
    static struct evt_buf told;
    struct evt_main main = {.program = "svc-test", .service = service};
    char *argv[WORDS_MAX] = {(char[]){"run"}};
    struct evt_conf *conf;
    struct evt_error err;
    size_t n;
    int argc = 1;

    for (; words[argc - 1]; argc++) {
        ck_assert_int_lt(argc, WORDS_MAX - 1);
        argv[argc] = evt_strdup(words[argc - 1]);
    }
    ck_ok(evt_conf_parse(service->options, argc, argv, &conf, &err), err);
    evt_buf_clear(&told);
    n = evt__main_faults(&main, conf, add, &told);
    ck_assert_int_eq(n > 0, told.len > 0);
    evt_conf_free(conf);
    while (--argc > 0)
        evt_free(argv[argc]);
    return evt_buf_text(&told);
}
