/* Sim world: a history from its seed: topics, processes, the script and the faults; then the
 * healing, until nothing moves any more; then the checks. */
#include "sim_plan.h"
#include "sim_world.h"

#include "events/evt.h"

#include <evt/codec.h>
#include <evt/mem.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A quiet Saturday; nothing depends on it. */
#define BEGIN_US (INT64_C(1795219200) * 1000000)

enum { STEPS_MAX = 400000, ROUNDS_MAX = 40, RECORDS_MIN = 300 };

const char *sim_fault_str(enum sim_fault fault)
{
    static const char *const names[] = {
#define SIM_FAULT_NAME(name, text) [SIM_FAULT_##name] = text,
        SIM_FAULTS(SIM_FAULT_NAME)
#undef SIM_FAULT_NAME
    };

    return fault < SIM_FAULT_KINDS ? names[fault] : "?";
}

int64_t sim_now_ms(const struct sim_world *world)
{
    return world->queue.now_us / 1000;
}

void sim_trace(struct sim_world *world, const char *fmt, ...)
{
    va_list args;

    if (!world->trace)
        return;
    printf("%12.6f  ", (double)(world->queue.now_us - BEGIN_US) / 1e6);
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
}

/* The first failure counts: what follows is its consequence. */
void sim_fail(struct sim_world *world, const char *fmt, ...)
{
    va_list args;

    if (world->failure[0] != '\0')
        return;
    va_start(args, fmt);
    vsnprintf(world->failure, sizeof world->failure, fmt, args);
    va_end(args);
    sim_trace(world, "FAILED: %s", world->failure);
}

void sim_count(struct sim_world *world, enum sim_fault fault)
{
    if (fault >= SIM_FAULT_KINDS)
        return;
    world->stats->faults[fault]++;
    sim_trace(world, "*** %s", sim_fault_str(fault));
}

const char *sim_kind_name(enum sim_kind kind)
{
    return sim_service(kind, 1)->name;
}

struct evt_sim_partition *sim_inbox(struct sim_world *world, enum sim_kind kind, int32_t partition)
{
    const struct evt_topic *topic =
        evt_registry_service_topic(&evt_registry, sim_kind_name(kind), EVT_TOPIC_INBOX);

    return evt_sim_log_find(world->log, topic->name, partition);
}

size_t sim_partition_place(const struct sim_world *world, const struct evt_sim_partition *part)
{
    return (size_t)(part - evt_sim_log_nth(world->log, 0));
}

const struct evt_record *sim_append(struct sim_world *world, struct evt_sim_partition *part,
                                    const struct evt_send *send)
{
    const int64_t time_ms = sim_now_ms(world) - evt_sim_rand_between(&world->log_rand, -3, 30);
    const struct evt_record *rec;

    if (!world->healing && evt_sim_rand_chance(&world->log_rand, 3)) {
        sim_count(world, SIM_FAULT_HOLE);
        evt_sim_log_hole(part, evt_sim_rand_between(&world->log_rand, 1, 3));
    }
    rec = evt_sim_log_append(world->log, part, send, time_ms);
    world->records++;
    if (world->trace) {
        const struct evt_text type = evt_envelope_type(rec);
        const struct evt_header *id = evt_record_header(rec, "ce_id");

        sim_trace(world, "      %s/%d@%" PRId64 " <- %.*s %.*s", rec->topic, (int)rec->partition,
                  rec->offset, (int)type.len, type.text, id == NULL ? 0 : (int)id->len,
                  id == NULL ? "" : (const char *)id->value);
    }
    sim_seat_wake(world, part);
    return rec;
}

const struct evt_record *sim_append_message(struct sim_world *world, struct evt_sim_partition *part,
                                            const char *source, const char *id,
                                            const struct evt_type *type, const void *msg,
                                            const char *key)
{
    const struct evt_header headers[] = {{"ce_specversion", "1.0", 3},
                                         {"ce_id", id, strlen(id)},
                                         {"ce_source", source, strlen(source)},
                                         {"ce_type", type->name, strlen(type->name)}};
    struct evt_send send = {.topic = part->topic->name,
                            .partition = part->partition,
                            .key = key,
                            .key_len = strlen(key),
                            .headers = headers,
                            .headers_n = 4};
    struct evt_error err;

    evt_buf_clear(&world->scratch_buf);
    EVT_BUG_ON(evt_type_encode(type, msg, &world->scratch_buf, &err) != EVT_OK);
    send.value = world->scratch_buf.data;
    send.value_len = world->scratch_buf.len;
    return sim_append(world, part, &send);
}

void sim_birth(struct sim_world *world, struct evt_sim_partition *part)
{
    char lineage[EVT_LINEAGE_LEN + 1];
    const struct evt_log_begins birth = {.lineage = lineage, .generation = 1};

    snprintf(lineage, sizeof lineage, "%016" PRIx64, evt_sim_rand_u64(&world->log_rand));
    sim_append_message(world, part, "/cli/topics", "birth", &evt_log_begins_type, &birth, "birth");
}

