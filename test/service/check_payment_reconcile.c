/* Reconcile: our books against the provider's. First the comparison alone, then the sub-command
 * with a store and the stand-in. */
#include "libevents/src/main_internal.h"
#include "svc-payment/payment_service.h"
#include "svc-payment/reconcile.h"
#include "svc-payment/statements.h"

#include "test/lib/provider.h"
#include "test/lib/suite.h"

#include <evt/command.h>
#include <evt/mem.h>
#include <evt/store.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern const struct evt_migration payment_sql[];

#define SINCE 1000

/* ---- the comparison ---- */

static struct reconcile_books before, books;
static struct evt_buf told;

static void ours(const char *order_id, enum payment_state state, int64_t amount_minor,
                 const char *intent)
{
    const struct reconcile_ours row = {.order_id = order_id,
                                       .state = state,
                                       .amount_minor = amount_minor,
                                       .currency = "EUR",
                                       .intent = intent,
                                       .asked_ms = SINCE,
                                       .changed_ms = SINCE};

    reconcile_add_ours(&before, &row);
    reconcile_add_ours(&books, &row);
}

static void theirs(const char *id, const char *order_id, const char *status, int64_t amount_minor)
{
    const bool taken = strcmp(status, "succeeded") == 0;
    const struct reconcile_theirs row = {.id = id,
                                         .order_id = order_id,
                                         .status = status,
                                         .currency = "EUR",
                                         .created_ms = SINCE,
                                         .amount_minor = amount_minor,
                                         .received_minor = taken ? amount_minor : 0};

    reconcile_add_theirs(&books, &row);
    reconcile_sort_theirs(&books);
}

static void each(void *arg, const struct reconcile_difference *difference)
{
    (void)arg;
    evt_buf_printf(&told, "%s %s %s %s;", reconcile_what_str(difference->what),
                   difference->order_id,
                   difference->ours ? payment_state_str(difference->ours->state) : "-",
                   difference->theirs ? difference->theirs->status : "-");
}

static bool not_o_9(void *arg, const char *order_id)
{
    (void)arg;
    return strcmp(order_id, "o-9") != 0;
}

static void ck_says(int at, const char *want, size_t agree, size_t different, size_t moving)
{
    const struct reconcile_options opt = {.since_ms = SINCE,
                                          .stuck_ms = SINCE,
                                          .is_here = not_o_9,
                                          .each = each};
    struct reconcile_result result;

    evt_buf_clear(&told);
    result = reconcile(&before, &books, &opt);
    ck_assert_msg(strcmp(evt_buf_text(&told), want) == 0, "line %d: %s", at, evt_buf_text(&told));
    ck_assert_uint_eq(result.agree, agree);
    ck_assert_uint_eq(result.different, different);
    ck_assert_uint_eq(result.moving, moving);
    reconcile_books_release(&before);
    reconcile_books_release(&books);
    memset(&before, 0, sizeof(before));
    memset(&books, 0, sizeof(books));
    evt_buf_release(&told);
    memset(&told, 0, sizeof(told));
}
#define SAYS(want, agree, different, moving) ck_says(__LINE__, want, agree, different, moving)

START_TEST(empty_books_agree)
{
    SAYS("", 0, 0, 0);
}
END_TEST

START_TEST(what_is_the_same_agrees)
{
    theirs("pi_4", "o-4", "succeeded", 4);
    theirs("pi_1", "o-1", "requires_capture", 1);
    theirs("pi_2", "o-2", "succeeded", 2);
    theirs("pi_3", "o-3", "canceled", 3);
    theirs("pi_5", "o-5", "requires_payment_method", 5);
    theirs("pi_6", "o-6", "requires_capture", 6);
    theirs("pi_7", "o-7", "canceled", 7);
    reconcile_add_refund(&books, "pi_4", 3, false);
    reconcile_add_refund(&books, "pi_4", 1, false);
    reconcile_add_refund(&books, "pi_none", 1, false);
    ours("o-8", PAYMENT_VOIDED, 0, "");
    ours("o-7", PAYMENT_CAPTURE_REFUSED, 7, "pi_7");
    ours("o-6", PAYMENT_CAPTURE_REFUSED, 6, "pi_6");
    ours("o-5", PAYMENT_DECLINED, 5, "");
    ours("o-4", PAYMENT_REFUNDED, 4, "pi_4");
    ours("o-3", PAYMENT_VOIDED, 3, "pi_3");
    ours("o-2", PAYMENT_CAPTURED, 2, "pi_2");
    ours("o-1", PAYMENT_AUTHORISED, 1, "pi_1");
    SAYS("", 8, 0, 0);
}
END_TEST

