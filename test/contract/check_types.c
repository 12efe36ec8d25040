/* Types: what the schema compiler generates, as a service uses it: structs, functions, tables. */
#include "events/zoo.h"

#include <evt/service.h>
#include <string.h>

#include "test/lib/suite.h"

START_TEST(init_sets_every_default)
{
    struct zoo_defaults msg;

    memset(&msg, 0xff, sizeof(msg));
    zoo_defaults_init(&msg);
    ck_assert_str_eq(msg.id, "");
    ck_assert(msg.flag);
    ck_assert_int_eq(msg.small, -7);
    ck_assert_int_eq(msg.smallest, INT32_MIN);
    ck_assert_int_eq(msg.large, INT64_MAX);
    ck_assert_int_eq(msg.largest_below, INT64_MIN);
    ck_assert_str_eq(msg.text, "a \"quoted\" \\ text,\n?\?= ä € 😀 \a 1");
    ck_assert_uint_eq(msg.raw.len, 5);
    ck_assert_mem_eq(msg.raw.data, "\1\3777A\"", 5);
    ck_assert_uint_eq(msg.four.len, 4);
    ck_assert_mem_eq(msg.four.data, "\1\2000\177", 4);
    ck_assert_int_eq(msg.colour, ZOO_PAINT_GREEN);
    ck_assert_uint_eq(msg.numbers_n, 3);
    ck_assert_int_eq(msg.numbers[1], -2);
    ck_assert_uint_eq(msg.words_n, 2);
    ck_assert_str_eq(msg.words[1], "two");
    ck_assert_uint_eq(msg.nothing_n, 0);
    ck_assert_uint_eq(msg.counts_n, 1);
    ck_assert_str_eq(msg.counts[0].key, "one");
    ck_assert_int_eq(msg.counts[0].value, 1);
    ck_assert_str_eq(msg.place.street, "High St");
    ck_assert_int_eq(msg.place.number, 12);
    ck_assert(!msg.place.has_paint);
    ck_assert_uint_eq(msg.places_n, 2);
    ck_assert_str_eq(msg.places[1].street, "B");
    ck_assert_int_eq(msg.places[1].number, 12);
    ck_assert(!msg.has_maybe);
}
END_TEST

START_TEST(init_without_defaults_is_empty)
{
    struct zoo_menagerie msg;
    struct zoo_home home;

    memset(&msg, 0xff, sizeof(msg));
    memset(&home, 0xff, sizeof(home));
    zoo_menagerie_init(&msg);
    zoo_home_init(&home);
    ck_assert_str_eq(msg.home.street, "");
    ck_assert_str_eq(home.street, "");
    ck_assert_int_eq(home.door.number, 0);
    /* An enum begins as what a reader takes for an unknown symbol. */
    ck_assert_int_eq(msg.colour, ZOO_COLOUR_OTHER);
    ck_assert_uint_eq(msg.four.len, 4);
    ck_assert_mem_eq(msg.four.data, "\0\0\0\0", 4);
    ck_assert_ptr_null(msg.maybe_text);
    ck_assert(!msg.has_maybe_home);
    ck_assert_uint_eq(msg.homes_n + msg.homes_by_n + msg.maybe_list_n, 0);
}
END_TEST

static struct zoo_evolved evolved(void)
{
    static struct zoo_line lines[] = {{.quantity = 3, .sku = "s"}};
    static const char *tags[] = {"a", "b"};
    struct zoo_evolved msg;

    zoo_evolved_init(&msg);
    msg.last = 5;
    msg.id = "e";
    msg.new_name = "n";
    msg.tags = tags;
    msg.tags_n = 2;
    msg.state = ZOO_STATE_LOCKED;
    msg.lines = lines;
    msg.lines_n = 1;
    return msg;
}

START_TEST(what_is_encoded_is_decoded)
{
    struct zoo_evolved msg = evolved(), back, *own = NULL;
    struct evt_buf buf = {0};
    struct evt_arena arena = {0};
    struct evt_error err = {0};

    ck_ok(zoo_evolved_encode(&msg, &buf, &err), err);
    ck_ok(zoo_evolved_decode(buf.data, buf.len, &arena, &back, &err), err);
    ck_assert_int_eq(back.last, 5);
    ck_assert_str_eq(back.tags[1], "b");
    ck_assert_int_eq(back.lines[0].quantity, 3);
    ck_assert(!back.has_added);
    ck_ok(zoo_evolved_decode_new(buf.data, buf.len, &own, &err), err);
    evt_arena_release(&arena);
    memset(buf.data, 0, buf.len);
    ck_assert_str_eq(own->lines[0].sku, "s");
    ck_assert_int_eq(own->state, ZOO_STATE_LOCKED);
    zoo_evolved_free(own);
    zoo_evolved_free(NULL);
    evt_buf_release(&buf);
}
END_TEST

START_TEST(a_refused_value_leaves_the_pointer)
{
    struct zoo_evolved *own = NULL;
    struct evt_error err = {0};

    ck_refused(zoo_evolved_decode_new("\1\0\0\0\0x", 6, &own, &err), err, EVT_E_FRAME_MAGIC,
               "the value does not begin with the magic byte 0: 0x01");
    ck_assert_ptr_null(own);
}
END_TEST

START_TEST(what_is_printed_is_parsed)
{
    struct zoo_evolved msg = evolved(), back;
    struct evt_buf json = {0};
    struct evt_arena arena = {0};
    struct evt_error err = {0};

    zoo_evolved_print(&msg, &json);
    ck_assert_str_eq(evt_buf_text(&json),
                     "{\"last\":5,\"id\":\"e\",\"new_name\":\"n\",\"added\":null,"
                     "\"tags\":[\"a\",\"b\"],\"state\":\"LOCKED\","
                     "\"lines\":[{\"quantity\":3,\"sku\":\"s\"}]}");
    ck_ok(zoo_evolved_parse(evt_buf_text(&json), json.len, &arena, &back, &err), err);
    ck_assert_str_eq(back.lines[0].sku, "s");
    evt_arena_release(&arena);
    evt_buf_release(&json);
}
END_TEST

