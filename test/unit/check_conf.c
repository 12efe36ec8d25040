/* Conf: options from the command line, the environment, files and defaults; what is said of a wrong
 * one; librdkafka's properties; what --print-config and the help show. */
#include <evt/conf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test/lib/folder.h"
#include "test/lib/mortal.h"
#include "test/lib/suite.h"

static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
static const struct evt_option options[] = {
    {.name = "data-dir",
     .letter = 'd',
     .value = "FOLDER",
     .fallback = "data",
     .help = "where stores lie"},
    {.name = "http-addr", .value = "HOST:PORT", .help = "where HTTP is served"},
    {.name = "log-level",
     .kind = EVT_OPTION_CHOICE,
     .value = "LEVEL",
     .choices = levels,
     .fallback = "info",
     .help = "what is logged"},
    {.name = "shard-count",
     .letter = 'n',
     .kind = EVT_OPTION_NUMBER,
     .value = "N",
     .min = -1,
     .max = 64,
     .fallback = "4",
     .help = "how many shards"},
    {.name = "offset", .kind = EVT_OPTION_NUMBER, .help = "any number"},
    {.name = "json", .letter = 'j', .kind = EVT_OPTION_FLAG, .help = "JSON, a line each"},
    {.name = "wait",
     .letter = 'w',
     .kind = EVT_OPTION_FLAG,
     .flag_only = true,
     .help = "wait for the answer"},
    {.name = "header",
     .letter = 'H',
     .value = "NAME=VALUE",
     .many = true,
     .flag_only = true,
     .help = "one more"},
    {.name = "api-token", .value = "TOKEN", .secret = true, .help = "what the provider gave us"},
    {.name = "kafka-bootstrap-servers", .value = "HOST:PORT,...", .help = "the cluster"},
    {.name = "property",
     .letter = 'X',
     .value = "NAME=VALUE",
     .many = true,
     .flag_only = true,
     .help = "a property of librdkafka's"},
    {0}};

static struct evt_conf *conf;
static struct evt_error err;
static struct folder folder;

#define ARGS_MAX 32
/* evt_conf_parse with these arguments, NULL at the end. */
static enum evt_err parse(const char *first, ...)
{
    static char words[ARGS_MAX][512];
    char *argv[ARGS_MAX + 1] = {words[0]};
    int argc = 1;
    va_list args;

    evt_conf_free(conf);
    conf = NULL;
    snprintf(words[0], sizeof(words[0]), "prog");
    va_start(args, first);
    for (const char *arg = first; arg; arg = va_arg(args, const char *)) {
        ck_assert_int_lt(argc, ARGS_MAX);
        snprintf(words[argc], sizeof(words[0]), "%s", arg);
        argv[argc] = words[argc];
        argc++;
    }
    va_end(args);
    return evt_conf_parse(options, argc, argv, &conf, &err);
}
#define PARSE(...)     parse(__VA_ARGS__, NULL)
#define ck_parsed(...) ck_ok(PARSE(__VA_ARGS__), err)
#define ck_wrong(w, ...)                                                                           \
    do {                                                                                           \
        ck_refused(PARSE(__VA_ARGS__), err, EVT_E_USAGE, "wrong use: " w);                         \
        ck_assert_ptr_null(conf);                                                                  \
    } while (0)
#define NONE "--" /* no arguments at all */

static void begin(void)
{
    static const char *const variables[] = {"DATA_DIR",  "DATA_DIR_FILE",  "LOG_LEVEL",
                                            "JSON",      "SHARD_COUNT",    "WAIT",
                                            "API_TOKEN", "API_TOKEN_FILE", "HTTP_ADDR"};

    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        ck_assert_int_eq(unsetenv(variables[i]), 0);
    for (size_t i = 0; environ[i];) {
        char *name = strndup(environ[i], strcspn(environ[i], "="));
        if (strncmp(name, "KAFKA_", 6) == 0)
            ck_assert_int_eq(unsetenv(name), 0);
        else
            i++;
        free(name);
    }
}

