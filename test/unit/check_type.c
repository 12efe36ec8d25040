/* Type: look-ups in a small registry; what is there is found, what is not is NULL. */
#include <evt/type.h>
#include <string.h>

#include "test/lib/suite.h"

static const struct evt_type type_a = {.name = "shop.a.v1.Placed"};
static const struct evt_type type_b = {.name = "shop.a.v1.PlacedAgain"};
static const struct evt_type type_c = {.name = "shop.b.v1.Reserve"};
static const struct evt_type *const types[] = {&type_a, &type_b, &type_c};
static const struct evt_schema schemas[] = {{.id = 3}, {.id = 10}, {.id = 4000000000}};
static const struct evt_schema_ref refs[] = {{3, &type_a, &schemas[0]},
                                             {10, &type_b, &schemas[1]},
                                             {4000000000, &type_a, &schemas[2]}};
static const struct evt_topic topics[] = {
    {.name = "shop.a.events.v1", .service = "a", .kind = EVT_TOPIC_EVENTS},
    {.name = "shop.a.inbox.v1", .service = "a", .kind = EVT_TOPIC_INBOX},
    {.name = "shop.a.inbox.v1.dlt", .service = "a", .kind = EVT_TOPIC_DLT},
    {.name = "shop.b.inbox.v1", .service = "b", .kind = EVT_TOPIC_INBOX},
};
static const struct evt_subscription subscriptions[] = {{.name = "b.a"}, {.name = "c.a"}};
static const struct evt_declaration declarations[] = {{.service = "a"}, {.service = "b"}};
static const struct evt_registry reg = {types,         3, refs,         3, topics, 4,
                                        subscriptions, 2, declarations, 2};
static const struct evt_registry empty;

static const struct evt_type *type_of(const char *name)
{
    return evt_registry_type(&reg, name, strlen(name));
}

START_TEST(types_by_name)
{
    ck_assert_ptr_eq(type_of("shop.a.v1.Placed"), &type_a);
    ck_assert_ptr_eq(type_of("shop.a.v1.PlacedAgain"), &type_b);
    ck_assert_ptr_eq(type_of("shop.b.v1.Reserve"), &type_c);
    /* A name is given by length: what follows it is not looked at. */
    ck_assert_ptr_eq(evt_registry_type(&reg, "shop.a.v1.PlacedAgain", 16), &type_a);
    ck_assert_ptr_null(type_of("shop.a.v1.Place"));
    ck_assert_ptr_null(type_of("shop.a.v1.PlacedAg"));
    ck_assert_ptr_null(type_of("shop.a.v1.Reserve"));
    ck_assert_ptr_null(type_of("shop.c.v1.Reserve"));
    ck_assert_ptr_null(type_of(""));
    ck_assert_ptr_null(evt_registry_type(&reg, "shop.a.v1.Placed\0", 17));
    ck_assert_ptr_null(evt_registry_type(&reg, "shop.a.v1.Placed\0x", 18));
    ck_assert_ptr_null(evt_registry_type(&empty, "shop.a.v1.Placed", 16));
}
END_TEST

START_TEST(schemas_by_id)
{
    ck_assert_ptr_eq(evt_registry_schema(&reg, 3), &refs[0]);
    ck_assert_ptr_eq(evt_registry_schema(&reg, 10), &refs[1]);
    ck_assert_ptr_eq(evt_registry_schema(&reg, 4000000000), &refs[2]);
    ck_assert_ptr_null(evt_registry_schema(&reg, 0));
    ck_assert_ptr_null(evt_registry_schema(&reg, 4));
    ck_assert_ptr_null(evt_registry_schema(&reg, UINT32_MAX));
    ck_assert_ptr_null(evt_registry_schema(&empty, 3));
}
END_TEST

START_TEST(topics_by_name_and_by_service)
{
    size_t i;

    for (i = 0; i < 4; i++) {
        ck_assert_ptr_eq(evt_registry_topic(&reg, topics[i].name), &topics[i]);
        ck_assert_ptr_eq(evt_registry_service_topic(&reg, topics[i].service, topics[i].kind),
                         &topics[i]);
    }
    ck_assert_ptr_null(evt_registry_topic(&reg, "shop.b.events.v1"));
    ck_assert_ptr_null(evt_registry_topic(&empty, "shop.a.inbox.v1"));
    ck_assert_ptr_null(evt_registry_service_topic(&reg, "b", EVT_TOPIC_EVENTS));
    ck_assert_ptr_null(evt_registry_service_topic(&reg, "c", EVT_TOPIC_INBOX));
}
END_TEST

START_TEST(subscriptions_and_declarations)
{
    ck_assert_ptr_eq(evt_registry_subscription(&reg, "b.a"), &subscriptions[0]);
    ck_assert_ptr_eq(evt_registry_subscription(&reg, "c.a"), &subscriptions[1]);
    ck_assert_ptr_null(evt_registry_subscription(&reg, "a.b"));
    ck_assert_ptr_null(evt_registry_subscription(&empty, "b.a"));
    ck_assert_ptr_eq(evt_registry_declaration(&reg, "a"), &declarations[0]);
    ck_assert_ptr_eq(evt_registry_declaration(&reg, "b"), &declarations[1]);
    ck_assert_ptr_null(evt_registry_declaration(&reg, "c"));
    ck_assert_ptr_null(evt_registry_declaration(&empty, "a"));
}
END_TEST

START_TEST(kinds_have_words)
{
    ck_assert_str_eq(evt_kind_str(EVT_KIND_COMMAND), "command");
    ck_assert_str_eq(evt_kind_str(EVT_KIND_REPLY), "reply");
    ck_assert_str_eq(evt_kind_str(EVT_KIND_FACT), "fact");
    ck_assert_str_eq(evt_kind_str(EVT_KIND_SYSTEM), "system");
    ck_assert_str_eq(evt_kind_str((enum evt_kind)99), "unknown");
}
END_TEST

SUITE("type", types_by_name, schemas_by_id, topics_by_name_and_by_service,
      subscriptions_and_declarations, kinds_have_words)
