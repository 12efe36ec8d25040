/* Sim check: what must hold when all has come to rest. Every shard is rebuilt from its log; what it
 * says then is compared with what it kept, what the logs hold and what the others took. */
#include "sim_check.h"
#include "sim_model.h"
#include "sim_orders.h"

#include <evt/codec.h>
#include <evt/hash.h>
#include <evt/mem.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has(const struct sim_set *set, uint64_t hash)
{
    return sim_set_get(set, hash) != NULL;
}

bool sim_is_rejected(const struct sim_check *check, const struct evt_record *rec)
{
    return sim_set_get(&check->rejected, sim_place_hash(rec->topic, strlen(rec->topic),
                                                        rec->partition, rec->offset)) != NULL;
}

static uint64_t message_hash(const char *topic, int32_t partition, const struct evt_header *source,
                             const struct evt_header *id)
{
    return sim_message_hash(topic, partition, source->value, source->len,
                            id == NULL ? "" : id->value, id == NULL ? 0 : id->len);
}

static bool is_dead_letter(const char *topic)
{
    const size_t len = strlen(topic);

    return len > 4 && strcmp(topic + len - 4, ".dlt") == 0;
}

/* What every part of the record that a taker may see says. Where a log was lost the same message
 * can have another cause: another trace. */
static bool same(const struct evt_record *rec, const struct evt_send *send, bool lossy)
{
    if (rec->key_len != send->key_len || rec->value_len != send->value_len ||
        rec->headers_n != send->headers_n ||
        (rec->key_len > 0 && memcmp(rec->key, send->key, rec->key_len) != 0) ||
        (rec->value_len > 0 && memcmp(rec->value, send->value, rec->value_len) != 0))
        return false;
    for (size_t i = 0; i < rec->headers_n; i++)
        if (lossy && strcmp(rec->headers[i].name, "traceparent") == 0)
            continue;
        else if (strcmp(rec->headers[i].name, send->headers[i].name) != 0 ||
                 rec->headers[i].len != send->headers[i].len ||
                 (rec->headers[i].len > 0 &&
                  memcmp(rec->headers[i].value, send->headers[i].value, rec->headers[i].len) != 0))
            return false;
    return true;
}

static void note_logged(struct sim_check *check)
{
    const struct evt_sim_partition *part;

    for (size_t p = 0; (part = evt_sim_log_nth(check->world->log, p)) != NULL; p++)
        for (size_t i = 0; i < part->n && !is_dead_letter(part->topic->name); i++) {
            const struct evt_record *rec = part->records[i];
            const struct evt_header *source = evt_record_header(rec, "ce_source");
            const struct evt_header *id = evt_record_header(rec, "ce_id");

            if (source != NULL && id != NULL)
                sim_set_add(&check->logged, message_hash(rec->topic, rec->partition, source, id),
                            rec);
        }
}

static void note_said(void *arg, const struct evt_send *send)
{
    struct sim_check *check = arg;
    const struct evt_record as_record = {.headers = send->headers, .headers_n = send->headers_n};
    const struct evt_header *source = evt_record_header(&as_record, "ce_source");
    const struct evt_header *id = evt_record_header(&as_record, "ce_id");
    struct sim_world *world = check->world;
    const struct evt_record *rec;
    uint64_t hash;

    if (is_dead_letter(send->topic))
        return;
    if (check->seat->node->kind == SIM_TRIP)
        sim_model_see(world, check->heard, send);
    else if (check->seat->node->kind == SIM_SHOP)
        sim_orders_see(world, send);
    hash = message_hash(send->topic, send->partition, source, id);
    rec = sim_set_get(&check->logged, hash);
    if (rec == NULL) {
        sim_fail(world, "lost: %s/%d never got %.*s of %.*s", send->topic, (int)send->partition,
                 (int)id->len, (const char *)id->value, (int)source->len,
                 (const char *)source->value);
        return;
    }
    if (!same(rec, send, world->lossy))
        sim_fail(world, "%s/%d: %.*s of %.*s says something else in the log", send->topic,
                 (int)send->partition, (int)id->len, (const char *)id->value, (int)source->len,
                 (const char *)source->value);
    if (!sim_set_add(&check->said, hash, rec))
        sim_fail(world, "said twice: %.*s of %.*s", (int)id->len, (const char *)id->value,
                 (int)source->len, (const char *)source->value);
    sim_set_put(&check->last, message_hash(send->topic, send->partition, source, NULL), rec);
}