static void end(void)
{
    evt_conf_free(conf);
    conf = NULL;
    begin();
}

static void set(const char *name, const char *value)
{
    ck_assert_int_eq(setenv(name, value, 1), 0);
}

static void unset(const char *name)
{
    ck_assert_int_eq(unsetenv(name), 0);
}

/* What evt_conf_print shows; the caller frees it. */
static char *printed(void)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    ck_assert_ptr_nonnull(file);
    evt_conf_print(conf, file);
    fclose(file);
    return text;
}

static void ck_operands(const char *want)
{
    const char *const *operands;
    size_t n = evt_conf_operands(conf, &operands);
    char have[256] = "";

    for (size_t i = 0; i < n; i++) {
        strncat(have, operands[i], sizeof(have) - strlen(have) - 1);
        strncat(have, ";", sizeof(have) - strlen(have) - 1);
    }
    ck_assert_ptr_null(operands[n]);
    ck_assert_str_eq(have, want);
}

/* ---- the command line ---- */

START_TEST(every_way_to_give_a_value)
{
    begin();
    ck_parsed("--data-dir", "/a");
    ck_assert_str_eq(evt_conf_text(conf, "data-dir"), "/a");
    ck_parsed("--data-dir=/b=c");
    ck_assert_str_eq(evt_conf_text(conf, "data-dir"), "/b=c");
    ck_parsed("-d", "/c");
    ck_assert_str_eq(evt_conf_text(conf, "data-dir"), "/c");
    ck_parsed("-d/d");
    ck_assert_str_eq(evt_conf_text(conf, "data-dir"), "/d");
    ck_parsed("-jwd", "/e");
    ck_assert_str_eq(evt_conf_text(conf, "data-dir"), "/e");
    ck_assert(evt_conf_flag(conf, "json"));
    ck_assert(evt_conf_flag(conf, "wait"));
    ck_parsed("--data-dir=");
    ck_assert_str_eq(evt_conf_text(conf, "data-dir"), "");
    ck_parsed("--data-dir", "--json"); /* a value is a value */
    ck_assert_str_eq(evt_conf_text(conf, "data-dir"), "--json");
    ck_assert(!evt_conf_flag(conf, "json"));
    ck_parsed("-n7", "--shard-count", "-1");
    ck_assert_int_eq(evt_conf_number(conf, "shard-count"), -1);
    ck_parsed("--offset=-9223372036854775808");
    ck_assert(evt_conf_number(conf, "offset") == INT64_MIN);
    end();
}
END_TEST

START_TEST(operands_stand_anywhere)
{
    begin();
    ck_parsed("one", "-j", "two", "-d", "/x", "-", "-3", "--", "--json", "-z");
    ck_operands("one;two;-;-3;--json;-z;");
    ck_assert(evt_conf_flag(conf, "json"));
    ck_parsed(NONE);
    ck_operands("");
    end();
}
END_TEST

START_TEST(defaults_hold_when_nothing_is_said)
{
    begin();
    ck_parsed(NONE);
    ck_assert_str_eq(evt_conf_text(conf, "data-dir"), "data");
    ck_assert_int_eq(evt_conf_number(conf, "shard-count"), 4);
    ck_assert_int_eq(evt_conf_number(conf, "offset"), 0);
    ck_assert_ptr_null(evt_conf_text(conf, "http-addr"));
    ck_assert(!evt_conf_flag(conf, "json"));
    ck_assert(!evt_conf_given(conf, "data-dir"));
    ck_assert(!evt_conf_given(conf, "http-addr"));
    ck_assert_ptr_null(evt_conf_kafka(conf)[0]);
    end();
}
END_TEST

