/* Reconcile as a sub-command: what is read, and how differences are shown. */
#include "payment_options.h"
#include "reconcile.h"

#include <evt/clock.h>
#include <evt/command.h>
#include <evt/hash.h>
#include <evt/mem.h>
#include <evt/money.h>

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS (24LL * 60 * 60 * 1000)

struct show {
    bool *shards; /* by partition: its store is here */
    int32_t partitions;
    json_t *list; /* NULL: lines for people */
};

static int fail(const char *words, int status)
{
    fprintf(stderr, "svc-payment: reconcile: %s\n", words);
    return status;
}

/* An order that was never named may be anybody's: it is shown by whoever looks. */
static bool is_here(void *arg, const char *order_id)
{
    const struct show *show = arg;

    return !*order_id ||
           show->shards[evt_partition_of(order_id, strlen(order_id), show->partitions)];
}

/* ---- for people ---- */

static void say_ours(const struct reconcile_ours *ours)
{
    char amount[EVT_MONEY_MAX];

    evt_money_print(amount, ours->amount_minor, ours->currency);
    printf("ours %s %s %s", payment_state_str(ours->state), amount,
           *ours->intent ? ours->intent : "-");
}

static void say_theirs(const struct reconcile_theirs *theirs)
{
    char amount[EVT_MONEY_MAX], received[EVT_MONEY_MAX], refunded[EVT_MONEY_MAX];

    evt_money_print(amount, theirs->amount_minor, theirs->currency);
    evt_money_print(received, theirs->received_minor, theirs->currency);
    evt_money_print(refunded, theirs->refunded_minor, theirs->currency);
    printf("theirs %s %s, taken %s, back %s, %s", theirs->status, amount, received, refunded,
           theirs->id);
}

static void say(const struct reconcile_difference *difference)
{
    static const char *const words[] = {
        [RECONCILE_OURS_ONLY] = "ours only", [RECONCILE_THEIRS_ONLY] = "theirs only",
        [RECONCILE_STATE] = "another state", [RECONCILE_AMOUNT] = "another amount",
        [RECONCILE_STUCK] = "under way",
    };

    printf("%-36s  %-14s  ", *difference->order_id ? difference->order_id : "(no order)",
           words[difference->what]);
    if (difference->ours)
        say_ours(difference->ours);
    if (difference->ours && difference->theirs)
        printf("; ");
    if (difference->theirs)
        say_theirs(difference->theirs);
    putchar('\n');
}

/* ---- for programs ---- */

static json_t *ours_json(const struct reconcile_ours *ours)
{
    if (!ours)
        return json_null();
    return json_pack("{s:s, s:I, s:s, s:s}", "state", payment_state_str(ours->state),
                     "amount_minor", (json_int_t)ours->amount_minor, "currency", ours->currency,
                     "intent", ours->intent);
}

static json_t *theirs_json(const struct reconcile_theirs *theirs)
{
    if (!theirs)
        return json_null();
    return json_pack("{s:s, s:s, s:I, s:s, s:I, s:I}", "id", theirs->id, "status", theirs->status,
                     "amount_minor", (json_int_t)theirs->amount_minor, "currency", theirs->currency,
                     "received_minor", (json_int_t)theirs->received_minor, "refunded_minor",
                     (json_int_t)theirs->refunded_minor);
}

static void each(void *arg, const struct reconcile_difference *difference)
{
    struct show *show = arg;

    if (!show->list)
        say(difference);
    else
        json_array_append_new(show->list,
                              json_pack("{s:s, s:s, s:o, s:o}", "order_id", difference->order_id,
                                        "what", reconcile_what_str(difference->what), "ours",
                                        ours_json(difference->ours), "theirs",
                                        theirs_json(difference->theirs)));
}

static void say_shards(const struct show *show)
{
    for (int32_t p = 0; p < show->partitions; p++)
        if (!show->shards[p])
            fprintf(stderr,
                    "svc-payment: reconcile: the store of shard %d is not in this data folder: its "
                    "orders are left out\n",
                    (int)p);
}

static void show_result(const struct show *show, const struct reconcile_result *result)
{
    say_shards(show);
    if (!show->list) {
        fprintf(stderr, "svc-payment: reconcile: %zu agree, %zu differ, %zu in motion\n",
                result->agree, result->different, result->moving);
        return;
    }
    json_t *json = json_pack("{s:I, s:I, s:I, s:O}", "agree", (json_int_t)result->agree, "differ",
                             (json_int_t)result->different, "in_motion", (json_int_t)result->moving,
                             "differences", show->list);

    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}

/* ---- */

static int run(const struct evt_conf *conf, const char *url, const char *key, struct show *show)
{
    const int64_t now_ms = evt_clock_wall_ms();
    const int64_t since_ms = now_ms - evt_conf_number(conf, "days") * DAY_MS;
    const char *data_dir = evt_conf_text(conf, "data-dir");
    const struct reconcile_options opt = {
        .since_ms = since_ms,
        .stuck_ms = now_ms - DAY_MS, /* longer than a call is repeated */
        .is_here = is_here,
        .each = each,
        .arg = show,
    };
    struct reconcile_books before = {0}, books = {0};
    struct reconcile_result result = {0};
    struct evt_error err;
    size_t n = 0;
    int status = EVT_EXIT_OK;
    enum evt_err rc = reconcile_read_ours(data_dir, &before, show->shards, &n, &err);

    if (rc == EVT_OK && n == 0) {
        status = fail("there is no store of svc-payment in the data folder: say --data-dir",
                      EVT_EXIT_NOT_FOUND);
        goto out;
    }
    if (rc == EVT_OK) /* a day more: clocks differ, and a call may have waited */
        rc = reconcile_read_theirs(url, key, since_ms - DAY_MS, &books, &err);
    if (rc == EVT_OK)
        rc = reconcile_read_ours(data_dir, &books, show->shards, &n, &err);
    if (rc != EVT_OK) {
        status = fail(err.text, EVT_EXIT_FAILURE);
        goto out;
    }
    result = reconcile(&before, &books, &opt);
    show_result(show, &result);
    status = result.different ? EVT_EXIT_DIFFERENT : EVT_EXIT_OK;
out:
    reconcile_books_release(&before);
    reconcile_books_release(&books);
    return status;
}

int reconcile_command(const struct evt_conf *conf, void *arg)
{
    const char *url = evt_conf_text(conf, PAYMENT_PSP_URL);
    const char *key = payment_psp_key(url, evt_conf_text(conf, PAYMENT_PSP_KEY));
    struct show show = {
        .partitions =
            evt_registry_service_topic(&evt_registry, "payment", EVT_TOPIC_INBOX)->partitions,
    };
    int status;

    (void)arg;
    if (strcmp(url, PAYMENT_PSP_INSIDE) == 0)
        return fail("the provider inside keeps no books: say --psp-url", EVT_EXIT_USAGE);
    if (!payment_psp_is_private(url))
        return fail(
            "the secret key would go there for everybody to read: say --psp-url https://...",
            EVT_EXIT_USAGE);
    if (!key)
        return fail("set PSP_KEY: only a provider on this machine does without", EVT_EXIT_USAGE);
    show.shards = evt_zalloc((size_t)show.partitions * sizeof(*show.shards));
    show.list = evt_conf_flag(conf, "json") ? json_array() : NULL;
    status = run(conf, url, key, &show);
    json_decref(show.list);
    evt_free(show.shards);
    return status;
}