static void note_heard(void *arg, const struct evt_record *rec, enum evt_outcome outcome,
                       const char *reason)
{
    struct sim_check *check = arg;
    const struct evt_header *source = evt_record_header(rec, "ce_source");

    check->heard = rec;
    if (check->seat->node->kind == SIM_TRIP && (outcome == EVT_APPLIED || outcome == EVT_DRAINED))
        sim_model_hear(check->world, check->replay.generation, rec);
    if (check->seat->node->kind == SIM_SHOP && (outcome == EVT_APPLIED || outcome == EVT_DRAINED))
        sim_orders_hear(check->world, rec);
    if (outcome != EVT_REJECTED)
        return;
    check->wanted += reason != NULL && (strstr(reason, SIM_HOST_REJECTS) != NULL ||
                                        strstr(reason, SIM_TRIP_BALKS) != NULL ||
                                        (sim_plan_forgets() && strstr(reason, SIM_TRIP_FORGOTTEN)));
    if (source != NULL)
        sim_set_add(&check->refused,
                    message_hash(rec->topic, rec->partition, source,
                                 evt_record_header(rec, "ce_id")),
                    check);
    sim_trace(check->world, "rebuild: %s/%d@%" PRId64 " rejected: %s", rec->topic,
              (int)rec->partition, rec->offset, reason == NULL ? "" : reason);
    sim_set_add(&check->rejected,
                sim_place_hash(rec->topic, strlen(rec->topic), rec->partition, rec->offset), check);
}

/* Which table it is; the first that differs. */
static void say_difference(struct sim_check *check, const struct sim_tables *tables)
{
    const struct sim_tables *rebuilt = &check->replay.tables;

    for (size_t i = 0; i < tables->n && i < rebuilt->n; i++)
        if (tables->tables[i].hash != rebuilt->tables[i].hash) {
            sim_fail(check->world,
                     "%s differs from a rebuild from its log: %s has %" PRId64
                     " rows, rebuilt %s has %" PRId64,
                     check->seat->path, tables->tables[i].name, tables->tables[i].rows,
                     rebuilt->tables[i].name, rebuilt->tables[i].rows);
            return;
        }
    sim_fail(check->world, "%s has %zu tables, rebuilt it has %zu", check->seat->path, tables->n,
             rebuilt->n);
}

/* Inside the process. */
static void compare_store(void *arg)
{
    struct sim_tables tables = {.n = 0};
    struct sim_check *check = arg;
    const struct sim_seat *seat = check->seat;
    struct sim_world *world = check->world;
    const struct evt_sim_partition *part = seat->part;
    struct evt_error err;
    uint64_t hash = 0;

    if (evt_shard_position(seat->sh) != part->records[part->n - 1]->offset)
        sim_fail(world, "%s is stuck at %" PRId64 " of %" PRId64, seat->path,
                 evt_shard_position(seat->sh), part->records[part->n - 1]->offset);
    if (evt_store_content_hash(evt_shard_store(seat->sh), &hash, sim_note_table, &tables, &err) !=
        EVT_OK)
        sim_fail(world, "%s: %s", seat->path, err.text);
    if (hash != check->replay.hash)
        say_difference(check, &tables);
    if (strcmp(evt_shard_source(seat->sh), check->replay.source) != 0)
        sim_fail(world, "%s is %s, rebuilt it is %s", seat->path, evt_shard_source(seat->sh),
                 check->replay.source);
}

static void check_shard(struct sim_check *check, struct sim_node *node, struct sim_seat *seat)
{
    struct sim_world *world = check->world;

    check->seat = seat;
    check->replay = (struct sim_replay){.send = note_said, .observe = note_heard, .arg = check};
    if (!sim_replay(world, node->kind, seat->sub, seat->part, &check->replay))
        return;
    if (seat->sub == NULL && check->replay.generation != world->generation[node->kind])
        sim_fail(world, "%s is of generation %d, deployed was %d", seat->path,
                 check->replay.generation, world->generation[node->kind]);
    if (seat->was[0] != '\0' && strcmp(seat->was, check->replay.source) == 0)
        sim_fail(world, "%s is the same sender as before its log was created anew", seat->path);
    sim_node_run(node, compare_store, check);
}

/* What stands in a log under the name of one of today's sources is what that source says. */
static void check_nothing_else_said(struct sim_check *check)
{
    for (size_t i = 0; i < check->logged.cap; i++) {
        const struct evt_record *rec = check->logged.entries[i].what;
        struct evt_envelope env;
        struct evt_error err;

        if (rec == NULL || evt_envelope_identify(rec, &env, &err) != EVT_OK || !env.numbered ||
            sim_is_rejected(check, rec))
            continue;
        if (!has(&check->said, check->logged.entries[i].hash))
            sim_fail(check->world, "%s/%d@%" PRId64 ": %.*s of %.*s is said by nobody", rec->topic,
                     (int)rec->partition, rec->offset, (int)env.id.len, env.id.text,
                     (int)env.source.len, env.source.text);
    }
}

