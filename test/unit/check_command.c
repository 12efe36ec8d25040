/* Command: which verb runs with what, what is said of a wrong line, and the help, word for word. */
#include <evt/command.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test/lib/folder.h"
#include "test/lib/mortal.h"
#include "test/lib/suite.h"

static struct folder folder;
static char *out, *complaint; /* of the last call */
static char ran[256];         /* what the verb saw */

static int note(const char *verb, const struct evt_conf *conf)
{
    const char *const *operands;
    size_t n = evt_conf_operands(conf, &operands);

    snprintf(ran, sizeof(ran), "%s data=%s", verb, evt_conf_text(conf, "data-dir"));
    for (size_t i = 0; i < n; i++) {
        strncat(ran, " ", sizeof(ran) - strlen(ran) - 1);
        strncat(ran, operands[i], sizeof(ran) - strlen(ran) - 1);
    }
    return EVT_EXIT_OK;
}

static int run_tail(const struct evt_conf *conf, void *arg)
{
    ck_assert_str_eq(arg, "the argument");
    printf("a line of data\n");
    note(evt_conf_flag(conf, "follow") ? "tail-follow" : "tail", conf);
    return EVT_EXIT_OK;
}

static int run_list(const struct evt_conf *conf, void *arg)
{
    (void)arg;
    return note("stream list", conf);
}

static int run_accept(const struct evt_conf *conf, void *arg)
{
    (void)arg;
    note("stream accept", conf);
    return EVT_EXIT_NOT_FOUND;
}

static int run_doctor(const struct evt_conf *conf, void *arg)
{
    (void)arg;
    return note("doctor", conf);
}

static int begin(const struct evt_conf *conf, void *arg)
{
    ck_assert_str_eq(arg, "the argument");
    return strcmp(evt_conf_text(conf, "data-dir"), "/refused") == 0 ? EVT_EXIT_TIMEOUT
                                                                    : EVT_EXIT_OK;
}

static const struct evt_option tail_options[] = {{.name = "follow",
                                                  .letter = 'f',
                                                  .kind = EVT_OPTION_FLAG,
                                                  .flag_only = true,
                                                  .help = "wait for more"},
                                                 {0}};
static const struct evt_option common[] = {{.name = "data-dir",
                                            .letter = 'd',
                                            .value = "FOLDER",
                                            .fallback = "data",
                                            .help = "where stores lie"},
                                           {0}};
static const struct evt_example tail_examples[] = {{"tail shop.product.inbox.v1 -3",
                                                    "the last three records"},
                                                   {"tail -f shop.product.inbox.v1",
                                                    "all, and those to come"},
                                                   {0}};
static const struct evt_command commands[] = {
    {.name = "tail",
     .operands = "TOPIC [OFFSETS]",
     .summary = "Show a topic's records, decoded.",
     .help = "Offsets are start, end, -3 or 47.",
     .options = tail_options,
     .examples = tail_examples,
     .operands_min = 1,
     .operands_max = 2,
     .run = run_tail},
    {.name = "stream list",
     .operands = "",
     .summary = "List the streams.",
     .operands_max = 0,
     .run = run_list},
    {.name = "stream accept",
     .operands = "STREAM...",
     .summary = "Go on behind a gap.",
     .operands_min = 1,
     .operands_max = -1,
     .run = run_accept},
    {.name = "doctor", .operands = "", .summary = "Check all.", .run = run_doctor},
    {0}};
static char argument[] = "the argument";
static const struct evt_program program = {.name = "evt",
                                           .summary = "The shop's command line.",
                                           .version = "1.2.3",
                                           .commands = commands,
                                           .options = common,
                                           .begin = begin,
                                           .arg = argument};

/* Sends what is written to `fd` to this path; returns what it was. */
static int redirect(int fd, const char *path)
{
    int was = dup(fd), to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    ck_assert_int_ge(was, 0);
    ck_assert_int_ge(to, 0);
    ck_assert_int_ge(dup2(to, fd), 0);
    close(to);
    return was;
}

static void restore(int fd, int was)
{
    ck_assert_int_ge(dup2(was, fd), 0);
    close(was);
}

#define ARGS_MAX 12
/* The words of `line` as arguments; what it writes goes to `out` and `complaint`. */
static int call_to(const char *line, const char *out_path)
{
    char words[256], *argv[ARGS_MAX + 1], *rest;
    int argc = 0, out_was, err_was, status;

    snprintf(words, sizeof(words), "%s", line);
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        ck_assert_int_lt(argc, ARGS_MAX);
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    ran[0] = '\0';
    free(out);
    free(complaint);
    fflush(stdout);
    out_was = redirect(STDOUT_FILENO, out_path ? out_path : folder_path(&folder, "out"));
    err_was = redirect(STDERR_FILENO, folder_path(&folder, "err"));
    status = evt_program_main(&program, argc, argv);
    clearerr(stdout);
    restore(STDOUT_FILENO, out_was);
    restore(STDERR_FILENO, err_was);
    out = out_path ? NULL : folder_read(&folder, "out", NULL);
    complaint = folder_read(&folder, "err", NULL);
    return status;
}

