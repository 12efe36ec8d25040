/* Log: what a line looks like for any bytes, what is told at which level, one write a line, and
 * SQLite's lines. */
#include <errno.h>
#include <evt/log.h>
#include <evt/utf8.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <regex.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test/lib/folder.h"
#include "test/lib/mortal.h"
#include "test/lib/suite.h"

#define LINE_MAX_LEN 4096
#define TIME_LEN     24 /* of "2026-11-21T10:20:30.123Z" */

static struct folder folder;
static int err_was = -1;
static char *told;

static void begin(enum evt_log_level level, enum evt_log_format format, const char *service)
{
    int to;

    folder_init(&folder);
    evt_log_init(level, format, service);
    to = open(folder_path(&folder, "err"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ck_assert_int_ge(to, 0);
    err_was = dup(STDERR_FILENO);
    ck_assert_int_ge(dup2(to, STDERR_FILENO), 0);
    close(to);
}

/* What was written since the begin, in `told`. */
static void end(void)
{
    ck_assert_int_ge(dup2(err_was, STDERR_FILENO), 0);
    close(err_was);
    free(told);
    told = folder_read(&folder, "err", NULL);
    folder_release(&folder);
    evt_log_init(EVT_LOG_INFO, EVT_LOG_TEXT, NULL);
}

static void ck_matches(const char *text, const char *pattern)
{
    regex_t regex;

    ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    ck_assert_msg(regexec(&regex, text, 0, NULL, 0) == 0, "%s is not like %s", text, pattern);
    regfree(&regex);
}

/* The line behind its time. */
static void ck_text(const char *want)
{
    ck_assert_uint_gt(strlen(told), TIME_LEN);
    ck_assert_str_eq(told + TIME_LEN, want);
}

START_TEST(a_line_of_text)
{
    begin(EVT_LOG_INFO, EVT_LOG_TEXT, "product");
    EVT_LOG(INFO, "caught up", EVT_FN("shard", 3), EVT_FN("offset", INT64_MIN));
    end();
    ck_text(" info  caught up service=product shard=3 offset=-9223372036854775808\n");
    ck_matches(told, "^2[0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{3}Z "
                     "info");
}
END_TEST

START_TEST(a_line_without_service_and_fields)
{
    begin(EVT_LOG_DEBUG, EVT_LOG_TEXT, NULL);
    evt_log(EVT_LOG_ERROR, "it ends", NULL);
    end();
    ck_text(" error it ends\n");
}
END_TEST

START_TEST(values_that_need_it_are_quoted)
{
    static const struct {
        const char *value, *want;
    } cases[] = {{"plain", "plain"},
                 {"/a/b:9092,c", "/a/b:9092,c"},
                 {"straße€", "straße€"},
                 {"", "\"\""},
                 {NULL, "\"\""},
                 {"two words", "\"two words\""},
                 {"a=b", "\"a=b\""},
                 {"say \"hi\"", "\"say \\\"hi\\\"\""},
                 {"back\\slash", "\"back\\\\slash\""},
                 {"a\nb\tc\rd", "\"a\\nb\\tc\\rd\""},
                 {"\x1b[31m", "\"\\u001b[31m\""},
                 {"\x7f", "\"\\u007f\""},
                 {"\xc2\x9b", "\"\\u009b\""},
                 {"\xc2\xa0", "\xc2\xa0"},
                 {"bad\xff\xc3", "\"bad\xef\xbf\xbd\xef\xbf\xbd\""}};
    char want[128];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin(EVT_LOG_INFO, EVT_LOG_TEXT, NULL);
        EVT_LOG(WARN, "x", EVT_FT("v", cases[i].value));
        end();
        snprintf(want, sizeof(want), " warn  x v=%s\n", cases[i].want);
        ck_text(want);
    }
}
END_TEST

START_TEST(the_text_cannot_begin_a_line)
{
    begin(EVT_LOG_INFO, EVT_LOG_TEXT, NULL);
    evt_log(EVT_LOG_INFO, "a\n2026 \"forged\"\x1b", NULL);
    end();
    ck_text(" info  a\\n2026 \"forged\"\\u001b\n");
}
END_TEST

START_TEST(a_line_of_json)
{
    begin(EVT_LOG_INFO, EVT_LOG_JSON, "product");
    EVT_LOG(INFO, "caught \"up\"\n", EVT_FN("shard", 3), EVT_FT("why", "\x01\xff€\\"));
    end();
    ck_assert_ptr_eq(strstr(told, "{\"time\":\"2"), told);
    ck_assert_str_eq(
        strchr(told, 'Z'),
        "Z\",\"level\":\"info\",\"message\":\"caught \\\"up\\\"\\n\",\"service\":\"product\","
        "\"shard\":3,\"why\":\"\\u0001\xef\xbf\xbd€\\\\\"}\n");
}
END_TEST

/* Every byte, and lengths around every limit: always one valid object, one line, within bounds. */
START_TEST(json_is_valid_for_any_bytes)
{
    char value[6001];
    uint32_t seed = 4711;
    json_t *json;
    json_error_t error;

    for (size_t len = 0; len < sizeof(value); len += len < 64 ? 1 : 97) {
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1664525 + 1013904223;
            value[i] = (char)(1 + (seed >> 16) % 255);
        }
        value[len] = '\0';
        begin(EVT_LOG_INFO, EVT_LOG_JSON, "s");
        EVT_LOG(INFO, value, EVT_FT(len < 64 ? value : "k", value), EVT_FT("b", value),
                EVT_FT("c", value), EVT_FT("d", value), EVT_FT("last", value));
        end();
        ck_assert_uint_le(strlen(told), LINE_MAX_LEN);
        ck_assert_ptr_eq(strchr(told, '\n'), told + strlen(told) - 1);
        ck_assert(evt_utf8_valid(told, strlen(told)));
        json = json_loads(told, 0, &error);
        ck_assert_msg(json != NULL, "%zu: %s: %s", len, error.text, told);
        /* A line says so when its end is missing, and only then. */
        ck_assert_int_eq(json_is_true(json_object_get(json, "cut")),
                         !json_object_get(json, "last"));
        ck_assert(len > 100 || json_object_get(json, "last"));
        ck_assert(len < 1000 || !json_object_get(json, "last"));
        json_decref(json);
    }
}
END_TEST