START_TEST(many_are_kept_in_order_else_the_last_holds)
{
    const char *const *values;

    begin();
    ck_parsed("-Ha=1", "--data-dir=/1", "--header", "b=2", "--data-dir=/2", "--header=c=3");
    ck_assert_uint_eq(evt_conf_many(conf, "header", &values), 3);
    ck_assert_str_eq(values[0], "a=1");
    ck_assert_str_eq(values[1], "b=2");
    ck_assert_str_eq(values[2], "c=3");
    ck_assert_uint_eq(evt_conf_many(conf, "data-dir", &values), 1);
    ck_assert_str_eq(values[0], "/2");
    ck_parsed(NONE);
    ck_assert_uint_eq(evt_conf_many(conf, "header", &values), 0);
    end();
}
END_TEST

START_TEST(help_is_found_before_anything_is_checked)
{
    begin();
    set("LOG_LEVEL", "loud");
    ck_parsed("--nonsense", "--help");
    ck_assert(evt_conf_wants_help(conf));
    ck_parsed("-h");
    ck_assert(evt_conf_wants_help(conf));
    unset("LOG_LEVEL");
    ck_parsed("--", "--help");
    ck_assert(!evt_conf_wants_help(conf));
    ck_operands("--help;");
    end();
}
END_TEST

START_TEST(a_wrong_option_is_named)
{
    begin();
    ck_wrong("unknown option --data-dri; did you mean --data-dir?", "--data-dri=/x");
    ck_wrong("unknown option --shards-count; did you mean --shard-count?", "--shards-count", "3");
    ck_wrong("unknown option --colour", "--colour");
    ck_wrong("unknown option --data", "--data=x");
    ck_wrong("unknown option -z", "-jz");
    ck_wrong("unknown option -?", "-\x01");
    ck_wrong("--data-dir needs a value: --data-dir FOLDER", "--data-dir");
    ck_wrong("--data-dir needs a value: --data-dir FOLDER", "-jd");
    ck_wrong("--offset needs a value: --offset VALUE", "--offset");
    ck_wrong("--json takes no value", "--json=yes");
    end();
}
END_TEST

START_TEST(a_wrong_value_is_named_with_what_is_allowed)
{
    begin();
    ck_wrong("--log-level is 'loud'; it is one of error, warn, info, debug", "--log-level=loud");
    ck_wrong("--shard-count is '65'; it is a number from -1 to 64", "-n65");
    ck_wrong("--shard-count is '-2'; it is a number from -1 to 64", "-n-2");
    ck_wrong("--shard-count is 'four'; it is a number from -1 to 64", "-nfour");
    ck_wrong("--shard-count is '4x'; it is a number from -1 to 64", "-n4x");
    ck_wrong("--shard-count is ' 4'; it is a number from -1 to 64", "-n 4");
    ck_wrong("--shard-count is '+4'; it is a number from -1 to 64", "-n+4");
    ck_wrong("--shard-count is ''; it is a number from -1 to 64", "--shard-count=");
    ck_wrong("--offset is '9223372036854775808'; it is a number from -9223372036854775808 to "
             "9223372036854775807",
             "--offset=9223372036854775808");
    ck_wrong("--log-level is 'a?b'; it is one of error, warn, info, debug", "--log-level=a\nb");
    end();
}
END_TEST

/* A long value is cut between characters, and what is allowed still stands behind it. */
START_TEST(a_long_value_is_cut)
{
    char value[256], want[400];

    begin();
    memset(value, 'x', sizeof(value));
    memcpy(value + 66, "€€", sizeof("€€"));
    snprintf(want, sizeof(want),
             "wrong use: --log-level is '%.66s...'; it is one of error, warn, info, debug", value);
    ck_refused(PARSE("--log-level", value), err, EVT_E_USAGE, want);
    end();
}
END_TEST

START_TEST(a_secret_is_no_flag)
{
    begin();
    ck_wrong("--api-token is not taken from the command line, where others can read it: set "
             "API_TOKEN or API_TOKEN_FILE",
             "--api-token=hush");
    ck_wrong("--api-token is not taken from the command line, where others can read it: set "
             "API_TOKEN or API_TOKEN_FILE",
             "--api-token");
    ck_wrong("unknown option --api-tokn", "--api-tokn=hush"); /* none that could be given */
    end();
}
END_TEST

