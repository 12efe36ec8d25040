/* Sim hostile: what strangers throw into an inbox. */
#include "sim_world.h"

#include "events/evt.h"
#include "events/notify.h"
#include "events/order.h"
#include "events/payment.h"

#include <evt/codec.h>
#include <evt/mem.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Each must be refused for its own reason; the last must do nothing at all. */
enum hostile {
    HOSTILE_NO_HEADERS,
    HOSTILE_GARBAGE,
    HOSTILE_TYPE,
    HOSTILE_SCHEMA,
    HOSTILE_PARTITION,
    HOSTILE_NO_KEY,
    HOSTILE_KEY_FIELD,
    HOSTILE_SOURCE_FORM,
    HOSTILE_STREAM,
    HOSTILE_TAKER,
    HOSTILE_REPLY,
    HOSTILE_NO_VALUE,
    HOSTILE_SYSTEM,
    HOSTILE_REUSED,
    HOSTILE_NUMBERED,
    HOSTILE_QUANTITY,
    HOSTILE_OLD_BOUNDARY,
    HOSTILE_KINDS
};

struct thrown {
    const char *key, *source, *id, *type;
    const void *value;
    size_t value_len;
    size_t headers_n;
};

static const struct evt_record *
throw_record(struct sim_world *world, struct evt_sim_partition *part, const struct thrown *thrown)
{
    const struct evt_header headers[] = {
        {"ce_specversion", "1.0", 3},
        {"ce_id", thrown->id, strlen(thrown->id)},
        {"ce_source", thrown->source, strlen(thrown->source)},
        {"ce_type", thrown->type, strlen(thrown->type)},
    };
    const struct evt_send send = {.topic = part->topic->name,
                                  .partition = part->partition,
                                  .key = thrown->key,
                                  .key_len = thrown->key == NULL ? 0 : strlen(thrown->key),
                                  .value = thrown->value,
                                  .value_len = thrown->value_len,
                                  .headers = headers,
                                  .headers_n = thrown->headers_n};

    return sim_append(world, part, &send);
}

static bool is_thrown(const struct sim_world *world, const struct evt_sim_partition *part,
                      int64_t offset)
{
    for (size_t i = 0; i < world->hostile_n; i++)
        if (world->hostile[i].part == part && world->hostile[i].offset == offset)
            return true;
    return false;
}

/* The id of a command that was taken, for another request. */
static bool reuse(struct sim_world *world, const struct evt_sim_partition *part,
                  struct thrown *thrown)
{
    for (size_t i = 0; i < part->n; i++) {
        const struct evt_record *rec = part->records[i];

        const bool place = evt_text_is(evt_envelope_type(rec), order_place_order_type.name);

        if ((!place && !evt_text_is(evt_envelope_type(rec), sim_start_purchase_type.name)) ||
            evt_sim_rand_chance(&world->fault_rand, 700) || is_thrown(world, part, rec->offset))
            continue;
        thrown->type = place ? order_cancel_order_type.name : sim_cancel_purchase_type.name;
        thrown->key = rec->key; /* what is kept in the log ends with a NUL */
        thrown->id = evt_record_header(rec, "ce_id")->value;
        thrown->source = evt_record_header(rec, "ce_source")->value;
        return true;
    }
    return false;
}

/* The first message of a stream that nobody knew: trusted, and wrong. */
static void number(struct sim_world *world, enum sim_kind kind,
                   const struct evt_sim_partition *part, struct thrown *thrown, char *source,
                   size_t source_size, char *id, size_t id_size)
{
    /* Of a type that is taken there; its fields are empty and do not fit the key. */
    static const struct evt_type *const types[SIM_KINDS] = {
        [SIM_PRODUCT] = &product_reserve_stock_type,
        [SIM_ORDER] = &sim_charged_type,
        [SIM_BANK] = &sim_charge_type,
        [SIM_WATCHER] = &sim_account_moved_type,
        [SIM_TRIP] = &sim_host_told_type,
        [SIM_HOST] = &sim_ask_host_type,
        [SIM_SHOP] = &payment_payment_captured_type,
        [SIM_PAYMENT] = &payment_capture_payment_type,
        [SIM_NOTIFY] = &notify_send_mail_type};
    static max_align_t msg[32];
    struct evt_error err;
    char lineage[EVT_LINEAGE_LEN + 1];
    uint64_t chain;

    EVT_BUG_ON(types[kind]->size > sizeof msg);
    evt_type_init(types[kind], msg);
    evt_buf_clear(&world->scratch_buf);
    EVT_BUG_ON(evt_type_encode(types[kind], msg, &world->scratch_buf, &err) != EVT_OK);
    thrown->type = types[kind]->name;
    thrown->value = world->scratch_buf.data;
    thrown->value_len = world->scratch_buf.len;
    snprintf(lineage, sizeof lineage, "%016" PRIx64, evt_sim_rand_u64(&world->fault_rand));
    evt_source_print(source, source_size, "order", 0, lineage);
    chain = evt_chain_first(source, strlen(source), part->topic->stream,
                            strlen(part->topic->stream), part->partition);
    chain =
        evt_chain_next(chain, thrown->type, strlen(thrown->type), thrown->key, strlen(thrown->key),
                       world->scratch_buf.data + EVT_FRAME_LEN, thrown->value_len - EVT_FRAME_LEN);
    evt_message_id_print(id, id_size, part->topic->stream, part->partition, 1, chain);
    thrown->source = source;
    thrown->id = id;
}

