/* Main's options: what several sub-commands read from them. */
#include "main_internal.h"

#include <evt/mem.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum evt_err evt__main_generation(const struct evt_service *service, struct evt_error *err)
{
    const struct evt_declaration *declared =
        evt_registry_declaration(service->registry, service->name);

    if (!declared)
        return evt_fail(err, EVT_E_SERVICE, "topics.json does not declare the service %s",
                        service->name);
    if (declared->generation != service->generation)
        return evt_fail(err, EVT_E_SERVICE,
                        "topics.json says generation %u of %s and the service says %u: make them "
                        "equal and build again",
                        (unsigned)declared->generation, service->name,
                        (unsigned)service->generation);
    return EVT_OK;
}

/* A number at `*at`, which moves behind it; -1: there is none that a partition could have. */
static int32_t number_at(const char **at)
{
    const char *begin = *at;
    int64_t number = 0;

    for (; **at >= '0' && **at <= '9'; (*at)++) {
        number = number * 10 + (**at - '0');
        if (number > INT32_MAX)
            return -1;
    }
    return *at == begin ? -1 : (int32_t)number;
}

static enum evt_err malformed(const char *text, struct evt_error *err)
{
    return evt_fail(err, EVT_E_USAGE,
                    "shards '%s': say all, a list (0,2), a range (0-3) or a share (1/3: the second "
                    "of three)",
                    text);
}

static enum evt_err share(const char *text, int32_t ordinal, int32_t count, int32_t partitions,
                          int32_t *ret_shards, size_t *ret_n, struct evt_error *err)
{
    size_t n = 0;

    if (ordinal >= count)
        return evt_fail(err, EVT_E_USAGE, "shards '%s': the first number counts from 0 to %d", text,
                        (int)count - 1);
    for (int32_t p = ordinal; p < partitions; p += count)
        ret_shards[n++] = p;
    if (n == 0)
        return evt_fail(err, EVT_E_USAGE,
                        "shards '%s': there are only %d shards, this process would have none", text,
                        (int)partitions);
    *ret_n = n;
    return EVT_OK;
}

static enum evt_err pick(const char *text, int32_t first, int32_t last, int32_t partitions,
                         bool *picked, struct evt_error *err)
{
    if (last < first)
        return malformed(text, err);
    if (last >= partitions)
        return evt_fail(err, EVT_E_USAGE, "shards '%s': there is no shard %d, the last is %d", text,
                        (int)last, (int)partitions - 1);
    for (int32_t p = first; p <= last; p++) {
        if (picked[p])
            return evt_fail(err, EVT_E_USAGE, "shards '%s': %d is named twice", text, (int)p);
        picked[p] = true;
    }
    return EVT_OK;
}

static enum evt_err list(const char *text, int32_t partitions, bool *picked, struct evt_error *err)
{
    const char *at = text;

    for (;;) {
        const int32_t first = number_at(&at);
        int32_t last = first;
        enum evt_err rc;

        if (first >= 0 && *at == '-') {
            at++;
            last = number_at(&at);
        }
        if (first < 0 || last < 0 || (*at != ',' && *at != '\0'))
            return malformed(text, err);
        rc = pick(text, first, last, partitions, picked, err);
        if (rc != EVT_OK || *at == '\0')
            return rc;
        at++;
    }
}

enum evt_err evt__shards_parse(const char *text, int32_t partitions, int32_t *ret_shards,
                               size_t *ret_n, struct evt_error *err)
{
    const bool all = strcmp(text, "all") == 0;
    const char *at = text;
    const int32_t first = number_at(&at);
    bool *picked;
    size_t n = 0;
    enum evt_err rc = EVT_OK;

    if (first >= 0 && *at == '/') {
        int32_t count;

        at++;
        count = number_at(&at);
        if (count < 1 || *at != '\0')
            return malformed(text, err);
        return share(text, first, count, partitions, ret_shards, ret_n, err);
    }
    picked = evt_zalloc((size_t)partitions * sizeof(*picked));
    if (!all)
        rc = list(text, partitions, picked, err);
    for (int32_t p = 0; rc == EVT_OK && p < partitions; p++)
        if (all || picked[p])
            ret_shards[n++] = p;
    evt_free(picked);
    if (rc == EVT_OK)
        *ret_n = n;
    return rc;
}

enum evt_err evt__main_shards(const struct evt_main *main, const struct evt_conf *conf,
                              int32_t **ret_shards, size_t *ret_n, struct evt_error *err)
{
    const struct evt_topic *inbox =
        evt_registry_service_topic(main->service->registry, main->service->name, EVT_TOPIC_INBOX);
    int32_t *shards;
    enum evt_err rc;

    EVT_BUG_ON(!inbox); /* a declared service has one */
    shards = evt_alloc((size_t)inbox->partitions * sizeof(*shards));
    rc = evt__shards_parse(evt_conf_text(conf, "shards"), inbox->partitions, shards, ret_n, err);
    if (rc != EVT_OK) {
        evt_free(shards);
        return rc;
    }
    *ret_shards = shards;
    return EVT_OK;
}

