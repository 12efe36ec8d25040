/* Subscriptions: see subscriptions.h. */
#include "subscriptions.h"

#include "settings.h"

#include <string.h>

static void read_subscription(struct model *m, const struct place *at, const json_t *json,
                              struct service *service)
{
    static const char *const known[] = {"topic", "key", "keys", NULL};
    struct subscription *sub = arena_zalloc(&m->arena, sizeof(*sub));
    const json_t *topic = json_object_get(json, "topic"), *key = json_object_get(json, "key");
    const json_t *keys = json_object_get(json, "keys");
    struct place keys_at = place_key(at, "keys");
    if (!setting_keys(m, at, json, known))
        return;
    if (!json_is_string(topic) || !json_is_string(key)) {
        refuse(&m->refusals, at, "a subscription needs a \"topic\" and a \"key\"");
        return;
    }
    if (keys && !json_is_object(keys))
        refuse(&m->refusals, &keys_at, "must be an object");
    sub->service = service;
    sub->path = place_path(at);
    sub->index = at->index;
    sub->name = json_string_value(topic); /* until topics_join knows the source */
    sub->key = json_string_value(key);
    for (void *iter = json_object_iter((json_t *)keys); iter;
         iter = json_object_iter_next((json_t *)keys, iter)) {
        struct place key_at = place_key(&keys_at, json_object_iter_key(iter));
        struct subscription_key *own = arena_zalloc(&m->arena, sizeof(*own));
        own->type = json_object_iter_key(iter);
        own->field = json_string_value(json_object_iter_value(iter));
        if (own->field)
            list_add(&m->arena, &sub->keys, own);
        else
            refuse(&m->refusals, &key_at, "must be the name of a field");
    }
    list_add(&m->arena, &service->subscriptions, sub);
    list_add(&m->arena, &m->subscriptions, sub);
}

void subscriptions_read(struct model *m, const struct place *service_at, const json_t *json,
                        struct service *service)
{
    struct place at = place_key(service_at, "subscriptions");
    const json_t *list = json_object_get(json, "subscriptions");
    if (list && !json_is_array(list))
        refuse(&m->refusals, &at, "must be a list");
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct place here = place_index(&at, i);
        read_subscription(m, &here, json_array_get(list, i), service);
    }
}

void subscription_join(struct model *m, struct subscription *sub)
{
    struct place file_at = place_file(sub->path), services_at = place_key(&file_at, "services");
    struct place service_at = place_key(&services_at, sub->service->name);
    struct place list_at = place_key(&service_at, "subscriptions");
    struct place at = place_index(&list_at, sub->index);
    for (size_t i = 0; i < m->services.n; i++) {
        struct service *source = m->services.items[i];
        if (!strcmp(source->events->stream, sub->name))
            sub->source = source;
    }
    if (!sub->source)
        refuse(&m->refusals, &at, "\"%s\" is not the events topic of a service, as \"user.events\"",
               sub->name);
    else if (sub->source == sub->service)
        refuse(&m->refusals, &at, "a service does not subscribe to its own facts");
    else
        sub->name = text_printf(&m->arena, "%s.%s", sub->service->name, sub->source->name);
    for (size_t i = 0; i < sub->service->subscriptions.n; i++) {
        const struct subscription *other = sub->service->subscriptions.items[i];
        if (other == sub)
            break;
        if (sub->source && other->source == sub->source)
            refuse(&m->refusals, &at, "%s subscribes to %s twice", sub->service->name,
                   sub->source->events->stream);
    }
}