START_TEST(what_one_side_lacks_differs)
{
    ours("o-1", PAYMENT_CAPTURED, 1, "pi_1");
    theirs("pi_2", "o-2", "succeeded", 2);
    theirs("pi_3", "o-3", "requires_capture", 3);
    theirs("pi_4", "", "processing", 4);
    SAYS("ours_only o-1 captured -;theirs_only o-2 - succeeded;theirs_only o-3 - requires_capture;"
         "theirs_only  - processing;",
         0, 4, 0);
}
END_TEST

/* Nobody's money is there. */
START_TEST(what_came_to_nothing_is_not_missed)
{
    theirs("pi_1", "o-1", "requires_payment_method", 1);
    theirs("pi_2", "o-2", "canceled", 2);
    theirs("pi_3", "o-3", "succeeded", 3);
    reconcile_add_refund(&books, "pi_3", 3, false);
    SAYS("", 0, 0, 0);
}
END_TEST

START_TEST(another_state_differs)
{
    static const struct {
        enum payment_state state;
        const char *status, *want;
    } states[] = {
        {PAYMENT_AUTHORISED, "succeeded", "state o-1 authorised succeeded;"},
        {PAYMENT_AUTHORISED, "canceled", "state o-1 authorised canceled;"},
        {PAYMENT_CAPTURED, "requires_capture", "state o-1 captured requires_capture;"},
        {PAYMENT_CAPTURE_REFUSED, "succeeded", "state o-1 capture-refused succeeded;"},
        {PAYMENT_VOIDED, "requires_capture", "state o-1 voided requires_capture;"},
        {PAYMENT_REFUNDED, "succeeded", "state o-1 refunded succeeded;"},
        {PAYMENT_REFUNDED, "canceled", "state o-1 refunded canceled;"},
    };

    for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
        ours("o-1", states[i].state, 1, "pi_1");
        theirs("pi_1", "o-1", states[i].status, 1);
        SAYS(states[i].want, 0, 1, 0);
    }
    ours("o-1", PAYMENT_CAPTURED, 2, "pi_1");
    theirs("pi_1", "o-1", "succeeded", 2);
    reconcile_add_refund(&books, "pi_1", 1, false);
    SAYS("state o-1 captured succeeded;", 0, 1, 0);
}
END_TEST

START_TEST(another_amount_differs)
{
    ours("o-1", PAYMENT_CAPTURED, 2, "pi_1");
    theirs("pi_1", "o-1", "succeeded", 1);
    SAYS("amount o-1 captured succeeded;", 0, 1, 0);
    ours("o-1", PAYMENT_CAPTURED, 2, "pi_1");
    theirs("pi_1", "o-1", "succeeded", 2);
    books.theirs[0].currency = "USD";
    SAYS("amount o-1 captured succeeded;", 0, 1, 0);
    ours("o-1", PAYMENT_CAPTURED, 2, "pi_1");
    theirs("pi_1", "o-1", "succeeded", 2);
    books.theirs[0].received_minor = 1;
    SAYS("amount o-1 captured succeeded;", 0, 1, 0);
}
END_TEST

/* The customer pays twice: the worst that can be found. */
START_TEST(a_second_one_for_an_order_differs)
{
    ours("o-1", PAYMENT_CAPTURED, 1, "pi_1");
    ours("o-2", PAYMENT_DECLINED, 1, "");
    theirs("pi_1", "o-1", "succeeded", 1);
    theirs("pi_2", "o-1", "succeeded", 1);
    theirs("pi_3", "o-2", "requires_capture", 1);
    SAYS("theirs_only o-1 captured succeeded;theirs_only o-2 declined requires_capture;", 2, 2, 0);
}
END_TEST