START_TEST(a_long_value_and_a_long_line_are_cut)
{
    char value[3000], *at;

    memset(value, 'x', sizeof(value));
    value[sizeof(value) - 1] = '\0';
    begin(EVT_LOG_INFO, EVT_LOG_TEXT, NULL);
    EVT_LOG(INFO, "t", EVT_FT("a", value));
    end();
    ck_assert_uint_gt(strlen(told), 1024);
    ck_assert_uint_lt(strlen(told), 1100);
    ck_assert_str_eq(told + strlen(told) - 6, "xx...\n");
    begin(EVT_LOG_INFO, EVT_LOG_TEXT, NULL);
    EVT_LOG(INFO, "t", EVT_FT("a", value), EVT_FT("b", value), EVT_FT("c", value),
            EVT_FT("d", value), EVT_FT("e", "short"));
    end();
    ck_assert_uint_le(strlen(told), LINE_MAX_LEN);
    at = strstr(told, " c=");
    ck_assert_ptr_nonnull(at);
    ck_assert_ptr_null(strstr(at, " d="));
    ck_assert_ptr_null(strstr(at, " e="));
    ck_assert_str_eq(told + strlen(told) - 13, "... cut=true\n");
}
END_TEST

START_TEST(what_is_below_the_level_is_not_told)
{
    begin(EVT_LOG_WARN, EVT_LOG_TEXT, NULL);
    evt_log(EVT_LOG_ERROR, "1", NULL);
    evt_log(EVT_LOG_WARN, "2", NULL);
    evt_log(EVT_LOG_INFO, "3", NULL);
    evt_log(EVT_LOG_DEBUG, "4", NULL);
    end();
    ck_matches(told, "^[^\n]* error 1\n[^\n]* warn  2\n$");
    begin(EVT_LOG_DEBUG, EVT_LOG_TEXT, NULL);
    evt_log(EVT_LOG_DEBUG, "4", NULL);
    end();
    ck_text(" debug 4\n");
}
END_TEST

START_TEST(errno_is_kept)
{
    int closed = dup(STDERR_FILENO);

    close(STDERR_FILENO); /* nothing can be written */
    errno = ENOENT;
    evt_log(EVT_LOG_ERROR, "x", NULL);
    ck_assert_int_eq(errno, ENOENT);
    ck_assert_int_ge(dup2(closed, STDERR_FILENO), 0);
    close(closed);
}
END_TEST

START_TEST(names_of_levels_and_formats)
{
    enum evt_log_level level = EVT_LOG_INFO;
    enum evt_log_format format = EVT_LOG_TEXT;

    ck_assert(evt_log_level_parse("error", &level) && level == EVT_LOG_ERROR);
    ck_assert(evt_log_level_parse("warn", &level) && level == EVT_LOG_WARN);
    ck_assert(evt_log_level_parse("info", &level) && level == EVT_LOG_INFO);
    ck_assert(evt_log_level_parse("debug", &level) && level == EVT_LOG_DEBUG);
    ck_assert(!evt_log_level_parse("loud", &level) && level == EVT_LOG_DEBUG);
    ck_assert(evt_log_format_parse("json", &format) && format == EVT_LOG_JSON);
    ck_assert(evt_log_format_parse("text", &format) && format == EVT_LOG_TEXT);
    ck_assert(!evt_log_format_parse("xml", &format) && format == EVT_LOG_TEXT);
}
END_TEST

