/* Topics: see topics.h. */
#include "topics.h"

#include "messages.h"
#include "names.h"
#include "settings.h"
#include "subscriptions.h"

#include <string.h>

#define PARTITIONS_MAX 1024    /* a shard each; far more than a machine should own */
#define PARKED_MAX     1000000 /* rows that a held stream may leave in a store */
#define GENERATION_MAX INT32_MAX

/* ---- services ---- */

static struct evt_topic *add_topic(struct model *m, const struct place *service_at,
                                   const json_t *overrides, const struct service *service,
                                   enum evt_topic_kind kind, const char *name, const char *stream)
{
    static const char *const known[] = {"partitions", "retention_ms", "compression", NULL};
    struct place at = place_key(service_at, kind == EVT_TOPIC_INBOX    ? "inbox"
                                            : kind == EVT_TOPIC_EVENTS ? "events"
                                                                       : "dlt");
    struct evt_topic *topic = arena_zalloc(&m->arena, sizeof(*topic));
    int64_t partitions = m->partitions;
    topic->name = name;
    topic->stream = stream;
    topic->service = service->name;
    topic->kind = kind;
    topic->retention_ms = m->retention_ms;
    topic->compression = m->compression;
    if (overrides && setting_keys(m, &at, overrides, known)) {
        setting_number(m, &at, overrides, "partitions", 1, PARTITIONS_MAX, &partitions);
        setting_retention(m, &at, overrides, &topic->retention_ms);
        setting_compression(m, &at, overrides, &topic->compression);
    }
    topic->partitions = (int32_t)partitions;
    list_add(&m->arena, &m->topics, topic);
    return topic;
}

static void add_topics(struct model *m, const struct place *at, const json_t *json,
                       struct service *service)
{
    struct evt_arena *arena = &m->arena;
    const char *name = service->name;
    service->inbox = add_topic(m, at, json_object_get(json, "inbox"), service, EVT_TOPIC_INBOX,
                               text_printf(arena, "shop.%s.inbox.v1", name),
                               text_printf(arena, "%s.inbox", name));
    service->events = add_topic(m, at, json_object_get(json, "events"), service, EVT_TOPIC_EVENTS,
                                text_printf(arena, "shop.%s.events.v1", name),
                                text_printf(arena, "%s.events", name));
    service->dlt = add_topic(m, at, NULL, service, EVT_TOPIC_DLT,
                             text_printf(arena, "shop.%s.inbox.v1.dlt", name),
                             text_printf(arena, "%s.inbox.dlt", name));
    service->dlt->partitions = service->inbox->partitions;
    service->dlt->retention_ms = service->inbox->retention_ms;
    service->dlt->compression = service->inbox->compression;
}

static void read_service(struct model *m, const struct place *at, const char *name,
                         const json_t *json)
{
    static const char *const known[] = {"doc",        "subscriptions", "inbox", "events",
                                        "parked_max", "generation",    NULL};
    static const char *const again[] = {"subscriptions", NULL};
    struct service *service = model_service(m, name);
    const json_t *doc = json_object_get(json, "doc");
    if (service) {
        if (setting_keys(m, at, json, again))
            subscriptions_read(m, at, json, service);
        return;
    }
    if (!name_is_service(name) || !strcmp(name, SYSTEM_FOLDER) || !strcmp(name, OUTSIDE)) {
        refuse(&m->refusals, at, "\"%s\" cannot be the name of a service", name);
        return;
    }
    if (!setting_keys(m, at, json, known))
        return;
    if (!json_string_length(doc))
        refuse(&m->refusals, at, "a service needs a \"doc\"");
    service = arena_zalloc(&m->arena, sizeof(*service));
    service->name = name;
    service->doc = doc ? json_string_value(doc) : "";
    service->parked_max = m->parked_max;
    setting_number(m, at, json, "parked_max", 1, PARKED_MAX, &service->parked_max);
    service->generation = 1;
    setting_number(m, at, json, "generation", 1, GENERATION_MAX, &service->generation);
    list_add(&m->arena, &m->services, service);
    add_topics(m, at, json, service);
    subscriptions_read(m, at, json, service);
}

/* ---- the file ---- */

static void read_defaults(struct model *m, const struct root *root, const struct place *at,
                          const json_t *json)
{
    static const char *const known[] = {"partitions", "retention_ms", "compression", "parked_max",
                                        NULL};
    if (root != m->roots.items[0]) {
        if (json)
            refuse(&m->refusals, at, "only the first root has defaults");
        return;
    }
    if (!setting_keys(m, at, json, known))
        return;
    if (json_object_size(json) != 4)
        refuse(&m->refusals, at,
               "partitions, retention_ms, compression and parked_max must all be given");
    setting_number(m, at, json, "partitions", 1, PARTITIONS_MAX, &m->partitions);
    setting_retention(m, at, json, &m->retention_ms);
    setting_compression(m, at, json, &m->compression);
    setting_number(m, at, json, "parked_max", 1, PARKED_MAX, &m->parked_max);
}

void topics_read(struct model *m, struct root *root)
{
    static const char *const known[] = {"defaults", "services", "messages", NULL};
    struct place at = place_file(root->topics_path), defaults_at = place_key(&at, "defaults");
    struct place services_at = place_key(&at, "services"), messages_at = place_key(&at, "messages");
    struct source *source = arena_zalloc(&m->arena, sizeof(*source));
    struct evt_buf content = {0};
    if (!file_read(root->topics_path, &content)) {
        refuse(&m->refusals, &at, "is missing: it says who sends and takes each message");
        return;
    }
    source->bytes = evt_arena_strndup(&m->arena, evt_buf_text(&content), content.len);
    const json_t *json = model_json(m, root->topics_path, source->bytes, content.len);
    evt_buf_release(&content);
    if (!json || !setting_keys(m, &at, json, known))
        return;
    m->partitions = m->partitions ? m->partitions : 1;
    m->parked_max = m->parked_max ? m->parked_max : 1;
    read_defaults(m, root, &defaults_at, json_object_get(json, "defaults"));
    const json_t *services = json_object_get(json, "services");
    if (services && !json_is_object(services))
        refuse(&m->refusals, &services_at, "must be an object");
    for (void *iter = json_object_iter((json_t *)services); iter;
         iter = json_object_iter_next((json_t *)services, iter)) {
        struct place service_at = place_key(&services_at, json_object_iter_key(iter));
        read_service(m, &service_at, json_object_iter_key(iter), json_object_iter_value(iter));
    }
    messages_read(m, &messages_at, json_object_get(json, "messages"), root);
}

static int by_service(const void *a, const void *b)
{
    const struct service *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static int by_topic(const void *a, const void *b)
{
    const struct evt_topic *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static int by_subscription(const void *a, const void *b)
{
    const struct subscription *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

void topics_join(struct model *m)
{
    for (size_t i = 0; i < m->subscriptions.n; i++)
        subscription_join(m, m->subscriptions.items[i]);
    list_sort(&m->services, by_service);
    list_sort(&m->topics, by_topic);
    list_sort(&m->subscriptions, by_subscription);
}