START_TEST(what_is_under_way_is_in_motion)
{
    ours("o-1", PAYMENT_AUTHORISING, 1, "");
    ours("o-2", PAYMENT_CAPTURING, 1, "pi_2");
    ours("o-3", PAYMENT_VOIDING, 1, "pi_3");
    ours("o-4", PAYMENT_REFUNDING, 1, "pi_4");
    theirs("pi_1", "o-1", "requires_capture", 1);
    theirs("pi_3", "o-3", "canceled", 1);
    SAYS("", 0, 0, 4);
}
END_TEST

/* Its call is parked, perhaps: a person looks. */
START_TEST(what_is_under_way_for_long_is_stuck)
{
    ours("o-1", PAYMENT_AUTHORISING, 1, "");
    ours("o-2", PAYMENT_CAPTURING, 1, "pi_2");
    for (size_t i = 0; i < 2; i++)
        before.ours[i].changed_ms = books.ours[i].changed_ms = SINCE - 1;
    theirs("pi_1", "o-1", "requires_capture", 1);
    theirs("pi_2", "o-2", "succeeded", 1);
    SAYS("stuck o-1 authorising -;stuck o-2 capturing succeeded;"
         "theirs_only o-1 authorising requires_capture;",
         0, 3, 0);
}
END_TEST

START_TEST(what_changed_meanwhile_is_in_motion)
{
    ours("o-1", PAYMENT_AUTHORISED, 1, "pi_1");
    books.ours[0].state = PAYMENT_CAPTURED;
    ours("o-2", PAYMENT_CAPTURED, 1, "pi_2");
    books.ours[1].changed_ms++;
    reconcile_add_ours(&books, &(struct reconcile_ours){.order_id = "o-3",
                                                        .state = PAYMENT_CAPTURED,
                                                        .amount_minor = 1,
                                                        .currency = "EUR",
                                                        .intent = "pi_3",
                                                        .asked_ms = SINCE});
    theirs("pi_1", "o-1", "requires_capture", 1);
    SAYS("", 0, 0, 3);
}
END_TEST

START_TEST(what_is_older_is_not_missed)
{
    ours("o-1", PAYMENT_CAPTURED, 1, "pi_1");
    books.ours[0].asked_ms = SINCE - 1;
    theirs("pi_2", "o-2", "succeeded", 2);
    books.theirs[0].created_ms = SINCE - 1;
    SAYS("", 0, 0, 0);
    ours("o-1", PAYMENT_CAPTURED, 1, "pi_1");
    books.ours[0].asked_ms = SINCE - 1;
    theirs("pi_1", "o-1", "canceled", 1);
    SAYS("state o-1 captured canceled;", 0, 1, 0);
}
END_TEST

/* What is none of our amounts is not that of the whole one before it. */
START_TEST(an_odd_amount_is_another)
{
    ours("o-1", PAYMENT_AUTHORISED, 5, "pi_1");
    theirs("pi_1", "o-1", "requires_capture", 5);
    books.theirs[0].odd = true;
    ours("o-2", PAYMENT_REFUNDED, 5, "pi_2");
    theirs("pi_2", "o-2", "succeeded", 5);
    reconcile_add_refund(&books, "pi_2", 5, true);
    SAYS("amount o-1 authorised requires_capture;amount o-2 refunded succeeded;", 0, 2, 0);
}
END_TEST

START_TEST(what_another_machine_has_is_not_missed)
{
    theirs("pi_9", "o-9", "succeeded", 1);
    theirs("pi_8", "o-8", "succeeded", 1);
    SAYS("theirs_only o-8 - succeeded;", 0, 1, 0);
}
END_TEST

/* ---- the sub-command ---- */

static struct provider pr;
static struct folder folder;