/* Every topic, each partition with its birth record. These are the same in all histories, so that a
 * store which has applied only its birth can be a copy. */
static void create_topics(struct sim_world *world)
{
    const struct evt_registry *reg = &evt_registry;
    struct evt_sim_partition *part;

    evt_sim_rand_init(&world->log_rand, 0, 6);
    world->healing = true; /* no holes */
    for (size_t i = 0; i < reg->topics_n; i++)
        evt_sim_log_create(world->log, &reg->topics[i]);
    for (size_t i = 0; (part = evt_sim_log_nth(world->log, i)) != NULL; i++)
        sim_birth(world, part);
    world->healing = false;
}

/* One process for both partitions of a service, or one each. */
static void create_nodes(struct sim_world *world)
{
    for (int kind = 0; kind < SIM_KINDS; kind++) {
        const bool one = world->here[kind] && evt_sim_rand_chance(&world->script_rand, 500);

        for (int32_t p = one ? -1 : 0; world->here[kind] && p < (one ? 0 : 2); p++) {
            struct sim_node *node = sim_node_add(world, (enum sim_kind)kind, p, false);

            sim_node_start(node);
        }
    }
}

/* Sagas, the small shop, both, or the whole shop, at a pace of its own. */
static void choose_kinds(struct sim_world *world, const struct sim_directed *directed)
{
    static const int64_t paces[] = {1, 1, 20, 400, 8000};
    const uint64_t kind = directed == NULL       ? evt_sim_rand_below(&world->script_rand, 1000)
                          : directed->whole_shop ? 999
                                                 : 600;
    const bool trips = kind < 300, small = kind >= 240 && kind < 650, whole = kind >= 650;

    world->here[SIM_PRODUCT] = small || whole;
    world->here[SIM_ORDER] = world->here[SIM_BANK] = small;
    world->here[SIM_WATCHER] = small && evt_sim_rand_chance(&world->script_rand, 250);
    world->here[SIM_TRIP] = world->here[SIM_HOST] = trips;
    world->here[SIM_SHOP] = world->here[SIM_PAYMENT] = world->here[SIM_NOTIFY] = whole;
    world->pace = whole && directed == NULL ? paces[evt_sim_rand_below(&world->script_rand, 5)] : 1;
}

enum sim_kind sim_some_kind(struct sim_world *world, struct evt_sim_rand *rand)
{
    uint64_t n = 0;
    int kind = 0;

    for (int k = 0; k < SIM_KINDS; k++)
        n += world->here[k];
    n = evt_sim_rand_below(rand, n);
    while (!world->here[kind] || n-- > 0)
        kind++;
    return (enum sim_kind)kind;
}

static void begin(struct sim_world *world, uint64_t seed, bool trace)
{
    struct evt_sim_rand disk_rand;

    for (size_t i = 0; i < world->nodes_n; i++)
        evt_sim_disk_killed(world->disk, &world->nodes[i].process);
    evt_sim_disk_killed(world->disk, &world->scratch);
    evt_sim_rand_init(&disk_rand, seed, 5);
    evt_sim_disk_reset(world->disk, &disk_rand, SIM_TEMPLATES);
    evt_sim_log_reset(world->log);
    evt_sim_queue_reset(&world->queue, BEGIN_US);
    world->seed = seed;
    world->trace = trace;
    evt_sim_rand_init(&world->clock_rand, seed, 1);
    evt_sim_rand_init(&world->fault_rand, seed, 2);
    evt_sim_rand_init(&world->script_rand, seed, 3);
    world->lossy = world->healing = world->reports_late = false;
    world->nodes_n = world->groups_n = world->effects_n = world->hostile_n = world->in_flight = 0;
    world->records = world->steps = 0;
    world->commands_n = 0;
    world->provider_away_us = world->mail_away_us = 0;
    world->intents_n = world->mails_n = world->orders_n = 0;
    world->outage = false;
    world->failure[0] = '\0';
    memset(world->refuses_until_us, 0, sizeof world->refuses_until_us);
    for (size_t i = 0; i < SIM_KINDS; i++)
        world->generation[i] = 1;
    world->trips_n = 0;
    sim_plans_make(seed);
}

/* Nothing is on its way, and every shard has nothing to do and nothing to wait for. */
static bool is_quiet(const struct sim_world *world)
{
    if (world->in_flight > 0)
        return false;
    for (size_t i = 0; i < world->nodes_n; i++) {
        const struct sim_node *node = &world->nodes[i];

        if (node->zombie)
            continue;
        if (!node->up)
            return false;
        for (size_t s = 0; s < node->seats_n; s++)
            if (!node->seats[s].idle ||
                evt_due_next_ms(node->seats[s].due, sim_now_ms(world)) != INT64_MAX)
                return false;
    }
    return true;
}

static bool run_until_quiet(struct sim_world *world)
{
    const uint64_t steps_max = world->steps + STEPS_MAX;

    while (world->failure[0] == '\0' && !(world->healing && is_quiet(world))) {
        if (!evt_sim_queue_run(&world->queue))
            return true;
        if (world->steps > steps_max)
            sim_fail(world, "does not come to rest");
    }
    return world->failure[0] == '\0';
}