/* ---- the environment and files ---- */

START_TEST(a_flag_wins_over_the_environment)
{
    begin();
    set("DATA_DIR", "/env");
    set("SHARD_COUNT", "9");
    set("LOG_LEVEL", "loud"); /* is not looked at */
    ck_parsed("--log-level=warn", "-n", "8");
    ck_assert_str_eq(evt_conf_text(conf, "data-dir"), "/env");
    ck_assert(evt_conf_given(conf, "data-dir"));
    ck_assert_int_eq(evt_conf_number(conf, "shard-count"), 8);
    ck_assert_str_eq(evt_conf_text(conf, "log-level"), "warn");
    end();
}
END_TEST

START_TEST(an_empty_variable_is_none_and_a_verbs_own_option_has_none)
{
    begin();
    set("DATA_DIR", "");
    set("WAIT", "1");
    ck_parsed(NONE);
    ck_assert_str_eq(evt_conf_text(conf, "data-dir"), "data");
    ck_assert(!evt_conf_flag(conf, "wait"));
    end();
}
END_TEST

START_TEST(flags_from_the_environment)
{
    static const char *const on[] = {"1", "true", "yes", "on", "TRUE", "On"};
    static const char *const off[] = {"0", "false", "no", "off", "No"};

    begin();
    for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++) {
        set("JSON", on[i]);
        ck_parsed(NONE);
        ck_assert(evt_conf_flag(conf, "json"));
    }
    for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
        set("JSON", off[i]);
        ck_parsed(NONE);
        ck_assert(!evt_conf_flag(conf, "json"));
        ck_assert(evt_conf_given(conf, "json"));
    }
    set("JSON", "maybe");
    ck_wrong("JSON from the environment is 'maybe'; it is 1, true, yes, on or 0, false, no, off",
             NONE);
    end();
}
END_TEST

START_TEST(a_wrong_variable_is_named)
{
    begin();
    set("LOG_LEVEL", "loud");
    ck_wrong("LOG_LEVEL from the environment is 'loud'; it is one of error, warn, info, debug",
             NONE);
    unset("LOG_LEVEL");
    set("SHARD_COUNT", "65");
    ck_wrong("SHARD_COUNT from the environment is '65'; it is a number from -1 to 64", NONE);
    end();
}
END_TEST

START_TEST(a_file_holds_the_value)
{
    static const struct {
        const char *bytes, *want;
    } cases[] = {{"hush", "hush"},
                 {"hush\n", "hush"},
                 {"hush\r\n", "hush"},
                 {"a\nb\n\n", "a\nb\n"}};

    begin();
    folder_init(&folder);
    set("API_TOKEN_FILE", folder_path(&folder, "token"));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        folder_write(&folder, "token", cases[i].bytes, strlen(cases[i].bytes));
        ck_parsed(NONE);
        ck_assert_str_eq(evt_conf_text(conf, "api-token"), cases[i].want);
    }
    folder_release(&folder);
    end();
}
END_TEST

static void ck_file_wrong(const char *variable, const char *name, const char *why)
{
    char want[256];

    snprintf(want, sizeof(want), "wrong use: %s from the environment names %s: %s", variable,
             folder_path(&folder, name), why);
    ck_refused(PARSE(NONE), err, EVT_E_USAGE, want);
}

