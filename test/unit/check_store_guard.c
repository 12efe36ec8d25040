/* The purity guard: what would make a store depend on more than its log is refused, by name. */
#include <evt/store.h>
#include <stdio.h>
#include <string.h>

#include "test/lib/folder.h"
#include "test/lib/suite.h"

#define GOOD "CREATE TABLE good (id INTEGER PRIMARY KEY, n INTEGER NOT NULL DEFAULT 0) STRICT;"

static struct folder folder;

static enum evt_err migrate(const char *sql, const char *statement, struct evt_store **ret_st,
                            struct evt_error *err)
{
    static struct evt_migration migrations[2];
    static const char *statements[2];
    struct evt_store_options opt = {.path = folder_path(&folder, "a.db"),
                                    .service = "test",
                                    .migrations = migrations,
                                    .statements = statements};
    enum evt_err rc;

    migrations[0] = (struct evt_migration){1, "first", sql};
    statements[0] = statement;
    ck_ok(evt_store_open(&opt, ret_st, err), *err);
    rc = evt_store_migrate(*ret_st, err);
    return rc;
}

struct refusal {
    const char *sql;
    enum evt_err code;
    const char *words;
};

#define PURITY  "a table breaks a rule of determinism: "
#define REFUSED "migration 1 (first): the store refuses a statement: "
static const struct refusal migrations[] = {
    {"CREATE TABLE bad (id INTEGER PRIMARY KEY)", EVT_E_PURITY, PURITY "bad is not STRICT"},
    {"CREATE TABLE bad (id INTEGER) STRICT", EVT_E_PURITY,
     PURITY "bad has no declared PRIMARY KEY: its rows would have no order"},
    {"CREATE TABLE bad (id INTEGER PRIMARY KEY, x REAL) STRICT", EVT_E_PURITY,
     PURITY "bad.x is REAL: store whole numbers, text or bytes"},
    {"CREATE TABLE bad (id INTEGER PRIMARY KEY, x ANY) STRICT", EVT_E_PURITY,
     PURITY "bad.x is ANY: store whole numbers, text or bytes"},
    {"CREATE TABLE bad (id INTEGER PRIMARY KEY, t TEXT DEFAULT current_timestamp) STRICT",
     EVT_E_PURITY, PURITY "bad.t: DEFAULT current_timestamp is not a literal"},
    {"CREATE TABLE bad (id INTEGER PRIMARY KEY, t INTEGER DEFAULT (random())) STRICT", EVT_E_PURITY,
     PURITY "bad.t: DEFAULT random() is not a literal"},
    {"CREATE TABLE bad (id INTEGER PRIMARY KEY AUTOINCREMENT) STRICT", EVT_E_PURITY,
     PURITY "bad uses AUTOINCREMENT: take numbers from the content"},
    {GOOD "CREATE TABLE bad (id INTEGER PRIMARY KEY, g INTEGER REFERENCES good DEFERRABLE "
          "INITIALLY DEFERRED) STRICT",
     EVT_E_PURITY,
     PURITY "bad has a deferred constraint: it would fail at COMMIT, after the sends"},
    {GOOD "CREATE TABLE bad (id INTEGER PRIMARY KEY, g INTEGER REFERENCES good DEFERRABLE "
          "initially\n  deferred) STRICT",
     EVT_E_PURITY,
     PURITY "bad has a deferred constraint: it would fail at COMMIT, after the sends"},
    {"CREATE TABLE \"b'd\" (id INTEGER PRIMARY KEY) STRICT", EVT_E_PURITY,
     PURITY "b'd: a table's name is at most 64 plain characters"},
    {"CREATE TABLE evt_mine (id INTEGER PRIMARY KEY) STRICT", EVT_E_MIGRATION,
     REFUSED "a migration may not touch libevents' table evt_mine"},
    {"UPDATE evt_meta SET pos = 9", EVT_E_MIGRATION,
     REFUSED "a migration may not touch libevents' table evt_meta"},
    {"DROP TABLE evt_marks", EVT_E_MIGRATION,
     REFUSED "a migration may not touch libevents' table evt_marks"},
    {GOOD "CREATE TRIGGER bad AFTER INSERT ON good BEGIN DELETE FROM good; END", EVT_E_MIGRATION,
     REFUSED "a migration may not create the trigger bad"},
    {"CREATE TEMP TABLE bad (id INTEGER PRIMARY KEY)", EVT_E_MIGRATION,
     REFUSED "a migration may not create the virtual or temporary table bad"},
    {"CREATE VIRTUAL TABLE bad USING fts5(x)", EVT_E_MIGRATION,
     REFUSED "a migration may not create the virtual or temporary table bad"},
    {"COMMIT", EVT_E_MIGRATION,
     REFUSED "a migration runs inside the store's transaction and may not begin or end one "},
    {"SAVEPOINT x", EVT_E_MIGRATION,
     REFUSED "a migration runs inside the store's transaction and may not begin or end one "},
    {"PRAGMA user_version = 3", EVT_E_MIGRATION,
     REFUSED "a migration may not attach a file or set a pragma: user_version"},
    {"ATTACH ':memory:' AS other", EVT_E_MIGRATION,
     REFUSED "a migration may not attach a file or set a pragma: :memory:"},
    {GOOD "INSERT INTO good (n) VALUES (unixepoch())", EVT_E_MIGRATION,
     REFUSED "unixepoch() is not a function of the log"},
};