START_TEST(symbols_have_texts)
{
    ck_assert_str_eq(zoo_colour_str(ZOO_COLOUR_DARK_BLUE), "DARK_BLUE");
    ck_assert_str_eq(zoo_colour_str((enum zoo_colour)3), "");
}
END_TEST

static enum evt_err handle(struct evt_ctx *ctx, const struct zoo_evolved *msg,
                           struct evt_error *err)
{
    ck_assert_ptr_null(ctx);
    return evt_fail(err, EVT_E_INVARIANT, "%s", msg->id);
}

START_TEST(a_handler_is_called_as_what_it_is)
{
    const struct evt_handler handlers[] = {EVT_ON(zoo_evolved, handle), {0}};
    struct zoo_evolved msg = evolved();
    struct evt_error err = {0};

    ck_assert_ptr_eq(handlers[0].type, &zoo_evolved_type);
    ck_refused(handlers[0].type->call(handlers[0].fn, NULL, &msg, &err), err, EVT_E_INVARIANT,
               "the message breaks an invariant: e");
}
END_TEST

START_TEST(a_type_says_what_it_is)
{
    const struct evt_type *type = &zoo_evolved_type;

    ck_assert_ptr_eq(evt_registry_type(&evt_registry, "shop.zoo.v1.Evolved", 19), type);
    ck_assert_str_eq(type->name, "shop.zoo.v1.Evolved");
    ck_assert_str_eq(type->symbol, "zoo_evolved");
    ck_assert_int_eq(type->kind, EVT_KIND_COMMAND);
    ck_assert_str_eq(type->taker, "zoo");
    ck_assert_str_eq(type->topic->name, "shop.zoo.inbox.v1");
    ck_assert_int_eq(type->topic->partitions, 3);
    ck_assert_str_eq(type->key_field, "id");
    ck_assert_str_eq(type->senders[0], "outside");
    ck_assert_ptr_null(type->senders[1]);
    ck_assert_uint_eq(type->size, sizeof(struct zoo_evolved));
    ck_assert_int_eq(zoo_defaults_type.kind, EVT_KIND_FACT);
    ck_assert_ptr_null(zoo_defaults_type.taker);
    ck_assert_str_eq(zoo_defaults_type.topic->name, "shop.zoo.events.v1");
}
END_TEST

START_TEST(every_version_is_there)
{
    const struct evt_type *type = &zoo_evolved_type;

    ck_assert_uint_eq(type->schemas_n, 3);
    for (size_t i = 0; i < type->schemas_n; i++) {
        const struct evt_schema *schema = &type->schemas[i];
        const struct evt_schema_ref *ref = evt_registry_schema(&evt_registry, schema->id);
        ck_assert_uint_eq(schema->version, i + 1);
        ck_assert_uint_eq(schema->json_len, strlen(schema->json));
        ck_assert_uint_eq(strlen(schema->sha256), 64);
        ck_assert_ptr_eq(ref->type, type);
        ck_assert_ptr_eq(ref->schema, schema);
    }
    ck_assert_ptr_nonnull(strstr(type->schemas[0].json, "Version 1."));
    ck_assert_ptr_nonnull(strstr(type->schemas[2].json, "Version 3:"));
}
END_TEST

START_TEST(the_registry_is_sorted)
{
    const struct evt_registry *reg = &evt_registry;

    for (size_t i = 1; i < reg->types_n; i++)
        ck_assert_int_lt(strcmp(reg->types[i - 1]->name, reg->types[i]->name), 0);
    for (size_t i = 1; i < reg->refs_n; i++)
        ck_assert_uint_lt(reg->refs[i - 1].id, reg->refs[i].id);
    for (size_t i = 1; i < reg->topics_n; i++)
        ck_assert_int_lt(strcmp(reg->topics[i - 1].name, reg->topics[i].name), 0);
    for (size_t i = 1; i < reg->declarations_n; i++)
        ck_assert_int_lt(strcmp(reg->declarations[i - 1].service, reg->declarations[i].service), 0);
}
END_TEST

START_TEST(a_subscription_has_a_key_per_fact)
{
    const struct evt_subscription *sub = evt_registry_subscription(&evt_registry, "zoo.product");
    size_t facts = 0;

    ck_assert_str_eq(sub->service, "zoo");
    ck_assert_str_eq(sub->source->stream, "product.events");
    ck_assert_str_eq(sub->inbox->stream, "zoo.inbox");
    for (size_t i = 0; i < evt_registry.types_n; i++)
        facts += evt_registry.types[i]->topic == sub->source;
    ck_assert_uint_gt(facts, 1);
    ck_assert_uint_eq(sub->keys_n, facts);
    for (size_t i = 0; i < sub->keys_n; i++) {
        ck_assert_ptr_eq(sub->keys[i].type->topic, sub->source);
        ck_assert_str_eq(sub->keys[i].field, "sku");
    }
    ck_assert_uint_eq(evt_registry_declaration(&evt_registry, "zoo")->parked_max, 7);
}
END_TEST

SUITE("types", init_sets_every_default, init_without_defaults_is_empty, what_is_encoded_is_decoded,
      a_refused_value_leaves_the_pointer, what_is_printed_is_parsed, symbols_have_texts,
      a_handler_is_called_as_what_it_is, a_type_says_what_it_is, every_version_is_there,
      the_registry_is_sorted, a_subscription_has_a_key_per_fact)