START_TEST(a_file_that_cannot_be_used_is_named)
{
    static char large[64 * 1024 + 1];
    char want[256];

    begin();
    folder_init(&folder);
    set("DATA_DIR_FILE", folder_path(&folder, "value"));
    ck_file_wrong("DATA_DIR_FILE", "value", "No such file or directory");
    folder_write(&folder, "value", "\n", 1);
    ck_file_wrong("DATA_DIR_FILE", "value", "it is empty");
    folder_write(&folder, "value", "a\0b", 3);
    ck_file_wrong("DATA_DIR_FILE", "value", "it holds a NUL character");
    memset(large, 'x', sizeof(large));
    folder_write(&folder, "value", large, sizeof(large));
    ck_file_wrong("DATA_DIR_FILE", "value", "it is larger than 64 KiB");
    folder_write(&folder, "value", large, sizeof(large) - 1);
    ck_parsed(NONE);
    set("DATA_DIR_FILE", folder.path);
    snprintf(want, sizeof(want),
             "wrong use: DATA_DIR_FILE from the environment names %s: Is a directory", folder.path);
    ck_refused(PARSE(NONE), err, EVT_E_USAGE, want);
    set("DATA_DIR", "/x");
    ck_wrong("DATA_DIR and DATA_DIR_FILE are both set in the environment: unset one", NONE);
    unset("DATA_DIR");
    unset("DATA_DIR_FILE");
    folder_write(&folder, "level", "loud\n", 5);
    set("LOG_LEVEL_FILE", folder_path(&folder, "level"));
    snprintf(want, sizeof(want),
             "wrong use: LOG_LEVEL from the file %s is 'loud'; it is one of error, warn, info, "
             "debug",
             folder_path(&folder, "level"));
    ck_refused(PARSE(NONE), err, EVT_E_USAGE, want);
    unset("LOG_LEVEL_FILE");
    folder_release(&folder);
    end();
}
END_TEST

/* --log and --log-file: LOG_FILE is the second one's own. */
START_TEST(an_option_may_be_called_file)
{
    static const struct evt_option own[] = {{.name = "log", .value = "TEXT", .help = "a"},
                                            {.name = "log-file", .value = "FILE", .help = "b"},
                                            {0}};
    char prog[] = "prog", *argv[] = {prog, NULL};

    begin();
    set("LOG_FILE", "/nowhere");
    ck_ok(evt_conf_parse(own, 1, argv, &conf, &err), err);
    ck_assert_ptr_null(evt_conf_text(conf, "log"));
    ck_assert_str_eq(evt_conf_text(conf, "log-file"), "/nowhere");
    unset("LOG_FILE");
    end();
}
END_TEST

/* ---- librdkafka's properties ---- */

static void ck_kafka(const char *want)
{
    const char *const *pairs = evt_conf_kafka(conf);
    char have[512] = "";

    for (; *pairs; pairs++) {
        strncat(have, *pairs, sizeof(have) - strlen(have) - 1);
        strncat(have, ";", sizeof(have) - strlen(have) - 1);
    }
    ck_assert_str_eq(have, want);
}

START_TEST(properties_of_the_environment)
{
    begin();
    set("KAFKA_SOCKET_NAGLE_DISABLE", "true");
    set("KAFKA_LOG_LEVEL", "5"); /* the one property with an underscore */
    set("KAFKA_ACKS", "all");    /* a topic's */
    set("KAFKA_COMPRESSION_TYPE", "lz4");
    set("KAFKA_BOOTSTRAP_SERVERS", "broker:9092"); /* an option's */
    set("KAFKA_HOME", "/opt/kafka");
    set("KAFKA_OPTS", "-Xmx1g");
    set("KAFKA_PORT_9092_TCP", "tcp://10.0.0.1:9092");
    set("KAFKA_LINGER_MS", "");
    ck_parsed(NONE);
    ck_kafka("acks=all;compression.type=lz4;log_level=5;socket.nagle.disable=true;");
    ck_assert_str_eq(evt_conf_text(conf, "kafka-bootstrap-servers"), "broker:9092");
    unset("KAFKA_ACKS");
    ck_parsed("-Xlog_level=6", "-X", "linger.ms=0", "--property=linger.ms=1");
    ck_kafka("compression.type=lz4;linger.ms=1;log_level=6;socket.nagle.disable=true;");
    end();
}
END_TEST

