/* evt topics apply, evt topics diff: the topics of topics.json, as it was when evt was built,
 * against the cluster's. */
#include "cli.h"

#include <evt/cluster.h>
#include <evt/mem.h>

#include <jansson.h>
#include <stdio.h>

const struct evt_option cli_topics_options[] = {
    {.name = "service",
     .value = "NAME",
     .help = "only the topics that this service reads and writes",
     .kind = EVT_OPTION_TEXT,
     .flag_only = true},
    {.name = "dry-run",
     .help = "only say what would be done",
     .kind = EVT_OPTION_FLAG,
     .flag_only = true},
    {0},
};
const struct evt_example cli_apply_examples[] = {
    {"topics apply", "create what is missing, set what differs"},
    {"topics apply --service product", "what the product service needs, and nothing else"},
    {"topics apply --dry-run", "what that would do"},
    {0},
};
const struct evt_example cli_diff_examples[] = {
    {"topics diff", "what differs; exits 5 when something does"},
    {"topics diff --json", "a JSON object a line, for scripts"},
    {0},
};

/* All of them, or a service's; `ret_topics` has room for all. */
static int pick(const struct evt_conf *conf, const struct evt_topic **ret_topics, size_t *ret_n)
{
    const char *service = evt_conf_text(conf, "service");

    if (service && !evt_registry_declaration(&evt_registry, service))
        return cli_refuse(EVT_EXIT_NOT_FOUND, "topics.json has no service %s", service);
    if (service) {
        *ret_n = evt_cluster_topics_of(&evt_registry, service, ret_topics);
        return EVT_EXIT_OK;
    }
    for (size_t i = 0; i < evt_registry.topics_n; i++)
        ret_topics[i] = &evt_registry.topics[i];
    *ret_n = evt_registry.topics_n;
    return EVT_EXIT_OK;
}

struct showing {
    bool json;
    size_t n;
};

static const char *trouble_str(enum evt_topic_trouble trouble)
{
    switch (trouble) {
    case EVT_TOPIC_MISSING:
        return "missing";
    case EVT_TOPIC_PARTITIONS:
        return "partitions";
    case EVT_TOPIC_SETTING:
        return "setting";
    case EVT_TOPIC_NO_BIRTH:
        return "birth";
    }
    return "";
}

static void show(void *arg, const struct evt_topic_difference *d)
{
    struct showing *to = arg;
    json_t *line;

    to->n++;
    if (!to->json) {
        printf("%s\n", d->text);
        return;
    }
    line = json_pack("{s:s, s:s, s:s}", "topic", d->topic->name, "trouble", trouble_str(d->trouble),
                     "text", d->text);
    json_dumpf(line, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(line);
}

static void tell(void *arg, const char *text)
{
    (void)arg;
    printf("%s\n", text);
}

static enum evt_err diff(struct evt_cluster *cluster, const struct evt_topic *const *topics,
                         size_t n, const struct evt_conf *conf, int *ret_status,
                         struct evt_error *err)
{
    struct showing to = {.json = evt_conf_flag(conf, "json")};
    enum evt_err rc = evt_cluster_diff(cluster, topics, n, show, &to, err);

    if (rc != EVT_OK)
        return rc;
    if (to.n == 0)
        fprintf(stderr, "evt: all %zu topics are as topics.json says\n", n);
    *ret_status = to.n == 0 ? EVT_EXIT_OK : EVT_EXIT_DIFFERENT;
    return EVT_OK;
}

static int run(const struct evt_conf *conf, bool change)
{
    const struct evt_topic **topics =
        evt_zalloc((evt_registry.topics_n + 1) * sizeof(const struct evt_topic *));
    const struct evt_kafka kafka = cli_kafka(conf);
    struct evt_cluster *cluster = NULL;
    struct evt_error err;
    size_t n = 0;
    enum evt_err rc = EVT_OK;
    int status = pick(conf, topics, &n);

    if (status != EVT_EXIT_OK)
        goto out;
    rc = evt_cluster_open(&kafka, CLI_ANSWER_MS, &cluster, &err);
    if (rc == EVT_OK && !change)
        rc = diff(cluster, topics, n, conf, &status, &err);
    else if (rc == EVT_OK)
        rc = evt_cluster_apply(cluster, &evt_registry, topics, n, tell, NULL, &err);
    if (rc != EVT_OK)
        status = cli_fail(&err);
    else if (change)
        fprintf(stderr, "evt: all %zu topics on %s are as topics.json says\n", n, kafka.brokers);
out:
    evt_cluster_close(cluster);
    evt_free(topics);
    return status;
}

int cli_topics_apply(const struct evt_conf *conf, void *arg)
{
    int status = run(conf, !evt_conf_flag(conf, "dry-run"));

    (void)arg;
    return status == EVT_EXIT_DIFFERENT ? EVT_EXIT_OK : status;
}

int cli_topics_diff(const struct evt_conf *conf, void *arg)
{
    (void)arg;
    return run(conf, false);
}