static void setup(void)
{
    ck_assert_int_eq(unsetenv("DATA_DIR"), 0);
    folder_init(&folder);
}

static void teardown(void)
{
    free(out);
    free(complaint);
    out = complaint = NULL;
    folder_release(&folder);
}

static void ck_ran(const char *line, int want_status, const char *want)
{
    int status = call_to(line, NULL);

    ck_assert_str_eq(complaint, "");
    ck_assert_int_eq(status, want_status);
    ck_assert_str_eq(ran, want);
}

/* Status 2, these words, nothing was run and nothing written to stdout. */
static void ck_usage(const char *line, const char *want)
{
    ck_assert_int_eq(call_to(line, NULL), EVT_EXIT_USAGE);
    ck_assert_str_eq(complaint, want);
    ck_assert_str_eq(out, "");
    ck_assert_str_eq(ran, "");
}

static void ck_shown(const char *line, const char *want)
{
    ck_assert_int_eq(call_to(line, NULL), EVT_EXIT_OK);
    ck_assert_str_eq(complaint, "");
    ck_assert_str_eq(out, want);
    ck_assert_str_eq(ran, "");
}

START_TEST(a_verb_is_run)
{
    setup();
    ck_ran("evt tail T", EVT_EXIT_OK, "tail data=data T");
    ck_assert_str_eq(out, "a line of data\n");
    ck_ran("evt tail T -3 --data-dir=/d", EVT_EXIT_OK, "tail data=/d T -3");
    ck_ran("evt tail -f T", EVT_EXIT_OK, "tail-follow data=data T");
    ck_ran("evt stream list", EVT_EXIT_OK, "stream list data=data");
    ck_ran("evt stream accept a b c", EVT_EXIT_NOT_FOUND, "stream accept data=data a b c");
    teardown();
}
END_TEST

START_TEST(common_options_may_stand_before_the_verb)
{
    setup();
    ck_ran("evt -d /x tail T", EVT_EXIT_OK, "tail data=/x T");
    ck_ran("evt --data-dir /x stream list", EVT_EXIT_OK, "stream list data=/x");
    ck_ran("evt --data-dir=/x tail T -f", EVT_EXIT_OK, "tail-follow data=/x T");
    ck_usage("evt -f tail T",
             "evt: -f is no option of all verbs: a verb's own options stand behind it\n"
             "try: evt --help\n");
    ck_usage("evt --data-dir",
             "evt: a verb is missing, one of tail, stream list, stream accept, doctor\n"
             "try: evt --help\n");
    teardown();
}
END_TEST

START_TEST(begin_can_end_it)
{
    setup();
    ck_ran("evt doctor -d/refused", EVT_EXIT_TIMEOUT, "");
    teardown();
}
END_TEST

START_TEST(a_mistyped_verb_is_named)
{
    setup();
    ck_usage("evt tial T", "evt: 'tial' is no verb; did you mean 'tail'?\ntry: evt --help\n");
    ck_usage("evt bake", "evt: 'bake' is no verb\ntry: evt --help\n");
    ck_usage("evt stram list",
             "evt: 'stram' is no verb; did you mean 'stream list'?\ntry: evt --help\n");
    ck_usage("evt stream lst", "evt stream: 'stream lst' is no verb; did you mean 'stream list'?\n"
                               "try: evt stream --help\n");
    ck_usage("evt stream bake", "evt stream: 'stream bake' is no verb\ntry: evt stream --help\n");
    ck_usage("evt help tial", "evt: 'tial' is no verb; did you mean 'tail'?\ntry: evt --help\n");
    teardown();
}
END_TEST

START_TEST(a_missing_verb_is_asked_for)
{
    setup();
    ck_usage("evt", "evt: a verb is missing, one of tail, stream list, stream accept, doctor\n"
                    "try: evt --help\n");
    ck_usage("evt -- tail",
             "evt: a verb is missing, one of tail, stream list, stream accept, doctor\n"
             "try: evt --help\n");
    ck_usage("evt stream",
             "evt stream: a verb is missing, one of list, accept\ntry: evt stream --help\n");
    ck_usage("evt stream -d x",
             "evt stream: a verb is missing, one of list, accept\ntry: evt stream --help\n");
    teardown();
}
END_TEST

START_TEST(wrong_options_and_operands_are_named)
{
    setup();
    ck_usage("evt tail --folow T",
             "evt tail: unknown option --folow; did you mean --follow?\ntry: evt tail --help\n");
    ck_usage("evt tail", "evt tail: an operand is missing: evt tail TOPIC [OFFSETS]\n"
                         "try: evt tail --help\n");
    ck_usage("evt tail T 1 2", "evt tail: '2' is one operand too many: evt tail TOPIC [OFFSETS]\n"
                               "try: evt tail --help\n");
    ck_usage("evt stream list x", "evt stream list: 'x' is one operand too many: evt stream list\n"
                                  "try: evt stream list --help\n");
    teardown();
}
END_TEST