START_TEST(a_propertys_secret_comes_from_a_file_too)
{
    char *text;

    begin();
    folder_init(&folder);
    folder_write(&folder, "password", "hush\n", 5);
    set("KAFKA_SASL_PASSWORD_FILE", folder_path(&folder, "password"));
    ck_parsed(NONE);
    ck_kafka("sasl.password=hush;");
    text = printed();
    ck_assert_ptr_nonnull(strstr(text, "sasl.password"));
    ck_assert_ptr_null(strstr(text, "hush"));
    free(text);
    set("KAFKA_SASL_PASSWORD_FILE", folder_path(&folder, "none"));
    ck_file_wrong("KAFKA_SASL_PASSWORD_FILE", "none", "No such file or directory");
    folder_release(&folder);
    end();
}
END_TEST

START_TEST(a_wrong_property_is_named)
{
    begin();
    ck_wrong("-X 'linger.ms' is not PROPERTY=VALUE", "-Xlinger.ms");
    ck_wrong("-X '=1' is not PROPERTY=VALUE", "-X=1");
    ck_wrong("-X lingr.ms is no property of librdkafka; did you mean linger.ms?", "-Xlingr.ms=1");
    ck_wrong("-X no.such.thing is no property of librdkafka", "-Xno.such.thing=1");
    ck_assert_int_eq(PARSE("-Xlinger.ms=soon"), EVT_E_USAGE); /* why is librdkafka's text */
    ck_assert_ptr_nonnull(strstr(err.text, "-X linger.ms is 'soon': Invalid value"));
    ck_wrong("-X sasl.password is not taken from the command line, where others can read it: set "
             "KAFKA_SASL_PASSWORD or KAFKA_SASL_PASSWORD_FILE",
             "-Xsasl.password=hush");
    ck_wrong("-X ssl.key.pem is not taken from the command line, where others can read it: set "
             "KAFKA_SSL_KEY_PEM or KAFKA_SSL_KEY_PEM_FILE",
             "-Xssl.key.pem=hush");
    set("KAFKA_SOKET_NAGLE_DISABLE", "true");
    ck_wrong("KAFKA_SOKET_NAGLE_DISABLE from the environment is no property of librdkafka; did you "
             "mean KAFKA_SOCKET_NAGLE_DISABLE?",
             NONE);
    unset("KAFKA_SOKET_NAGLE_DISABLE");
    set("KAFKA_SOCKET_NAGLE_DISABLE", "maybe");
    ck_assert_int_eq(PARSE(NONE), EVT_E_USAGE);
    ck_assert_ptr_nonnull(strstr(err.text, "KAFKA_SOCKET_NAGLE_DISABLE from the environment is "
                                           "'maybe': "));
    end();
}
END_TEST

/* ---- what is shown ---- */

START_TEST(print_shows_value_and_origin)
{
    char *text, want[1024];

    begin();
    folder_init(&folder);
    folder_write(&folder, "token", "hush", 4);
    set("API_TOKEN_FILE", folder_path(&folder, "token"));
    set("DATA_DIR", "/srv/shöp");
    set("KAFKA_LINGER_MS", "1");
    ck_parsed("--log-level=warn", "-j", "-Ha=1", "-Hb=2", "-Xacks=all");
    snprintf(want, sizeof(want),
             "data-dir                 /srv/shöp  environment DATA_DIR\n"
             "http-addr                           not set\n"
             "log-level                warn       flag\n"
             "shard-count              4          default\n"
             "offset                              not set\n"
             "json                     true       flag\n"
             "header                   a=1, b=2   flag\n"
             "api-token                ***        file %s\n"
             "kafka-bootstrap-servers             not set\n"
             "acks                     all        flag\n"
             "linger.ms                1          environment KAFKA_LINGER_MS\n",
             folder_path(&folder, "token"));
    text = printed();
    ck_assert_str_eq(text, want);
    free(text);
    folder_release(&folder);
    end();
}
END_TEST