static int64_t header_number(const struct evt_record *rec, const char *name)
{
    const struct evt_header *header = evt_record_header(rec, name);
    char text[32];

    if (header == NULL || header->len >= sizeof text)
        return -1;
    memcpy(text, header->value, header->len);
    text[header->len] = '\0';
    return strtoll(text, NULL, 10);
}

/* As sets of origins: what is in the dead letters, what was rejected, what strangers threw. */
static void check_dead_letters(struct sim_check *check)
{
    struct sim_world *world = check->world;
    const struct evt_sim_partition *part;
    struct sim_set origins = {.n = 0};

    for (size_t p = 0; (part = evt_sim_log_nth(world->log, p)) != NULL; p++)
        for (size_t i = 1; i < part->n && is_dead_letter(part->topic->name); i++) {
            const struct evt_record *rec = part->records[i];
            const struct evt_header *topic = evt_record_header(rec, "kafka_dlt-original-topic");
            uint64_t hash;

            if (topic == NULL) {
                sim_fail(world, "%s/%d@%" PRId64 " has no origin", rec->topic, (int)rec->partition,
                         rec->offset);
                continue;
            }
            hash = sim_place_hash(topic->value, topic->len,
                                  (int32_t)header_number(rec, "kafka_dlt-original-partition"),
                                  header_number(rec, "kafka_dlt-original-offset"));
            if (!has(&check->rejected, hash) && !world->lossy)
                sim_fail(world, "%s/%d@%" PRId64 " is the dead letter of a record that is taken",
                         rec->topic, (int)rec->partition, rec->offset);
            sim_set_add(&origins, hash, rec);
        }
    world->stats->dead_letters += origins.n;
    if (origins.n < check->rejected.n || (origins.n != check->rejected.n && !world->lossy))
        sim_fail(world, "%zu records were rejected, %zu are in the dead letters", check->rejected.n,
                 origins.n);
    for (size_t i = 0; i < world->hostile_n; i++)
        if (!has(&check->rejected,
                 sim_place_hash(world->hostile[i].part->topic->name,
                                strlen(world->hostile[i].part->topic->name),
                                world->hostile[i].part->partition, world->hostile[i].offset)))
            sim_fail(world, "%s/%d@%" PRId64 " is hostile and was taken",
                     world->hostile[i].part->topic->name, (int)world->hostile[i].part->partition,
                     world->hostile[i].offset);
    if (!world->lossy && check->rejected.n != world->hostile_n + check->wanted)
        sim_fail(world, "%zu records were rejected, %zu were hostile, %zu refused on purpose",
                 check->rejected.n, world->hostile_n, check->wanted);
    sim_set_release(&origins);
}

static void check_rows(struct sim_check *check, struct sim_seat *seat)
{
    sim_check_tables(seat);
    sim_check_taken(check, seat);
}

void sim_check(struct sim_world *world)
{
    struct sim_check check = {.world = world};

    sim_model_begin();
    sim_orders_begin();
    note_logged(&check);
    for (size_t i = 0; i < world->nodes_n; i++)
        for (size_t s = 0; s < world->nodes[i].seats_n && !world->nodes[i].zombie; s++)
            if (world->failure[0] == '\0')
                check_shard(&check, &world->nodes[i], &world->nodes[i].seats[s]);
    if (world->failure[0] == '\0' && !world->lossy)
        check_nothing_else_said(&check);
    if (world->failure[0] == '\0')
        check_dead_letters(&check);
    for (size_t i = 0; i < world->nodes_n; i++)
        for (size_t s = 0; s < world->nodes[i].seats_n && !world->nodes[i].zombie; s++)
            if (world->failure[0] == '\0')
                check_rows(&check, &world->nodes[i].seats[s]);
    if (world->failure[0] == '\0' && !world->lossy)
        sim_check_business(world);
    if (world->failure[0] == '\0' && !world->lossy && world->here[SIM_SHOP])
        sim_check_shop(world);
    if (world->failure[0] == '\0' && !world->lossy && world->here[SIM_TRIP])
        sim_check_trips(world);
    sim_set_release(&check.logged);
    sim_set_release(&check.said);
    sim_set_release(&check.last);
    sim_set_release(&check.rejected);
    sim_set_release(&check.refused);
}