static void reconnect_all(struct sim_world *world)
{
    for (size_t i = 0; i < world->nodes_n; i++)
        for (size_t s = 0; world->nodes[i].up && s < world->nodes[i].seats_n; s++) {
            world->nodes[i].seats[s].epoch--; /* joins again, and probes its streams */
            world->nodes[i].seats[s].idle = false;
            sim_seat_schedule(&world->nodes[i].seats[s], 10);
        }
}

/* A short history goes on without faults: what they left must not matter. */
static void more_of_it(struct sim_world *world)
{
    for (int i = 0; i < 3; i++)
        sim_script_more(world);
}

/* Faults are over: everybody is started, zombies end, nobody refuses, operators do their work. */
static void heal(struct sim_world *world)
{
    world->healing = true;
    world->reports_late = false;
    if (!world->here[SIM_SHOP]) /* the whole shop waits until they are back */
        world->provider_away_us = 0;
    memset(world->refuses_until_us, 0, sizeof world->refuses_until_us);
    sim_trace(world, "--- healing");
    for (size_t i = 0; i < world->nodes_n; i++) {
        struct sim_node *node = &world->nodes[i];

        evt_sim_process_fault(&node->process, EVT_SIM_FAULT_NONE, 0);
        if (node->zombie)
            sim_node_kill(node, false);
        else if (!node->up)
            sim_node_restart_in(node, 1000);
    }
    for (int round = 0; run_until_quiet(world); round++) {
        if (round > ROUNDS_MAX)
            sim_fail(world, "streams stay held");
        else if (round == 0)
            reconnect_all(world);
        else if (sim_operator_heal(world) > 0 || sim_operator_settle(world) > 0 ||
                 sim_operator_retry(world) > 0)
            continue; /* until nothing is held any more, nor waits for a person */
        else if (world->records < RECORDS_MIN)
            more_of_it(world);
        else
            return;
    }
}

static void start(struct sim_world *world, uint64_t seed, const struct sim_directed *directed,
                  bool trace)
{
    begin(world, seed, trace);
    choose_kinds(world, directed);
    create_topics(world);
    evt_sim_rand_init(&world->log_rand, seed, 4);
    create_nodes(world);
    sim_script_begin(world);
}

/* The end of the script is not that of its consequences. */
static bool finish(struct sim_world *world)
{
    if (world->failure[0] == '\0')
        heal(world);
    if (world->failure[0] == '\0')
        sim_check(world);
    world->stats->histories++;
    world->stats->records += world->records;
    return world->failure[0] == '\0';
}

static void run_script(struct sim_world *world, const struct sim_directed *directed)
{
    bool happened = directed == NULL;

    while (world->failure[0] == '\0' && world->commands_n > 0) {
        if (!evt_sim_queue_run(&world->queue))
            sim_fail(world, "the script ended early");
        if (!happened)
            happened = directed->happen(world);
    }
    if (!happened)
        sim_fail(world, "it never came to what %s is for", directed->name);
}

bool sim_world_run(struct sim_world *world, uint64_t seed, bool trace)
{
    start(world, seed, NULL, trace);
    sim_fault_plan(world);
    run_script(world, NULL);
    return finish(world);
}

bool sim_world_run_directed(struct sim_world *world, const struct sim_directed *directed,
                            bool trace)
{
    const uint64_t *const counted = &world->stats->faults[directed->leads_to];
    uint64_t before;

    start(world, 1, directed, trace);
    before = *counted;
    run_script(world, directed);
    if (!finish(world))
        return false;
    if (directed->leads_to != 0 && *counted == before)
        sim_fail(world, "nothing came of it: no %s", sim_fault_str(directed->leads_to));
    return world->failure[0] == '\0';
}

struct sim_world *sim_world_new(struct sim_stats *stats)
{
    struct sim_world *world = calloc(1, sizeof *world);
    struct evt_sim_rand rand;

    EVT_BUG_ON(world == NULL);
    evt_sim_process_install();
    sim_services_init();
    evt_sim_rand_init(&rand, 0, 0);
    world->stats = stats;
    world->disk = evt_sim_disk_new(&rand);
    world->log = evt_sim_log_new();
    evt_sim_process_init(&world->scratch, 1000);
    evt_sim_queue_reset(&world->queue, BEGIN_US);
    create_topics(world);
    sim_templates_make(world);
    return world;
}

void sim_world_free(struct sim_world *world)
{
    for (size_t i = 0; i < SIM_NODES_MAX; i++)
        if (world->nodes[i].process.heap != NULL) {
            evt_sim_disk_killed(world->disk, &world->nodes[i].process);
            evt_sim_process_release(&world->nodes[i].process);
        }
    evt_sim_process_release(&world->scratch);
    evt_buf_release(&world->scratch_buf);
    evt_sim_queue_release(&world->queue);
    evt_sim_log_free(world->log);
    evt_sim_disk_free(world->disk);
    free(world);
}