START_TEST(help_is_made_of_the_table)
{
    static const struct evt_option own[] = {
        {.name = "data-dir",
         .letter = 'd',
         .value = "FOLDER",
         .fallback = "data",
         .help = "where stores lie"},
        {.name = "log-level",
         .kind = EVT_OPTION_CHOICE,
         .value = "LEVEL",
         .choices = levels,
         .fallback = "info",
         .help = "what is logged; this line is longer than the others, so it must go on"},
        {.name = "wait", .kind = EVT_OPTION_FLAG, .flag_only = true, .help = "wait"},
        {.name = "peers", .value = "URL,…", .help = "die übrigen"},
        {.name = "kafka-bootstrap-servers", .value = "HOST:PORT", .help = "the cluster"},
        {.name = "api-token", .secret = true, .help = "of the provider"},
        {0}};
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    ck_assert_ptr_nonnull(file);
    evt_conf_help(own, file);
    fclose(file);
    ck_assert_str_eq(text,
                     "  -d, --data-dir FOLDER     where stores lie (default: data; DATA_DIR)\n"
                     "      --log-level LEVEL     what is logged; this line is longer than the "
                     "others, so it must go\n"
                     "                            on (error, warn, info, debug; default: info; "
                     "LOG_LEVEL)\n"
                     "      --wait                wait\n"
                     "      --peers URL,…         die übrigen (PEERS)\n"
                     "      --kafka-bootstrap-servers HOST:PORT\n"
                     "                            the cluster (KAFKA_BOOTSTRAP_SERVERS)\n"
                     "      API_TOKEN[_FILE]      of the provider\n");
    free(text);
}
END_TEST

START_TEST(asking_for_what_is_not_declared_is_a_bug)
{
    begin();
    ck_parsed(NONE);
    if (mortal_begin())
        (void)evt_conf_text(conf, "colour");
    ck_assert_ptr_nonnull(strstr(mortal_end(), "broken invariant"));
    if (mortal_begin())
        (void)evt_conf_number(conf, "data-dir");
    ck_assert_ptr_nonnull(strstr(mortal_end(), "broken invariant"));
    if (mortal_begin())
        (void)evt_conf_flag(conf, "data-dir");
    ck_assert_ptr_nonnull(strstr(mortal_end(), "broken invariant"));
    end();
    evt_conf_free(NULL);
}
END_TEST

START_TEST(the_nearest_name_is_offered)
{
    static const struct {
        const char *word, *want;
    } cases[] = {{"tial", "tail"},      {"tal", "tail"},        {"tails", "tail"}, {"tall", "tail"},
                 {"publsh", "publish"}, {"pubilsh", "publish"}, {"sing", NULL},    {"", NULL},
                 {"x", NULL},           {"rn", "run"}};
    static const char *const names[] = {"publish", "tail", "run", "x2"};
    char word[200];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct evt_near near = {.word = cases[i].word};
        for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
            evt_near_offer(&near, names[n]);
        if (cases[i].want)
            ck_assert_str_eq(near.name, cases[i].want);
        else if (strcmp(cases[i].word, "x") == 0)
            ck_assert_str_eq(near.name, "x2");
        else
            ck_assert_ptr_null(near.name);
    }
    memset(word, 'y', sizeof(word));
    word[sizeof(word) - 1] = '\0';
    struct evt_near near = {.word = word};
    evt_near_offer(&near, word);
    ck_assert_ptr_null(near.name);
}
END_TEST

SUITE("conf", every_way_to_give_a_value, operands_stand_anywhere,
      defaults_hold_when_nothing_is_said, many_are_kept_in_order_else_the_last_holds,
      help_is_found_before_anything_is_checked, a_wrong_option_is_named,
      a_wrong_value_is_named_with_what_is_allowed, a_long_value_is_cut, a_secret_is_no_flag,
      a_flag_wins_over_the_environment, an_empty_variable_is_none_and_a_verbs_own_option_has_none,
      flags_from_the_environment, a_wrong_variable_is_named, a_file_holds_the_value,
      a_file_that_cannot_be_used_is_named, an_option_may_be_called_file,
      properties_of_the_environment, a_propertys_secret_comes_from_a_file_too,
      a_wrong_property_is_named, print_shows_value_and_origin, help_is_made_of_the_table,
      asking_for_what_is_not_declared_is_a_bug, the_nearest_name_is_offered)