START_TEST(the_version_is_shown)
{
    setup();
    ck_shown("evt --version", "evt 1.2.3\n");
    ck_shown("evt tail --version", "evt 1.2.3\n");
    teardown();
}
END_TEST

/* Before operands are counted: what is asked is what holds. */
START_TEST(the_configuration_is_shown)
{
    setup();
    ck_shown("evt tail --print-config -f -d /x", "follow    true  flag\n"
                                                 "data-dir  /x    flag\n");
    ck_shown("evt tail --print-config", "data-dir  data  default\n");
    teardown();
}
END_TEST

#define COMMON_HELP                                                                                \
    "\nCommon options:\n"                                                                          \
    "  -d, --data-dir FOLDER     where stores lie (default: data; DATA_DIR)\n"                     \
    "      --print-config        show every option, its value and where that came from\n"          \
    "  -h, --help                this\n"                                                           \
    "      --version             show the version\n"

START_TEST(help_of_the_program)
{
    static const char want[] =
        "Usage: evt VERB [OPERAND]... [OPTION]...\n"
        "\n"
        "The shop's command line.\n"
        "\n"
        "Verbs:\n"
        "  tail TOPIC [OFFSETS]     Show a topic's records, decoded.\n"
        "  stream list              List the streams.\n"
        "  stream accept STREAM...  Go on behind a gap.\n"
        "  doctor                   Check all.\n" COMMON_HELP "\n"
        "Exit status:\n"
        "  0 ok, 1 failure, 2 wrong use, 3 not found, 4 timeout, 5 a verdict is \"different\",\n"
        "  6 superseded by a newer generation\n"
        "\n"
        "evt help VERB says more of one, with its options and examples.\n";

    setup();
    ck_shown("evt --help", want);
    ck_shown("evt -h", want);
    ck_shown("evt help", want);
    ck_shown("evt -d x --help", want);
    teardown();
}
END_TEST

START_TEST(help_of_a_verb)
{
    static const char want[] = "Usage: evt tail TOPIC [OFFSETS] [OPTION]...\n"
                               "\n"
                               "Show a topic's records, decoded.\n"
                               "\n"
                               "Offsets are start, end, -3 or 47.\n"
                               "\n"
                               "Options:\n"
                               "  -f, --follow              wait for more\n" COMMON_HELP "\n"
                               "Examples:\n"
                               "  evt tail shop.product.inbox.v1 -3\n"
                               "      the last three records\n"
                               "  evt tail -f shop.product.inbox.v1\n"
                               "      all, and those to come\n";

    setup();
    ck_shown("evt tail --help", want);
    ck_shown("evt tail --nonsense -h", want);
    ck_shown("evt help tail", want);
    ck_shown("evt --help tail", want);
    ck_shown("evt help stream list",
             "Usage: evt stream list [OPTION]...\n\nList the streams.\n" COMMON_HELP);
    ck_shown("evt stream list --help",
             "Usage: evt stream list [OPTION]...\n\nList the streams.\n" COMMON_HELP);
    teardown();
}
END_TEST

START_TEST(help_of_a_group)
{
    static const char want[] = "Usage: evt stream VERB [OPERAND]... [OPTION]...\n"
                               "\n"
                               "Verbs:\n"
                               "  stream list              List the streams.\n"
                               "  stream accept STREAM...  Go on behind a gap.\n"
                               "\n"
                               "evt help stream VERB says more of one, with its options and "
                               "examples.\n";

    setup();
    ck_shown("evt help stream", want);
    ck_shown("evt stream --help", want);
    ck_shown("evt stream -h", want);
    teardown();
}
END_TEST

START_TEST(output_that_cannot_be_written_is_a_failure)
{
    setup();
    ck_assert_int_eq(call_to("evt tail T", "/dev/full"), EVT_EXIT_FAILURE);
    ck_assert_str_eq(complaint, "evt: cannot write the output: No space left on device\n");
    teardown();
}
END_TEST

START_TEST(two_options_of_one_name_are_a_bug)
{
    static const struct evt_option own[] = {{.name = "data-dir", .value = "X", .help = "again"},
                                            {0}};
    static const struct evt_command twice[] = {
        {.name = "twice", .operands = "", .summary = "", .options = own, .run = run_doctor}, {0}};
    struct evt_program other = program;
    char name[] = "evt", verb[] = "twice", *argv[] = {name, verb, NULL};

    other.commands = twice;
    if (mortal_begin())
        (void)evt_program_main(&other, 2, argv);
    ck_assert_ptr_nonnull(strstr(mortal_end(), "broken invariant"));
}
END_TEST

SUITE("command", a_verb_is_run, common_options_may_stand_before_the_verb, begin_can_end_it,
      a_mistyped_verb_is_named, a_missing_verb_is_asked_for, wrong_options_and_operands_are_named,
      the_version_is_shown, the_configuration_is_shown, help_of_the_program, help_of_a_verb,
      help_of_a_group, output_that_cannot_be_written_is_a_failure,
      two_options_of_one_name_are_a_bug)
