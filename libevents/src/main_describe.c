/* Main's describe: a service as JSON, from the tables that it runs by. */
#include "main_internal.h"

#include <evt/http.h>
#include <evt/mem.h>
#include <evt/saga.h>

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *senders(const struct evt_type *type)
{
    json_t *list = json_array();

    for (const char *const *sender = type->senders; sender && *sender; sender++)
        json_array_append_new(list, json_string(*sender));
    return list;
}

static bool sends(const struct evt_service *service, const struct evt_type *type)
{
    for (const char *const *sender = type->senders; sender && *sender; sender++)
        if (strcmp(*sender, service->name) == 0)
            return true;
    return false;
}

/* A fact comes under the key that the subscription chose. */
static const char *key_of(const struct evt_service *service, const struct evt_type *type)
{
    const struct evt_registry *reg = service->registry;

    for (size_t i = 0; type->kind == EVT_KIND_FACT && i < reg->subscriptions_n; i++) {
        const struct evt_subscription *sub = &reg->subscriptions[i];

        for (size_t k = 0; strcmp(sub->service, service->name) == 0 && k < sub->keys_n; k++)
            if (sub->keys[k].type == type)
                return sub->keys[k].field;
    }
    return type->key_field;
}

static json_t *messages_in(const struct evt_service *service)
{
    json_t *list = json_array();

    for (size_t i = 0; i < service->registry->types_n; i++) {
        const struct evt_type *type = service->registry->types[i];

        if (evt_service_takes(service, type))
            json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o}", "type", type->name,
                                                  "kind", evt_kind_str(type->kind), "key",
                                                  key_of(service, type), "from", senders(type)));
    }
    return list;
}

static json_t *messages_out(const struct evt_service *service)
{
    json_t *list = json_array();

    for (size_t i = 0; i < service->registry->types_n; i++) {
        const struct evt_type *type = service->registry->types[i];

        if (sends(service, type))
            json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "type", type->name,
                                                  "kind", evt_kind_str(type->kind), "key",
                                                  type->key_field, "topic", type->topic->name));
    }
    return list;
}

static json_t *topics(const struct evt_service *service)
{
    json_t *list = json_array();

    for (size_t i = 0; i < service->registry->topics_n; i++) {
        const struct evt_topic *topic = &service->registry->topics[i];

        if (strcmp(topic->service, service->name) == 0)
            json_array_append_new(list, json_pack("{s:s, s:i}", "name", topic->name, "partitions",
                                                  (int)topic->partitions));
    }
    return list;
}

static json_t *subscriptions(const struct evt_service *service)
{
    const struct evt_registry *reg = service->registry;
    json_t *list = json_array();

    for (size_t i = 0; i < reg->subscriptions_n; i++) {
        const struct evt_subscription *sub = &reg->subscriptions[i];
        json_t *keys;

        if (strcmp(sub->service, service->name) != 0)
            continue;
        keys = json_object();
        for (size_t k = 0; k < sub->keys_n; k++)
            json_object_set_new(keys, sub->keys[k].type->name, json_string(sub->keys[k].field));
        json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "name", sub->name, "source",
                                              sub->source->name, "keys", keys));
    }
    return list;
}

static json_t *timers(const struct evt_service *service)
{
    json_t *list = json_array();

    for (const struct evt_timer_handler *timer = service->timers; timer && timer->name; timer++)
        json_array_append_new(list, json_string(timer->name));
    return list;
}

static json_t *calls(const struct evt_service *service)
{
    json_t *list = json_array();

    for (const struct evt_call_handler *call = service->calls; call && call->name; call++)
        json_array_append_new(list, json_string(call->name));
    return list;
}

static json_t *saga_steps(const struct evt_saga *saga)
{
    json_t *list = json_array();

    for (const struct evt_saga_step *step = saga->steps; step->name; step++)
        json_array_append_new(list,
                              json_pack("{s:s, s:o, s:s, s:o, s:b}", "name", step->name, "stage",
                                        step->stage == EVT_SAGA_AFTER_UNDO
                                            ? json_null()
                                            : json_integer(step->stage),
                                        "asks", step->asks->name, "undoes",
                                        text_or_null(step->undoes ? step->undoes->name : NULL),
                                        "pivot", (step->flags & EVT_SAGA_PIVOT) != 0));
    return list;
}

static json_t *sagas(const struct evt_service *service)
{
    json_t *list = json_array();

    for (const struct evt_saga *const *saga = service->sagas; saga && *saga; saga++)
        json_array_append_new(list,
                              json_pack("{s:s, s:i, s:o}", "name", (*saga)->name, "definition",
                                        (int)(*saga)->number, "steps", saga_steps(*saga)));
    return list;
}

static json_t *migrations(const struct evt_service *service)
{
    json_t *list = json_array();

    for (const struct evt_migration *m = service->migrations; m && m->sql; m++)
        json_array_append_new(list,
                              json_pack("{s:i, s:s}", "number", (int)m->number, "name", m->name));
    return list;
}

static json_t *routes(const struct evt_service *service)
{
    struct evt_route *all = evt__health_routes(NULL, service->routes);
    json_t *list = json_array();

    for (const struct evt_route *route = all; route->method; route++)
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:o}", "method", route->method, "path",
                                        route->path, "summary", text_or_null(route->summary)));
    evt_free(all);
    return list;
}

/* "data-dir" is DATA_DIR. */
static json_t *environment_of(const struct evt_option *option)
{
    char name[64];
    size_t i;

    if (option->flag_only)
        return json_null();
    for (i = 0; option->name[i] && i + 1 < sizeof(name); i++)
        name[i] = (char)(option->name[i] == '-' ? '_' : toupper((unsigned char)option->name[i]));
    name[i] = '\0';
    return json_string(name);
}

static void add_options(json_t *list, const struct evt_option *option, const char *command)
{
    for (; option && option->name; option++) {
        json_t *json = json_pack("{s:s, s:o, s:o, s:o, s:o, s:s}", "name", option->name, "command",
                                 text_or_null(command), "environment", environment_of(option),
                                 "value", text_or_null(option->value), "default",
                                 text_or_null(option->fallback), "help", option->help);

        if (option->secret) /* not from the command line */
            json_object_set_new(json, "secret", json_true());
        json_array_append_new(list, json);
    }
}

static json_t *options(const struct evt_main *main)
{
    json_t *list = json_array();

    add_options(list, main->options, NULL);
    for (const struct evt_command *command = main->commands; command->name; command++)
        add_options(list, command->options, command->name);
    return list;
}

json_t *evt__describe(const struct evt_main *main)
{
    const struct evt_service *service = main->service;

    return json_pack("{s:s, s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "service",
                     service->name, "generation", (int)service->generation, "version", EVT_VERSION,
                     "in", messages_in(service), "out", messages_out(service), "timers",
                     timers(service), "calls", calls(service), "sagas", sagas(service),
                     "subscriptions", subscriptions(service), "topics", topics(service),
                     "migrations", migrations(service), "routes", routes(service), "options",
                     options(main));
}

int evt__main_describe(const struct evt_conf *conf, void *arg)
{
    json_t *json;

    if (evt_conf_flag(conf, "saga") || evt_conf_given(conf, "ref"))
        return evt__main_describe_saga(arg, conf);
    json = evt__describe(arg);
    EVT_BUG_ON(!json); /* every text in the tables is UTF-8 */
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
    return fflush(stdout) == 0 ? EVT_EXIT_OK : EVT_EXIT_FAILURE;
}