START_TEST(a_migration_is_refused_by_name)
{
    const struct refusal *refusal = &migrations[_i];
    struct evt_store *st;
    struct evt_error err;

    folder_init(&folder);
    ck_refused(migrate(refusal->sql, NULL, &st, &err), err, refusal->code, refusal->words);
    evt_store_close(st);
    /* Nothing of it stayed. */
    ck_ok(migrate(GOOD, NULL, &st, &err), err);
    evt_store_close(st);
    folder_release(&folder);
}
END_TEST

#define HANDLER(sql) sql ": the store refuses a statement: "
static const struct refusal handlers[] = {
    {"SELECT pos FROM evt_meta", EVT_E_STORE_SQL,
     HANDLER("SELECT pos FROM evt_meta") "a handler may not touch libevents' table evt_meta"},
    {"DELETE FROM evt_marks", EVT_E_STORE_SQL,
     HANDLER("DELETE FROM evt_marks") "a handler may not touch libevents' table evt_marks"},
    {"SELECT x FROM local_cache", EVT_E_STORE_SQL,
     HANDLER("SELECT x FROM local_cache") "a handler may not touch the local table local_cache"},
    {"SELECT name FROM sqlite_schema", EVT_E_STORE_SQL,
     HANDLER(
         "SELECT name FROM sqlite_schema") "a handler may not touch SQLite's table sqlite_master"},
    {"CREATE TABLE x (id)", EVT_E_STORE_SQL,
     HANDLER("CREATE TABLE x (id)") "a handler may not touch SQLite's table sqlite_master"},
    {"SELECT rowid FROM named", EVT_E_STORE_SQL,
     HANDLER("SELECT rowid FROM named") "a handler may not read the undeclared rowid of named"},
    {"DELETE FROM named WHERE _rowid_ = 1", EVT_E_STORE_SQL,
     HANDLER(
         "DELETE FROM named WHERE _rowid_ = 1") "a handler may not read the undeclared rowid of "
                                                "named"},
    {"COMMIT", EVT_E_STORE_SQL,
     HANDLER("COMMIT") "a handler's statement may only select, insert, update and delete "},
    {"PRAGMA synchronous = OFF", EVT_E_STORE_SQL,
     HANDLER("PRAGMA synchronous = OFF") "a handler's statement may only select, insert, update "
                                         "and delete "},
};

START_TEST(a_handler_sees_only_what_the_log_determines)
{
    const struct refusal *refusal = &handlers[_i];
    struct evt_store *st;
    struct evt_error err;

    folder_init(&folder);
    ck_refused(migrate(GOOD "CREATE TABLE local_cache (x);"
                            "CREATE TABLE named (name TEXT PRIMARY KEY) STRICT",
                       refusal->sql, &st, &err),
               err, refusal->code, refusal->words);
    evt_store_close(st);
    folder_release(&folder);
}
END_TEST

static const char *const impure[] = {
    "random()",         "randomblob(4)",   "date()",
    "date('now')",      "time('now')",     "datetime('now')",
    "julianday('now')", "unixepoch()",     "strftime('%s')",
    "current_time",     "current_date",    "current_timestamp",
    "changes()",        "total_changes()", "last_insert_rowid()",
    "sqlite_version()",
};

START_TEST(a_function_that_is_not_of_the_log_raises)
{
    struct evt_store *st;
    struct evt_error err;
    sqlite3_stmt *row = NULL;
    char sql[64], words[128];

    folder_init(&folder);
    snprintf(sql, sizeof(sql), "SELECT %s", impure[_i]);
    snprintf(words, sizeof(words),
             "the store refuses a statement: %.*s() is not a function of the log",
             (int)strcspn(impure[_i], "("), impure[_i]);
    ck_ok(migrate(GOOD, sql, &st, &err), err);
    ck_refused(evt_store_query(st, 0, &row, &err, ""), err, EVT_E_STORE_SQL, words);
    evt_store_close(st);
    folder_release(&folder);
}
END_TEST

/* The check is over the schema, so it notices what came in behind the migrations' back too. */
START_TEST(a_changed_schema_is_checked_again)
{
    struct evt_store *st;
    struct evt_error err;

    folder_init(&folder);
    ck_ok(migrate(GOOD, NULL, &st, &err), err);
    ck_assert_int_eq(sqlite3_exec(evt_store_db(st), "CREATE TABLE sneaked (x)", NULL, NULL, NULL),
                     SQLITE_OK);
    ck_refused(evt_store_migrate(st, &err), err, EVT_E_PURITY, PURITY "sneaked is not STRICT");
    evt_store_close(st);
    folder_release(&folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store_guard");
    TCase *cases = tcase_create("store_guard");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(cases, a_migration_is_refused_by_name, 0,
                        sizeof(migrations) / sizeof(migrations[0]));
    tcase_add_loop_test(cases, a_handler_sees_only_what_the_log_determines, 0,
                        sizeof(handlers) / sizeof(handlers[0]));
    tcase_add_loop_test(cases, a_function_that_is_not_of_the_log_raises, 0,
                        sizeof(impure) / sizeof(impure[0]));
    tcase_add_test(cases, a_changed_schema_is_checked_again);
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