/* A store for orders of shard `partition`. */
static void make_store(int32_t partition, const char *rows)
{
    char path[128], sql[1024];
    struct evt_store_options opt = {.path = path,
                                    .service = "payment",
                                    .partition = partition,
                                    .migrations = payment_sql,
                                    .statements = payment_statements};
    struct evt_store *st;
    struct evt_error err;

    snprintf(path, sizeof(path), "%s/payment", folder.path);
    (void)mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/payment/%d.db", folder.path, (int)partition);
    ck_ok(evt_store_open(&opt, &st, &err), err);
    ck_ok(evt_store_migrate(st, &err), err);
    snprintf(sql, sizeof(sql),
             "INSERT INTO payment (order_id, state, amount_minor, currency, intent, code, reason,"
             " closed, void_wanted, refund_wanted, asked_ms, changed_ms) VALUES %s",
             rows);
    if (*rows)
        ck_assert_msg(sqlite3_exec(evt_store_db(st), sql, NULL, NULL, NULL) == SQLITE_OK, "%s",
                      sqlite3_errmsg(evt_store_db(st)));
    evt_store_close(st);
}

/* As main has them. */
static const struct evt_option *options(void)
{
    static struct evt_option all[16];
    const struct evt_option *const tables[] = {payment_service.commands[0].options,
                                               payment_service.options};
    size_t n = 0;

    for (size_t i = 0; i < 2; i++)
        for (const struct evt_option *option = tables[i]; option->name; option++)
            all[n++] = *option;
    all[n] = (struct evt_option){.name = "data-dir",
                                 .value = "FOLDER",
                                 .help = "",
                                 .kind = EVT_OPTION_TEXT};
    return all;
}

static int run(int argc, const char *const *argv)
{
    struct evt_conf *conf;
    struct evt_error err;
    int status;

    if (!freopen(folder_path(&folder, "out"), "w", stdout) ||
        !freopen(folder_path(&folder, "err"), "w", stderr) ||
        evt_conf_parse(options(), argc, (char **)(uintptr_t)argv, &conf, &err) != EVT_OK)
        return 99;
    status = payment_service.commands[0].run(conf, NULL);
    evt_conf_free(conf);
    (void)fflush(NULL);
    return status;
}

/* Its status; what it says is in "out" and "err". In a process of its own, for these are its. */
static int reconciles(const char *url, const char *more)
{
    const char *const argv[] = {"reconcile", "--data-dir", folder.path, "--psp-url", url, more};
    const pid_t pid = fork();
    int status;

    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        _exit(run(more ? 6 : 5, argv));
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void ck_file(const char *name, const char *want)
{
    size_t len;
    char *text = folder_read(&folder, name, &len);

    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, want);
    free(text);
}

static const char *start(void)
{
    static char url[128];

    provider_init(&pr);
    provider_start(&pr);
    folder_init(&folder);
    snprintf(url, sizeof(url), "http://%s", psp_address(pr.psp));
    return url;
}

static void stop(void)
{
    provider_release(&pr);
    folder_release(&folder);
}

START_TEST(it_reads_both_books)
{
    const char *url = start();
    char rows[512], want[512];
    const char *intent = provider_pay(&pr, "pm_card_visa", 2198);
    char line[128];

    snprintf(rows, sizeof(rows),
             "('o-1', 'captured', 2198, 'EUR', '%s', '', '', 0, 0, 0, 9e12, 9e12)", intent);
    snprintf(want, sizeof(want),
             "o-1                                   another state   ours captured 21.98 EUR %s; "
             "theirs requires_capture 21.98 EUR, taken 0.00 EUR, back 0.00 EUR, %s\n",
             intent, intent);
    snprintf(line, sizeof(line), "POST /v1/payment_intents/%s/capture", intent);
    make_store(0, rows);
    make_store(1, "");
    ck_assert_int_eq(reconciles(url, NULL), EVT_EXIT_DIFFERENT);
    ck_file("out", want);
    ck_file("err", "svc-payment: reconcile: 0 agree, 1 differ, 0 in motion\n");
    provider_ask(&pr, line, "");
    ck_done(&pr);
    ck_assert_int_eq(reconciles(url, NULL), EVT_EXIT_OK);
    ck_file("out", "");
    ck_file("err", "svc-payment: reconcile: 1 agree, 0 differ, 0 in motion\n");
    stop();
}
END_TEST