void sim_hostile(struct sim_world *world)
{
    const enum sim_kind kind = sim_some_kind(world, &world->fault_rand);
    struct evt_sim_partition *part =
        sim_inbox(world, kind, (int32_t)evt_sim_rand_below(&world->fault_rand, 2));
    const enum hostile hostile =
        (enum hostile)evt_sim_rand_below(&world->fault_rand, HOSTILE_KINDS);
    const struct evt_generation_begins boundary = {.generation = 1, .version = "old"};
    const char *sku = "SKU-0";
    char key[16], id[40], garbage[40], foreign[80], source[80];
    const struct sim_start_purchase start = {.purchase_id =
                                                 hostile == HOSTILE_QUANTITY ? key : "zz",
                                             .skus = &sku,
                                             .skus_n = 1,
                                             .account = "a1"};
    struct thrown thrown = {.key = key, .source = "/cli/stranger", .id = id, .headers_n = 4};
    const struct evt_record *rec;
    struct evt_error err;

    sim_script_id(world, id, sizeof id);
    sim_script_key(world, part, hostile != HOSTILE_PARTITION, key, sizeof key);
    evt_sim_rand_fill(&world->fault_rand, garbage, sizeof garbage);
    evt_buf_clear(&world->scratch_buf);
    EVT_BUG_ON(evt_type_encode(hostile == HOSTILE_OLD_BOUNDARY ? &evt_generation_begins_type
                                                               : &sim_start_purchase_type,
                               hostile == HOSTILE_OLD_BOUNDARY ? (const void *)&boundary : &start,
                               &world->scratch_buf, &err) != EVT_OK);
    thrown.value = world->scratch_buf.data;
    thrown.value_len = world->scratch_buf.len;
    thrown.type = sim_start_purchase_type.name;
    switch (hostile) {
    case HOSTILE_NO_HEADERS:
        thrown.headers_n = (size_t)evt_sim_rand_below(&world->fault_rand, 4);
        break;
    case HOSTILE_GARBAGE:
        thrown.value = garbage;
        thrown.value_len = (size_t)evt_sim_rand_below(&world->fault_rand, sizeof garbage);
        break;
    case HOSTILE_TYPE:
        thrown.type = "shop.sim.v1.Nonsense";
        break;
    case HOSTILE_SCHEMA:
        world->scratch_buf.data[1] = 0x7f;
        break;
    case HOSTILE_PARTITION:
    case HOSTILE_KEY_FIELD: /* the key is none of the message's fields */
        break;
    case HOSTILE_NO_KEY:
        thrown.key = NULL;
        break;
    case HOSTILE_SOURCE_FORM:
        thrown.source = "/shop/nobody";
        break;
    case HOSTILE_STREAM: /* numbered for another partition */
        thrown.source = "/shop/order/0/00000000000000aa";
        snprintf(foreign, sizeof foreign, "%s.%d.1-00000000000000bb", part->topic->stream,
                 1 - (int)part->partition);
        thrown.id = foreign;
        break;
    case HOSTILE_TAKER:
        thrown.type =
            kind == SIM_PRODUCT ? sim_start_purchase_type.name : product_create_product_type.name;
        break;
    case HOSTILE_REPLY:
        thrown.type = product_stock_reserved_type.name;
        break;
    case HOSTILE_NO_VALUE:
        thrown.value = NULL;
        thrown.value_len = 0;
        break;
    case HOSTILE_SYSTEM:
        thrown.type = evt_timer_fired_type.name;
        break;
    case HOSTILE_REUSED:
        if (!reuse(world, part, &thrown))
            return;
        break;
    case HOSTILE_NUMBERED:
        number(world, kind, part, &thrown, source, sizeof source, foreign, sizeof foreign);
        break;
    case HOSTILE_QUANTITY:
        if (kind != SIM_ORDER)
            return;
        break; /* all is right but the quantity, which the handler looks at last */
    case HOSTILE_OLD_BOUNDARY:
        thrown.type = evt_generation_begins_type.name;
        thrown.source = "/cli/upgrade";
        break;
    case HOSTILE_KINDS:
        return;
    }
    rec = throw_record(world, part, &thrown);
    if (hostile == HOSTILE_NUMBERED) /* and once more: its mark has passed, it is a duplicate */
        throw_record(world, part, &thrown);
    sim_count(world, SIM_FAULT_HOSTILE);
    if (hostile != HOSTILE_OLD_BOUNDARY && world->hostile_n < 64)
        world->hostile[world->hostile_n++] = (struct sim_hostile){part, rec->offset};
}
