/* Unknown: a numbered message of a type or schema that this version does not know yet holds its
 * stream, until the version that knows it begins its generation. */
#include "test/lib/core.h"

#include <string.h>

#define UNKNOWN "unknown: this version does not know its type or schema yet"
#define GAP     "gap: the numbers before it are missing"

static const struct evt_service *without(const struct evt_type *type)
{
    return fake_service_older(&fake_product, fake_registry_older(type, 7, 100));
}

static const struct evt_send *commit_stock(struct core *core, struct core_sender *order)
{
    const struct product_commit_stock msg = {.sku = core_key(core, "tea", true), .order_id = "o2"};

    return core_number(core, order, &product_commit_stock_type, &msg);
}

START_TEST(an_unknown_type_holds_its_stream)
{
    struct core *core = core_new(without(&product_commit_stock_type));
    struct core_sender order;
    const struct evt_send *unknown;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    unknown = commit_stock(core, &order);
    core_append(core, unknown);
    core_append(core, RESERVE(core, &order, "tea", "o3"));
    core_append(core, unknown);
    core_append(core, CREATE(core, "/cli/a", "1", "tea"));
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 applied\n2 parked: " UNKNOWN "\n3 parked: " GAP
                                      "\n4 duplicate: " UNKNOWN "\n5 applied");
    ck_assert_str_eq(core_rows(core, "SELECT number, parked FROM evt_marks"), "1|2");
    core_free(core);
}
END_TEST

/* Nor does it drain when its turn comes. */
START_TEST(an_unknown_type_waits_behind_a_gap)
{
    struct core *core = core_new(without(&product_commit_stock_type));
    struct core_sender order;
    const struct evt_send *first;

    core_sender(core, &order, "order");
    first = RESERVE(core, &order, "tea", "o1");
    core_append(core, commit_stock(core, &order));
    core_append(core, first);
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 parked: " GAP "\n2 applied");
    ck_assert_str_eq(core_rows(core, "SELECT number, parked FROM evt_marks"), "1|1");
    core_free(core);
}
END_TEST

START_TEST(an_unknown_schema_holds_its_stream)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;
    const struct evt_send *reserve;
    uint8_t value[256];

    core_sender(core, &order, "order");
    reserve = RESERVE(core, &order, "tea", "o1");
    memcpy(value, reserve->value, reserve->value_len);
    value[2] = 0xff;
    core_append(core, core_with_value(core, reserve, value, reserve->value_len));
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 parked: " UNKNOWN);
    ck_assert_str_eq(core_sent(core), "");
    core_free(core);
}
END_TEST

/* The stream's next message, with the envelope as the test wants it. */
static const struct evt_send *chained(struct core *core, struct core_sender *order,
                                      const char *type, const char *key)
{
    const struct evt_send *send = RESERVE(core, order, "tea", "o1");
    struct core_sender before;
    char id[128];

    core_sender(core, &before, "order");
    before.chain =
        evt_chain_next(before.chain, type ? type : "", type ? strlen(type) : 0, key, strlen(key),
                       (const uint8_t *)send->value + 5, send->value_len - 5);
    evt_message_id_print(id, sizeof(id), "product.inbox", CORE_PARTITION, 1, before.chain);
    return core_with_key(core,
                         core_with_header(core, core_with_header(core, send, "ce_type", type),
                                          "ce_id", id),
                         key);
}

/* No version will ever know a record whose envelope is broken: it is refused in its turn. */
START_TEST(a_broken_envelope_is_not_unknown)
{
    static const struct {
        const char *type, *key, *words;
    } broken[] = {
        {NULL, "tea", "1 rejected: a required header is missing: ce_type"},
        {"", "tea",
         "1 rejected: a header is empty or longer than the limit: ce_type has 0 bytes, from 1 to "
         "255 may be"},
        {"shop.product.v1.Sing", "",
         "1 rejected: the key is empty or longer than the limit: it has 0 bytes, from 1 to 255 may "
         "be"},
        {"shop.product.v1.Sing", "tea", "1 parked: " UNKNOWN},
    };

    for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
        struct core *core = core_new(&fake_product);
        struct core_sender order;

        core_sender(core, &order, "order");
        core_append(core, chained(core, &order, broken[i].type, broken[i].key));
        core_run(core);
        ck_assert_str_eq(core_told(core), broken[i].words);
        core_free(core);
    }
}
END_TEST

/* What the old version parked, the new one drains at the boundary. */
START_TEST(a_new_generation_drains_what_it_knows)
{
    const struct evt_generation_begins boundary = {2, "v2"};
    struct core *core = core_new(without(&product_commit_stock_type));
    struct core_sender order;
    uint64_t hash;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    core_append(core, commit_stock(core, &order));
    core_append(core, RESERVE(core, &order, "tea", "o3"));
    core_run(core);
    core_append(core,
                core_outside(core, "/cli/upgrade", "1", &evt_generation_begins_type, &boundary));
    core_run(core);
    ck_assert_str_eq(core_sent(core), "order.inbox.1.1 StockReserved");
    core_ok(core, evt_shard_supersede(core->sh, &core->err));
    core_told(core);
    core_use(core, core->store);
    core->opt.service = &fake_product_2;
    core_start(core);
    core_run(core);
    ck_assert_str_eq(core_told(core), "2 drained\n3 drained\n4 control");
    ck_assert_str_eq(core_rows(core, "SELECT text FROM notes ORDER BY id"), "o1;commit o2;o3");
    ck_assert_str_eq(core_sent(core), "order.inbox.1.2 StockReserved");
    ck_assert_str_eq(core_rows(core, "SELECT number, parked FROM evt_marks"), "3|0");
    hash = core_hash(core);
    core_restart(core);
    ck_assert_uint_eq(core_hash(core), hash);
    core_free(core);
}
END_TEST

SUITE("shard unknown", an_unknown_type_holds_its_stream, an_unknown_type_waits_behind_a_gap,
      an_unknown_schema_holds_its_stream, a_broken_envelope_is_not_unknown,
      a_new_generation_drains_what_it_knows)