/* Nobody is asked who he is yet, so nobody may come from another machine. */
enum evt_err evt__address_check(const char *address, struct evt_error *err)
{
    const char *colon = strrchr(address, ':');
    struct in_addr ip;
    char host[64];
    bool loopback;

    if (!colon || (size_t)(colon - address) >= sizeof(host))
        return evt_fail(err, EVT_E_USAGE, "http-addr '%.80s': say host:port, as 127.0.0.1:8081",
                        address);
    snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
    loopback = strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
               (inet_pton(AF_INET, host, &ip) == 1 && ntohl(ip.s_addr) >> 24 == 127);
    if (!loopback)
        return evt_fail(err, EVT_E_USAGE,
                        "http-addr '%s': until users can be told apart it listens on loopback "
                        "only, as 127.0.0.1%s",
                        address, colon);
    return EVT_OK;
}

struct evt_kafka evt__main_kafka(const struct evt_main *main, const struct evt_conf *conf)
{
    return (struct evt_kafka){
        .brokers = evt_conf_text(conf, "kafka-bootstrap-servers"),
        .properties = evt_conf_kafka(conf),
        .client = main->program,
    };
}

char *evt__main_store_path(const struct evt_conf *conf, const char *name, int32_t partition)
{
    struct evt_buf buf = {0};

    evt_buf_printf(&buf, "%s/%s/%d.db", evt_conf_text(conf, "data-dir"), name, (int)partition);
    return (char *)buf.data;
}

enum evt_err evt__main_meta(const char *path, const char *name, int32_t partition,
                            struct evt_meta *ret_meta, struct evt_error *err)
{
    const struct evt_store_options opt = {.path = path,
                                          .service = name,
                                          .partition = partition,
                                          .read_only = true};
    struct evt_store *st = NULL;
    enum evt_err rc = evt_store_open(&opt, &st, err);

    if (rc == EVT_OK)
        rc = evt_store_meta_get(st, ret_meta, err);
    evt_store_close(st);
    return rc;
}

static const struct evt_subscription *subscription(const struct evt_main *main, const char *name)
{
    const struct evt_subscription *sub = evt_registry_subscription(main->service->registry, name);

    return sub && strcmp(sub->service, main->service->name) == 0 ? sub : NULL;
}

enum evt_err evt__main_log(const struct evt_main *main, const struct evt_conf *conf,
                           struct evt_main_log *ret_log, struct evt_error *err)
{
    const char *name = evt_conf_text(conf, "subscription");
    struct evt_main_log log = {.name = main->service->name};

    if (name) {
        log.subscription = subscription(main, name);
        if (!log.subscription)
            return evt_fail(err, EVT_E_USAGE,
                            "%s has no subscription %s: describe lists what it has",
                            main->service->name, name);
        log.name = log.subscription->name;
    }
    log.topic = name ? log.subscription->source
                     : evt_registry_service_topic(main->service->registry, main->service->name,
                                                  EVT_TOPIC_INBOX);
    if (!evt_conf_given(conf, "partition") && log.topic->partitions > 1)
        return evt_fail(err, EVT_E_USAGE, "say which shard: --partition 0 to %d",
                        (int)log.topic->partitions - 1);
    if (evt_conf_given(conf, "partition"))
        log.partition = (int32_t)evt_conf_number(conf, "partition");
    if (log.partition >= log.topic->partitions)
        return evt_fail(err, EVT_E_USAGE, "%s has no partition %d, the last is %d", log.topic->name,
                        (int)log.partition, (int)log.topic->partitions - 1);
    *ret_log = log;
    return EVT_OK;
}

enum evt_exit evt__main_exit(enum evt_err code)
{
    if (code == EVT_OK)
        return EVT_EXIT_OK;
    if (code == EVT_E_USAGE)
        return EVT_EXIT_USAGE;
    if (code == EVT_E_STORE_NEWER || code == EVT_E_GENERATION_NEW)
        return EVT_EXIT_SUPERSEDED;
    return EVT_EXIT_FAILURE;
}

/* That it was wrong use shows in the exit status; the words say what was wrong. */
static const char *words_of(const struct evt_error *err)
{
    const size_t len = strlen(evt_err_str(EVT_E_USAGE));

    return err->code == EVT_E_USAGE && strncmp(err->text, evt_err_str(EVT_E_USAGE), len) == 0 &&
                   err->text[len] == ':'
               ? err->text + len + 2
               : err->text;
}

int evt__main_fail(const struct evt_main *main, const struct evt_error *err)
{
    fprintf(stderr, "%s: %s\n", main->program, words_of(err));
    return evt__main_exit(err->code);
}