/* Five kronur of ours are 500 of theirs, taken and back. */
START_TEST(it_counts_as_the_provider_does)
{
    const char *url = start();
    char rows[512], line[128], form[128];
    const char *intent;

    provider_ask(&pr, PROVIDER_CREATE,
                 "amount=500&currency=isk&confirm=true&payment_method=pm_card_visa"
                 "&capture_method=manual&metadata[order_id]=o-1");
    ck_done(&pr);
    intent = provider_text(&pr, "id");
    snprintf(rows, sizeof(rows), "('o-1', 'refunded', 5, 'ISK', '%s', '', '', 0, 0, 0, 9e12, 9e12)",
             intent);
    snprintf(line, sizeof(line), "POST /v1/payment_intents/%s/capture", intent);
    snprintf(form, sizeof(form), "payment_intent=%s", intent);
    make_store(0, rows);
    make_store(1, "");
    provider_ask(&pr, line, "");
    ck_done(&pr);
    provider_ask(&pr, "POST /v1/refunds", form);
    ck_done(&pr);
    ck_assert_int_eq(reconciles(url, NULL), EVT_EXIT_OK);
    ck_file("err", "svc-payment: reconcile: 1 agree, 0 differ, 0 in motion\n");
    stop();
}
END_TEST

/* More than a page of each. */
START_TEST(it_reads_every_page)
{
    const char *url = start();
    char line[128], form[128], want[128];

    make_store(0, "");
    make_store(1, "");
    for (int i = 0; i < 230; i++) {
        const char *intent = provider_pay(&pr, "pm_card_visa", 100);

        snprintf(line, sizeof(line), "POST /v1/payment_intents/%s/capture", intent);
        snprintf(form, sizeof(form), "payment_intent=%s", intent);
        provider_ask(&pr, line, "");
        ck_done(&pr);
        if (i % 2 == 0)
            provider_ask(&pr, "POST /v1/refunds", form);
        ck_done(&pr);
    }
    snprintf(want, sizeof(want), "svc-payment: reconcile: 0 agree, 115 differ, 0 in motion\n");
    ck_assert_int_eq(reconciles(url, NULL), EVT_EXIT_DIFFERENT);
    ck_file("err", want);
    stop();
}
END_TEST

START_TEST(it_speaks_to_programs)
{
    const char *url = start();
    size_t len;
    char *text;
    json_t *json;

    make_store(0, "('o-1', 'captured', 2198, 'EUR', 'pi_x', '', '', 0, 0, 0, 9e12, 9e12),"
                  "('o-3', 'voided', 0, '', '', '', '', 0, 0, 0, 9e12, 9e12)");
    make_store(1, "");
    ck_assert_int_eq(reconciles(url, "--json"), EVT_EXIT_DIFFERENT);
    text = folder_read(&folder, "out", &len);
    json = json_loads(text, 0, NULL);
    free(text);
    text = json_dumps(json, JSON_COMPACT);
    ck_assert_str_eq(text, "{\"agree\":1,\"differ\":1,\"in_motion\":0,\"differences\":["
                           "{\"order_id\":\"o-1\",\"what\":\"ours_only\",\"ours\":{\"state\":"
                           "\"captured\",\"amount_minor\":2198,\"currency\":\"EUR\",\"intent\":"
                           "\"pi_x\"},\"theirs\":null}]}");
    free(text);
    json_decref(json);
    stop();
}
END_TEST

START_TEST(a_store_that_is_elsewhere_is_named)
{
    const char *url = start();

    make_store(0, "");
    ck_assert_int_eq(reconciles(url, NULL), EVT_EXIT_OK);
    ck_file("err", "svc-payment: reconcile: the store of shard 1 is not in this data folder: its "
                   "orders are left out\n"
                   "svc-payment: reconcile: 0 agree, 0 differ, 0 in motion\n");
    stop();
}
END_TEST

START_TEST(who_asks_too_often_waits)
{
    const char *url = start();

    make_store(0, "");
    make_store(1, "");
    provider_fault(&pr, "{\"fault\":\"rate_limit\",\"count\":1}");
    ck_assert_int_eq(reconciles(url, NULL), EVT_EXIT_OK);
    stop();
}
END_TEST