#define THREADS 4
#define LINES   200

static void *talk(void *arg)
{
    char value[900];

    memset(value, *(const char *)arg, sizeof(value));
    value[sizeof(value) - 1] = '\0';
    for (int i = 0; i < LINES; i++)
        EVT_LOG(INFO, "t", EVT_FT("a", value), EVT_FT("b", value), EVT_FT("c", value));
    return NULL;
}

START_TEST(threads_do_not_mix_their_lines)
{
    static char letters[] = "abcd";
    pthread_t threads[THREADS];
    char *rest, *line;
    int n = 0;

    begin(EVT_LOG_INFO, EVT_LOG_TEXT, NULL);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, talk, &letters[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    end();
    for (line = strtok_r(told, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest), n++) {
        const char *value = strstr(line, " a=");
        ck_assert_ptr_nonnull(value);
        ck_assert_uint_eq(strspn(value + 3, (const char[]){value[3], '\0'}), 899);
        ck_assert_uint_eq(strlen(line), TIME_LEN + strlen(" info  t") + 3 * (3 + 899));
    }
    ck_assert_int_eq(n, THREADS * LINES);
}
END_TEST

START_TEST(sqlite_tells_through_the_same_door)
{
    sqlite3 *db = NULL;

    ck_assert_int_eq(sqlite3_shutdown(), SQLITE_OK);
    evt_log_sqlite();
    begin(EVT_LOG_DEBUG, EVT_LOG_TEXT, NULL);
    ck_assert_int_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "CREATE TABLE t(a UNIQUE)", NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_exec(db, "INSERT INTO t VALUES(1),(1)", NULL, NULL, NULL);
    (void)sqlite3_exec(db, "SELECT absent", NULL, NULL, NULL);
    sqlite3_log(SQLITE_NOTICE_RECOVER_WAL, "recovered");
    sqlite3_log(SQLITE_IOERR_FSYNC, "fsync");
    sqlite3_close(db);
    end();
    ck_matches(told, "^[^\n]* debug sqlite code=2067 why=\"[^\n]*UNIQUE[^\n]*\"\n"
                     "[^\n]* warn  sqlite code=1 why=\"no such column: absent[^\n]*\"\n"
                     "[^\n]* info  sqlite code=283 why=recovered\n"
                     "[^\n]* error sqlite code=1034 why=fsync\n$");
    /* Later versions of SQLite take it at any time. */
    if (sqlite3_libversion_number() < 3042000) {
        ck_assert_int_eq(sqlite3_initialize(), SQLITE_OK);
        begin(EVT_LOG_ERROR, EVT_LOG_TEXT, NULL); /* SQLite complains of it, too */
        if (mortal_begin())
            evt_log_sqlite();
        ck_assert_ptr_nonnull(strstr(mortal_end(), "broken invariant"));
        end();
    }
    ck_assert_int_eq(sqlite3_shutdown(), SQLITE_OK);
    ck_assert_int_eq(sqlite3_config(SQLITE_CONFIG_LOG, NULL, NULL), SQLITE_OK);
}
END_TEST

START_TEST(a_service_name_is_bounded)
{
    char name[65];

    memset(name, 'x', sizeof(name));
    name[64] = '\0';
    if (mortal_begin())
        evt_log_init(EVT_LOG_INFO, EVT_LOG_TEXT, name);
    ck_assert_ptr_nonnull(strstr(mortal_end(), "broken invariant"));
    name[63] = '\0';
    evt_log_init(EVT_LOG_INFO, EVT_LOG_TEXT, name);
    evt_log_init(EVT_LOG_INFO, EVT_LOG_TEXT, NULL);
    free(told);
    told = NULL;
}
END_TEST

SUITE("log", a_line_of_text, a_line_without_service_and_fields, values_that_need_it_are_quoted,
      the_text_cannot_begin_a_line, a_line_of_json, json_is_valid_for_any_bytes,
      a_long_value_and_a_long_line_are_cut, what_is_below_the_level_is_not_told, errno_is_kept,
      names_of_levels_and_formats, threads_do_not_mix_their_lines,
      sqlite_tells_through_the_same_door, a_service_name_is_bounded)
