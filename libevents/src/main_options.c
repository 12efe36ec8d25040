/* Main's options: what several sub-commands read from them. */
#include "main_internal.h"
#include "saga_internal.h"

#include <evt/clock.h>
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

static size_t count(const struct evt_option *options)
{
    size_t n = 0;

    while (options && options[n].name)
        n++;
    return n;
}

/* Two of one name would shadow each other. */
static void check_own(const struct evt_option *ours, const struct evt_option *own)
{
    for (const struct evt_option *option = own; option && option->name; option++) {
        for (const struct evt_option *at = ours; at && at->name; at++)
            EVT_BUG_ON(strcmp(at->name, option->name) == 0);
        for (const struct evt_option *at = own; at < option; at++)
            EVT_BUG_ON(strcmp(at->name, option->name) == 0);
    }
}

static struct evt_option *join(const struct evt_option *ours, const struct evt_option *own)
{
    const size_t most = count(ours) + count(own);
    struct evt_option *all;
    size_t n = 0;

    if (most == 0)
        return NULL;
    all = evt_zalloc((most + 1) * sizeof(*all));
    for (; ours && ours->name; ours++)
        all[n++] = *ours;
    for (; own && own->name; own++)
        all[n++] = *own;
    return all;
}

static const struct evt_option *own_of(const struct evt_service *service,
                                       const struct evt_command *command)
{
    bool is_own = false;

    for (const struct evt_command *own = service->commands; own && own->name; own++)
        is_own = is_own || own->run == command->run;
    return is_own || command->run == evt__main_run || command->run == evt__main_check
               ? service->options
               : NULL;
}

struct evt_command *evt__main_commands_of(const struct evt_service *service)
{
    struct evt_command *commands;
    size_t n = 0, own = 0;

    for (const struct evt_command *at = evt__main_commands; at->name; at++, n++)
        check_own(at->options, own_of(service, at));
    for (const struct evt_command *at = service->commands; at && at->name; at++, own++)
        check_own(at->options, own_of(service, at));
    commands = evt_zalloc((n + own + 1) * sizeof(*commands));
    memcpy(commands, evt__main_commands, n * sizeof(*commands));
    if (own)
        memcpy(commands + n, service->commands, own * sizeof(*commands));
    for (size_t i = 0; i < n + own; i++)
        commands[i].options = join(commands[i].options, own_of(service, &commands[i]));
    return commands;
}

void evt__main_commands_free(struct evt_command *commands)
{
    for (struct evt_command *command = commands; command->name; command++)
        evt_free((struct evt_option *)(uintptr_t)command->options);
    evt_free(commands);
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

enum evt_err evt__main_check_sagas(const struct evt_service *service, const char *path,
                                   int32_t partition, const struct evt_meta *meta,
                                   struct evt_error *err)
{
    const struct evt_store_options opt = {.path = path,
                                          .service = service->name,
                                          .partition = partition,
                                          .read_only = true};
    const int64_t now_ms = evt_clock_ms();
    struct evt_store *st = NULL;
    enum evt_err rc = evt_store_open(&opt, &st, err);

    if (rc == EVT_OK)
        rc = evt__saga_check_instances(st, service, now_ms > meta->now_ms ? now_ms : meta->now_ms,
                                       err);
    evt_store_close(st);
    return rc == EVT_OK ? EVT_OK : evt_wrap(err, rc, "%s", path);
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

int evt__main_exit(enum evt_err code)
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