START_TEST(what_cannot_be_read_is_told)
{
    const char *url = start();
    char want[512], *text;
    size_t len;

    ck_assert_int_eq(reconciles(url, NULL), EVT_EXIT_NOT_FOUND);
    ck_file("err", "svc-payment: reconcile: there is no store of svc-payment in the data folder: "
                   "say --data-dir\n");
    make_store(0, "");
    make_store(1, "");
    ck_assert_int_eq(reconciles("inside", NULL), EVT_EXIT_USAGE);
    ck_file("err", "svc-payment: reconcile: the provider inside keeps no books: say --psp-url\n");
    ck_assert_int_eq(reconciles("http://192.0.2.1", NULL), EVT_EXIT_USAGE);
    ck_file("err", "svc-payment: reconcile: the secret key would go there for everybody to read: "
                   "say --psp-url https://...\n");
    ck_assert_int_eq(reconciles("https://192.0.2.1", NULL), EVT_EXIT_USAGE);
    ck_file("err", "svc-payment: reconcile: set PSP_KEY: only a provider on this machine does"
                   " without\n");
    provider_fault(&pr, "{\"fault\":\"error\",\"status\":503}");
    ck_assert_int_eq(reconciles(url, NULL), EVT_EXIT_FAILURE);
    snprintf(want, sizeof(want),
             "svc-payment: reconcile: input or output error: ask %s for its payment_intents: it"
             " answers 503\n",
             url);
    ck_file("err", want);
    setenv("PSP_KEY", "none of its", 1);
    ck_assert_int_eq(reconciles(url, NULL), EVT_EXIT_FAILURE);
    snprintf(want, sizeof(want),
             "svc-payment: reconcile: input or output error: ask %s for its payment_intents: it"
             " answers 401: set PSP_KEY\n",
             url);
    ck_file("err", want);
    unsetenv("PSP_KEY");
    provider_stop(&pr);
    ck_assert_int_eq(reconciles(url, NULL), EVT_EXIT_FAILURE);
    snprintf(want, sizeof(want),
             "svc-payment: reconcile: input or output error: ask %s for its payment_intents: Could",
             url);
    text = folder_read(&folder, "err", &len); /* the rest is libcurl's, and differs */
    ck_assert_msg(strncmp(text, want, strlen(want)) == 0, "%s", text);
    ck_assert_msg(strstr(text, ": say where the provider is (--psp-url)\n") != NULL, "%s", text);
    free(text);
    folder_write(&folder, "payment/1.db", "this is no store, and longer than a header", 42);
    ck_assert_int_eq(reconciles(url, NULL), EVT_EXIT_FAILURE);
    text = folder_read(&folder, "err", &len);
    ck_assert_msg(strstr(text, "/payment/1.db: ") != NULL, "%s", text);
    free(text);
    stop();
}
END_TEST

static bool has(const struct evt_option *option, const char *name)
{
    while (option->name && strcmp(option->name, name) != 0)
        option++;
    return option->name;
}

/* Beside all that every service has. */
START_TEST(it_is_a_sub_command)
{
    struct evt_command *commands = evt__main_commands_of(&payment_service), *command = commands;

    ck_assert_str_eq(command->name, "run");
    ck_assert(has(command->options, "psp-url"));
    ck_assert(!has(command->options, "days"));
    while (command->name && strcmp(command->name, "reconcile") != 0)
        command++;
    ck_assert_ptr_nonnull(command->name);
    ck_assert(has(command->options, "psp-url"));
    ck_assert(has(command->options, "days"));
    ck_assert_ptr_null(command[1].name);
    evt__main_commands_free(commands);
}
END_TEST

SUITE("payment reconcile", empty_books_agree, what_is_the_same_agrees, what_one_side_lacks_differs,
      what_came_to_nothing_is_not_missed, another_state_differs, another_amount_differs,
      a_second_one_for_an_order_differs, what_is_under_way_is_in_motion,
      what_is_under_way_for_long_is_stuck, what_changed_meanwhile_is_in_motion,
      what_is_older_is_not_missed, an_odd_amount_is_another, what_another_machine_has_is_not_missed,
      it_reads_both_books, it_counts_as_the_provider_does, it_reads_every_page,
      it_speaks_to_programs, a_store_that_is_elsewhere_is_named, who_asks_too_often_waits,
      what_cannot_be_read_is_told, it_is_a_sub_command)
