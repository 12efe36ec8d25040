/* Main's check: the lines that it prints, for a service that is as it should be and for ones that
 * are not. The cluster is librdkafka's stand-in. */
#include "libevents/src/main_internal.h"
#include "test/lib/fake_product.h"
#include "test/lib/folder.h"
#include "test/lib/suite.h"

#include <evt/stand_in.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534

static struct evt_error err;
static struct folder folder;
static struct evt_stand_in *stand_in;

static void begin(void)
{
    folder_init(&folder);
    ck_ok(evt_stand_in_new(&fake_registry, &stand_in, &err), err);
}

static void end(void)
{
    evt_stand_in_free(stand_in);
    folder_release(&folder);
}

/* What check prints of a service; the caller frees it. */
static char *check(const struct evt_service *service, const char *data, int want_status)
{
    struct evt_main main = {.program = "svc-test", .service = service};
    char brokers[100], data_dir[200];
    char *argv[] = {(char[]){"check"}, brokers, data_dir, NULL};
    struct evt_conf *conf;
    int was, to, status;

    snprintf(brokers, sizeof(brokers), "--kafka-bootstrap-servers=%s",
             evt_stand_in_brokers(stand_in));
    snprintf(data_dir, sizeof(data_dir), "--data-dir=%s", data);
    ck_ok(evt_conf_parse(evt__main_options, 3, argv, &conf, &err), err);
    fflush(stdout);
    was = dup(STDOUT_FILENO);
    to = open(folder_path(&folder, "out"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(dup2(to, STDOUT_FILENO), 0);
    status = evt__main_check(conf, &main);
    fflush(stdout);
    ck_assert_int_ge(dup2(was, STDOUT_FILENO), 0);
    close(to);
    close(was);
    evt_conf_free(conf);
    ck_assert_int_eq(status, want_status);
    return folder_read(&folder, "out", NULL);
}

static void expect(const struct evt_service *service, const char *line)
{
    char *out = check(service, folder.path, EVT_EXIT_FAILURE);

    ck_assert_msg(strstr(out, line) != NULL, "%s", out);
    ck_assert_msg(strstr(out, "\n1 wrong\n") != NULL, "%s", out);
    free(out);
}

START_TEST(what_is_well_can_start)
{
    char *out, want[2000];

    begin();
    snprintf(want, sizeof(want),
             "ok     every message has its handler\n"
             "ok     migrations run, statements fit, tables follow the rules\n"
             "ok     %s/product/0.db: there is none yet, it is built from its log\n"
             "ok     %s/product/1.db: there is none yet, it is built from its log\n"
             "ok     the cluster has the topics as topics.json declares them\n"
             "ok: svc-test run can start\n",
             folder.path, folder.path);
    out = check(&fake_product, folder.path, EVT_EXIT_OK);
    ck_assert_str_eq(out, want);
    ck_assert(access(folder_path(&folder, "product"), F_OK) != 0); /* nothing was made */
    free(out);
    end();
}
END_TEST

static void find_faults(const struct evt_conf *conf, struct evt_faults *faults)
{
    ck_assert_ptr_nonnull(evt_conf_text(conf, "data-dir"));
    evt_fault(faults, "tea-url '%s': say %s", "x", "http://host");
    evt_fault(faults, "tea-key is not set");
}

static void find_none(const struct evt_conf *conf, struct evt_faults *faults)
{
    (void)conf;
    (void)faults;
}

START_TEST(what_the_service_finds_of_its_options_is_listed)
{
    struct evt_service service = fake_product;
    char *out;

    begin();
    service.check_options = find_faults;
    out = check(&service, folder.path, EVT_EXIT_FAILURE);
    ck_assert_ptr_eq(strstr(out,
                            "wrong  tea-url 'x': say http://host\nwrong  tea-key is not set\nok "),
                     out);
    ck_assert_msg(strstr(out, "\n2 wrong\n") != NULL, "%s", out);
    free(out);
    service.check_options = find_none;
    out = check(&service, folder.path, EVT_EXIT_OK);
    ck_assert_ptr_eq(strstr(out, "ok     its own options have values that it can use\n"), out);
    free(out);
    end();
}
END_TEST

START_TEST(a_message_without_a_handler_is_wrong)
{
    struct evt_service service = fake_product;

    begin();
    service.handlers++;
    expect(&service, "wrong  the service's tables do not fit its declaration: ");
    end();
}
END_TEST

START_TEST(sql_that_does_not_fit_is_wrong)
{
    static const char *const statements[] = {"SELECT text FROM nowhere", NULL};
    static const struct evt_migration loose[] = {{1, "loose", "CREATE TABLE loose (a)"}, {0}};
    static const struct evt_migration broken[] = {{1, "broken", "CREATE TABEL x (a)"}, {0}};
    struct evt_service service = fake_product;

    begin();
    service.statements = statements;
    expect(&service, "\nwrong  SELECT text FROM nowhere: the store refuses a statement: no such "
                     "table: nowhere\n");
    service = fake_product;
    service.statements = NULL;
    service.migrations = loose;
    expect(&service, "\nwrong  a table breaks a rule of determinism: ");
    service.migrations = broken;
    expect(&service,
           "\nwrong  migration 1 (broken): the store refuses a statement: near \"TABEL\": "
           "syntax error\n");
    end();
}
END_TEST

START_TEST(a_folder_that_is_none_is_wrong)
{
    char data[200], want[400], *out;

    begin();
    folder_write(&folder, "file", "", 0);
    snprintf(data, sizeof(data), "%s/data", folder_path(&folder, "file"));
    snprintf(want, sizeof(want),
             "\nwrong  input or output error: %s: it is no folder: name another data-dir\n",
             folder_path(&folder, "file"));
    out = check(&fake_product, data, EVT_EXIT_FAILURE);
    ck_assert_msg(strstr(out, want) != NULL, "%s", out);
    ck_assert_msg(strstr(out, "\n2 wrong\n") != NULL, "%s", out); /* each of the shards */
    free(out);
    end();
}
END_TEST

/* Of this thread alone: the stand-in's go on as they are. */
static void look_as(uid_t uid)
{
    setfsuid(uid);
    ck_assert_int_eq(setfsuid((uid_t)-1), (int)uid);
}

/* For root everything may be written: then another user looks. */
START_TEST(what_may_not_be_written_is_wrong)
{
    static const char why[] = "Permission denied: let this user write there, or name another "
                              "data-dir\n";
    char path[200], want[600], *out;
    const bool root = geteuid() == 0;

    begin();
    ck_assert_int_eq(chmod(folder.path, 0755), 0);
    ck_assert_int_eq(mkdir(folder_path(&folder, "product"), 0777), 0);
    snprintf(path, sizeof(path), "%s", folder_path(&folder, "product/0.db.lock"));
    folder_write(&folder, "product/0.db.lock", "", 0);
    folder_write(&folder, "out", "", 0);
    ck_assert_int_eq(chmod(path, 0444), 0);
    ck_assert_int_eq(chmod(folder_path(&folder, "out"), 0666), 0);
    ck_assert_int_eq(chmod(folder_path(&folder, "product"), 0777), 0);
    look_as(root ? NOBODY : geteuid());
    out = check(&fake_product, folder.path, EVT_EXIT_FAILURE);
    snprintf(want, sizeof(want), "\nwrong  the store cannot be written: %s: %s", path, why);
    ck_assert_msg(strstr(out, want) != NULL, "%s", out);
    ck_assert_msg(strstr(out, "\n1 wrong\n") != NULL, "%s", out);
    free(out);
    look_as(geteuid());
    ck_assert_int_eq(chmod(folder_path(&folder, "product"), 0555), 0);
    look_as(root ? NOBODY : geteuid());
    out = check(&fake_product, folder.path, EVT_EXIT_FAILURE);
    snprintf(want, sizeof(want), "\nwrong  the store cannot be written: %s/product: %s",
             folder.path, why);
    ck_assert_msg(strstr(out, want) != NULL, "%s", out);
    ck_assert_msg(strstr(out, "\n2 wrong\n") != NULL, "%s", out);
    free(out);
    look_as(geteuid());
    ck_assert_int_eq(chmod(folder_path(&folder, "product"), 0777), 0);
    end();
}
END_TEST

SUITE("main_check", what_is_well_can_start, what_the_service_finds_of_its_options_is_listed,
      a_message_without_a_handler_is_wrong, sql_that_does_not_fit_is_wrong,
      a_folder_that_is_none_is_wrong, what_may_not_be_written_is_wrong)
