/* evt stream accept: a person's word that a held stream goes on without what is missing. */
#include "cli.h"

#include "answer.h"
#include "stores.h"

#include <events/evt.h>
#include <evt/mem.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct evt_option cli_accept_options[] = {
    {.name = "service",
     .value = "NAME",
     .help = "who holds it: a service or a subscription",
     .kind = EVT_OPTION_TEXT,
     .flag_only = true},
    {.name = "partition",
     .letter = 'p',
     .value = "P",
     .help = "which shard of it; else the one under --data-dir that holds it",
     .kind = EVT_OPTION_NUMBER,
     .max = INT32_MAX,
     .flag_only = true},
    {.name = "expected-mark",
     .value = "N",
     .help = "the mark that you saw",
     .kind = EVT_OPTION_NUMBER,
     .max = INT64_MAX,
     .flag_only = true},
    {.name = "new-mark",
     .value = "N",
     .help = "the number after which it goes on",
     .kind = EVT_OPTION_NUMBER,
     .max = INT64_MAX,
     .flag_only = true},
    {.name = "new-chain",
     .value = "HEX",
     .help = "the chain at that number, 16 characters",
     .kind = EVT_OPTION_TEXT,
     .flag_only = true},
    CLI_YES,
    CLI_DRY_RUN,
    CLI_ANSWER_TIMEOUT,
    {0},
};
const struct evt_example cli_accept_examples[] = {
    {"stream accept /shop/order/0/9f3a11c2d4e5b607 --service product --expected-mark 6"
     " --new-mark 7 --new-chain 51d0a7be32c4f918",
     "go on behind number 7, which is lost"},
    {0},
};
const char cli_accept_help[] =
    "A stream is held when a message of it is missing, differs, or cannot be read yet. First try\n"
    "`evt resend`, or the newer version. Accepting gives up what lies between the marks: its\n"
    "effects never happen there; of what waits, all that does not follow from the new mark is\n"
    "forgotten. SOURCE, marks and chains are shown by `evt stream list`.";

struct accepting {
    const struct evt_conf *conf;
    const char *source, *name; /* of the holder */
    const struct evt_topic *topic;
    bool subscription;
    int32_t partition; /* -1: not found */
    size_t found;
    const struct cli_shard *shard;
    uint64_t mark;
};

static void match(void *arg, const struct cli_held *held)
{
    struct accepting *a = arg;

    if (strcmp(held->source, a->source) != 0)
        return;
    a->found++;
    a->partition = a->shard->partition;
    a->mark = held->mark;
}

static bool find_one(void *arg, const struct cli_shard *shard)
{
    struct accepting *a = arg;
    struct evt_store *st = NULL;
    enum evt_err rc = EVT_OK;

    if (strcmp(shard->name, a->name) != 0)
        return true;
    a->shard = shard;
    rc = cli_store_open(shard, &st, NULL);
    if (rc == EVT_OK)
        rc = cli_store_held(st, false, match, a, NULL);
    evt_store_close(st);
    return rc == EVT_OK;
}

static int find_partition(struct accepting *a)
{
    const char *data_dir = evt_conf_text(a->conf, "data-dir");

    EVT_BUG_ON(!a->topic);
    if (evt_conf_given(a->conf, "partition")) {
        const int64_t partition = evt_conf_number(a->conf, "partition");

        if (partition >= a->topic->partitions)
            return cli_refuse(EVT_EXIT_USAGE, "%s has no partition %d, the last is %d",
                              a->topic->stream, (int)partition, (int)a->topic->partitions - 1);
        a->partition = (int32_t)partition;
        return EVT_EXIT_OK;
    }
    cli_stores_each(data_dir, find_one, a);
    if (a->found == 0)
        return cli_refuse(EVT_EXIT_NOT_FOUND,
                          "no store of %s in %s holds a stream of %s: see `evt stream list`, or say"
                          " which shard (--partition)",
                          a->name, data_dir, a->source);
    if (a->found > 1)
        return cli_refuse(EVT_EXIT_USAGE,
                          "%zu shards of %s hold a stream of %s: say which"
                          " (--partition)",
                          a->found, a->name, a->source);
    return EVT_EXIT_OK;
}

static int find_holder(struct accepting *a)
{
    const struct evt_subscription *sub;

    if (!a->name)
        return cli_refuse(EVT_EXIT_USAGE, "say who holds it: --service product");
    sub = evt_registry_subscription(&evt_registry, a->name);
    a->subscription = sub != NULL;
    a->topic =
        sub ? sub->source : evt_registry_service_topic(&evt_registry, a->name, EVT_TOPIC_INBOX);
    if (!a->topic)
        return cli_refuse(EVT_EXIT_NOT_FOUND, "topics.json has no service or subscription %s",
                          a->name);
    return EVT_EXIT_OK;
}

static int check_options(const struct accepting *a)
{
    static const char *const needed[] = {"expected-mark", "new-mark", "new-chain"};
    const char *chain = evt_conf_text(a->conf, "new-chain");

    for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
        if (!evt_conf_given(a->conf, needed[i]))
            return cli_refuse(EVT_EXIT_USAGE, "--%s is missing: `evt stream list` shows it",
                              needed[i]);
    if (strlen(chain) != 16 || strspn(chain, "0123456789abcdef") != 16)
        return cli_refuse(EVT_EXIT_USAGE, "--new-chain %s: 16 lower-case hexadecimal characters",
                          chain);
    return EVT_EXIT_OK;
}

static int accept_stream(const struct accepting *a)
{
    struct cli_commands all = {.type = &evt_accept_stream_type, .topic = a->topic};
    const struct evt_accept_stream word = {
        .source = a->source,
        .expected_mark = evt_conf_number(a->conf, "expected-mark"),
        .new_mark = evt_conf_number(a->conf, "new-mark"),
        .new_chain = evt_conf_text(a->conf, "new-chain"),
    };
    char id[CLI_UUID_LEN + 1];
    struct evt_error err;
    enum evt_err rc = cli_uuid(id, &err);
    int status;

    cli_source(all.source, sizeof(all.source));
    if (rc == EVT_OK)
        rc = cli_commands_add(&all, &word, "accept", a->partition, id, NULL, &err);
    if (rc != EVT_OK) {
        status = cli_fail(&err);
        goto out;
    }
    fprintf(stderr, "evt: %s shard %d goes on with %s after %" PRId64 " instead of %" PRId64 "\n",
            a->name, (int)a->partition, a->source, word.new_mark, word.expected_mark);
    if (evt_conf_flag(a->conf, "dry-run"))
        status = EVT_EXIT_OK;
    else if (!cli_confirmed(a->conf))
        status = cli_refuse(EVT_EXIT_USAGE, "not published: it cannot be undone, say --yes");
    else
        status = cli_commands_obeyed(a->conf, &all, !a->subscription);
out:
    cli_commands_release(&all);
    return status;
}

int cli_stream_accept(const struct evt_conf *conf, void *arg)
{
    const char *const *operands;
    struct accepting a = {.conf = conf, .partition = -1};
    int status;

    (void)arg;
    evt_conf_operands(conf, &operands);
    a.source = operands[0];
    a.name = evt_conf_text(conf, "service");
    status = find_holder(&a);
    if (status == EVT_EXIT_OK)
        status = check_options(&a);
    if (status == EVT_EXIT_OK)
        status = find_partition(&a);
    return status == EVT_EXIT_OK ? accept_stream(&a) : status;
}
