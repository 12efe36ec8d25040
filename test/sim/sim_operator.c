/* Sim operator: the person who deploys, reads the last words of a process and does what they say,
 * and heals held streams. */
#include "sim_check.h"
#include "sim_plan.h"
#include "sim_world.h"

#include "events/evt.h"

#include <evt/mem.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sim_operator_deploy(struct sim_world *world, enum sim_kind kind)
{
    const struct evt_generation_begins boundary = {.generation = 2, .version = "2"};

    world->generation[kind] = 2;
    for (int32_t p = 0; p < 2; p++) {
        struct evt_sim_partition *part = sim_inbox(world, kind, p);

        sim_append_message(world, part, "/cli/upgrade", "boundary-2", &evt_generation_begins_type,
                           &boundary, "boundary");
        if (evt_sim_rand_chance(&world->fault_rand,
                                100)) /* said twice: the second begins nothing */
            sim_append_message(world, part, "/cli/upgrade", "boundary-2",
                               &evt_generation_begins_type, &boundary, "boundary");
    }
}

static void remove_store(struct sim_seat *seat, bool snapshots_too)
{
    struct sim_world *world = seat->node->world;
    struct evt_error err;

    if (snapshots_too)
        evt_sim_disk_remove(world->disk, seat->path);
    else if (evt_store_remove(evt_sim_disk_fs(world->disk), seat->path, &err) != EVT_OK)
        sim_fail(world, "%s: %s", seat->path, err.text);
    world->stats->rebuilds++;
}

/* "Start that version once", or the snapshot of the boundary if it is there. */
static void go_back(struct sim_seat *seat)
{
    struct sim_world *world = seat->node->world;
    const struct evt_fs *fs = evt_sim_disk_fs(world->disk);
    struct evt_store_lock *lock = NULL;
    struct evt_error err;
    int64_t offset = -1;

    if (evt_snapshot_find(fs, seat->path, 2, &offset, &err) == EVT_OK && offset >= 0) {
        sim_trace(world, "operator: restores the snapshot at %" PRId64, offset);
        if (evt_store_lock_new(fs, seat->path, &lock, &err) != EVT_OK ||
            evt_snapshot_restore(lock, 2, offset, &err) != EVT_OK)
            sim_fail(world, "%s: %s", seat->path, err.text);
        evt_store_lock_free(lock);
        return;
    }
    sim_trace(world, "operator: starts generation 1 of %s", seat->path);
    seat->generation = 1;
}

void sim_operator_after_exit(struct sim_node *node)
{
    struct sim_world *world = node->world;
    struct sim_seat *seat = node->exit_seat;

    switch (node->exit_code) {
    case EVT_E_LOG_LOST:
    case EVT_E_LOG_DIFFERS:
        if (!world->lossy)
            sim_fail(world, "%s: though no log lost anything: %s", seat->path, node->exit_text);
        remove_store(seat, true);
        break;
    case EVT_E_PROOF_DIFFERS:
    case EVT_E_STORE_HELD_BACK:
        seat->no_hold_back = true;
        remove_store(seat, true);
        break;
    case EVT_E_GENERATION_OLD:
        go_back(seat);
        break;
    case EVT_E_STORE_NEWER:
    case EVT_E_GENERATION_NEW:
        seat->generation = 2;
        break;
    case EVT_E_STORE_FSYNC:
        break;
    default:
        sim_fail(world, "%s: %s", seat->path, node->exit_text);
        break;
    }
    if (!node->zombie)
        sim_node_restart_in(node, evt_sim_rand_between(&world->clock_rand, 1000, 100000));
}

enum { HELD_MAX = 128 };

struct held {
    struct sim_seat *seat;
    char source[192];
    struct evt_held as; /* its `source` is the one above */
};

struct held_list {
    struct held held[HELD_MAX];
    size_t n;
    struct sim_seat *seat;
};

static void note_held(void *arg, const struct evt_held *held)
{
    struct held_list *list = arg;
    struct held *note = &list->held[list->n];

    if (list->n == HELD_MAX)
        return;
    list->n++;
    *note = (struct held){.seat = list->seat, .as = *held};
    snprintf(note->source, sizeof note->source, "%s", held->source);
    note->as.source = note->source;
}

static void ask_held(void *arg)
{
    struct held_list *list = arg;
    struct evt_error err;

    if (evt_shard_held(list->seat->sh, note_held, list, &err) != EVT_OK)
        sim_fail(list->seat->node->world, "%s: %s", list->seat->path, err.text);
}

/* What the sender says today that it sent to this partition, by a scratch replay. */
struct said {
    uint64_t number, chain;
    const struct evt_send *send;
};

struct truth {
    struct sim_world *world;
    const struct evt_sim_partition *to;
    struct said *said;
    size_t n, cap;
};

static void note_said(void *arg, const struct evt_send *send)
{
    struct truth *truth = arg;
    struct evt_message_id id;
    struct evt_record rec = {.headers = send->headers, .headers_n = send->headers_n};
    const struct evt_header *header = evt_record_header(&rec, "ce_id");
    struct evt_error err;

    if (send->partition != truth->to->partition ||
        strcmp(send->topic, truth->to->topic->name) != 0 || header == NULL ||
        evt_message_id_parse(header->value, header->len, &id, &err) != EVT_OK)
        return;
    if (truth->n == truth->cap) {
        truth->cap = truth->cap == 0 ? 256 : truth->cap * 2;
        truth->said = realloc(truth->said, truth->cap * sizeof *truth->said);
        EVT_BUG_ON(truth->said == NULL);
    }
    truth->said[truth->n++] =
        (struct said){id.number, id.chain, evt_sim_log_keep(truth->world->log, send)};
}

/* The first record of a number in the receiver's log: the one that it took. */
static bool first_in_log(const struct held *held, uint64_t number, uint64_t *ret_chain)
{
    const struct evt_sim_partition *part = held->seat->part;

    for (size_t i = 0; i < part->n; i++) {
        struct evt_envelope env;
        struct evt_error err;

        if (evt_envelope_identify(part->records[i], &env, &err) == EVT_OK && env.numbered &&
            evt_text_is(env.source, held->source) && env.number.number == number) {
            *ret_chain = env.number.chain;
            return true;
        }
    }
    return false;
}

static bool in_log(const struct held *held, const struct said *said)
{
    const struct evt_sim_partition *part = held->seat->part;

    for (size_t i = 0; i < part->n; i++) {
        struct evt_envelope env;
        struct evt_error err;

        if (evt_envelope_identify(part->records[i], &env, &err) == EVT_OK && env.numbered &&
            evt_text_is(env.source, held->source) && env.number.number == said->number &&
            env.number.chain == said->chain)
            return true;
    }
    return false;
}

/* As which it was taken: the receiver knows, or, of what is long ago, its log. */
static bool taken(const struct held *held, uint64_t number, uint64_t *ret_chain)
{
    *ret_chain = evt_held_chain(&held->as, number);
    return *ret_chain != 0 || first_in_log(held, number, ret_chain);
}

/* The last number that was taken as its sender says it today. */
static uint64_t last_common(const struct held *held, const struct truth *truth)
{
    uint64_t number = held->as.mark, chain;

    if (number <= truth->n && (number == 0 || truth->said[number - 1].chain == held->as.chain))
        return number;
    do
        number--;
    while (number > 0 && (number > truth->n || !taken(held, number, &chain) ||
                          chain != truth->said[number - 1].chain));
    return number;
}

static void accept(struct sim_world *world, const struct held *held, uint64_t mark, uint64_t chain)
{
    char hex[17], id[40];
    const struct evt_accept_stream word = {.source = held->source,
                                           .expected_mark = (int64_t)held->as.mark,
                                           .new_mark = (int64_t)mark,
                                           .new_chain = hex};

    snprintf(hex, sizeof hex, "%016" PRIx64, chain);
    snprintf(id, sizeof id, "accept-%zu", (size_t)world->records);
    sim_trace(world, "operator: %s accepts %" PRIu64 "-%s of %s instead of %" PRIu64,
              held->seat->path, mark, hex, held->source, held->as.mark);
    sim_append_message(world, held->seat->part, "/cli/operator", id, &evt_accept_stream_type, &word,
                       "accept");
}

/* The shard that a source names, if it is of this history. */
static bool find_sender(struct sim_world *world, const char *source, struct sim_seat **ret_seat)
{
    for (size_t i = 0; i < world->nodes_n; i++)
        for (size_t s = 0; s < world->nodes[i].seats_n; s++) {
            struct sim_seat *seat = &world->nodes[i].seats[s];
            char prefix[100];

            snprintf(prefix, sizeof prefix, "/shop/%s/%d/",
                     seat->sub != NULL ? seat->sub->name : sim_kind_name(seat->node->kind),
                     (int)seat->part->partition);
            if (!world->nodes[i].zombie && strncmp(source, prefix, strlen(prefix)) == 0) {
                *ret_seat = seat;
                return true;
            }
        }
    return false;
}

static void resend(struct sim_world *world, const struct held *held, const struct truth *truth,
                   uint64_t from)
{
    sim_trace(world, "operator: resends %s from %" PRIu64 " to %s", held->source, from,
              held->seat->path);
    for (size_t i = 0; i < truth->n; i++)
        if (truth->said[i].number >= from)
            sim_append(world, held->seat->part, truth->said[i].send);
}

/* Something stands in the receiver's log under this source that it does not say today. */
static bool has_strangers(const struct held *held, const struct truth *truth)
{
    const struct evt_sim_partition *part = held->seat->part;

    for (size_t i = 0; i < part->n; i++) {
        struct evt_envelope env;
        struct evt_error err;

        if (evt_envelope_identify(part->records[i], &env, &err) == EVT_OK && env.numbered &&
            evt_text_is(env.source, held->source) &&
            (env.number.number > truth->n ||
             truth->said[env.number.number - 1].chain != env.number.chain))
            return true;
    }
    return false;
}

/* All is there and right, and still it waits: that must not be. */
static void settle(struct sim_world *world, const struct held *held, const struct truth *truth)
{
    if (has_strangers(held, truth))
        accept(world, held, held->as.mark, held->as.chain);
    else
        sim_fail(world, "%s: holds %s at %" PRIu64 " though nothing is missing or wrong",
                 held->seat->path, held->source, held->as.mark);
}

static void heal_stream(struct sim_world *world, const struct held *held)
{
    struct truth truth = {.world = world, .to = held->seat->part};
    struct sim_replay replay = {.send = note_said, .arg = &truth};
    struct sim_seat *sender;
    uint64_t chain = 0, common;

    if (!find_sender(world, held->source, &sender)) {
        sim_fail(world, "%s: a stream of nobody is held: %s", held->seat->path, held->source);
        return;
    }
    if (!sim_replay(world, sender->node->kind, sender->sub, sender->part, &replay))
        return;
    if (strcmp(replay.source, held->source) != 0) {
        if (held->as.next == 0 || !first_in_log(held, held->as.next, &chain))
            accept(world, held, held->as.mark, held->as.chain);
        else
            accept(world, held, held->as.next, chain);
        goto out;
    }
    common = last_common(held, &truth);
    if (common < held->as.mark) {
        accept(world, held, common,
               common > 0 ? truth.said[common - 1].chain
                          : evt_chain_first(held->source, strlen(held->source),
                                            held->seat->part->topic->stream,
                                            strlen(held->seat->part->topic->stream),
                                            held->seat->part->partition));
        resend(world, held, &truth, common + 1);
    } else if (held->as.next == held->as.mark + 1 && held->as.mark < truth.n &&
               in_log(held, &truth.said[held->as.mark])) {
        /* The right one waits: its type is new. The receiver is deployed now, late. */
        if (world->generation[held->seat->node->kind] == 1)
            sim_operator_deploy(world, held->seat->node->kind);
        else if (held->seat->generation == 2)
            settle(world, held, &truth);
    } else if (held->as.mark < truth.n) {
        resend(world, held, &truth, held->as.mark + 1);
    } else {
        settle(world, held, &truth);
    }
out:
    free(truth.said);
}

size_t sim_operator_heal(struct sim_world *world)
{
    static struct held_list list;

    list.n = 0;
    for (size_t i = 0; i < world->nodes_n; i++)
        for (size_t s = 0; s < world->nodes[i].seats_n && !world->nodes[i].zombie; s++) {
            list.seat = &world->nodes[i].seats[s];
            if (world->nodes[i].up && list.seat->sh != NULL)
                sim_node_run(&world->nodes[i], ask_held, &list);
        }
    for (size_t i = 0; i < list.n && world->failure[0] == '\0'; i++)
        heal_stream(world, &list.held[i]);
    return list.n;
}

enum { PARKED_MAX = 128 };

struct parked_list {
    struct sim_seat *seat;
    struct {
        struct sim_seat *seat;
        int64_t id;
        char key[64], name[12], ref[48];
    } calls[PARKED_MAX];
    size_t n;
};

/* Inside the process. */
static void ask_parked(void *arg)
{
    struct parked_list *list = arg;
    sqlite3 *db = evt_store_db(evt_shard_store(list->seat->sh));
    sqlite3_stmt *row = NULL;

    EVT_BUG_ON(sqlite3_prepare_v2(db, "SELECT id, call_key, name, ref FROM evt_calls", -1, &row,
                                  NULL) != SQLITE_OK);
    while (sqlite3_step(row) == SQLITE_ROW && list->n < PARKED_MAX) {
        size_t i = list->n++;

        list->calls[i].seat = list->seat;
        list->calls[i].id = sqlite3_column_int64(row, 0);
        snprintf(list->calls[i].key, sizeof list->calls[i].key, "%s", evt_row_text(row, 1));
        snprintf(list->calls[i].name, sizeof list->calls[i].name, "%s", evt_row_text(row, 2));
        snprintf(list->calls[i].ref, sizeof list->calls[i].ref, "%s", evt_row_text(row, 3));
    }
    sqlite3_finalize(row);
}

/* What was done is ok; what was never done is refused, or, where that cannot be, done now. */
static bool settle_bank(struct sim_world *world, const struct parked_list *list, size_t i)
{
    const struct sim_effect *effect = sim_provider_find(world, list->calls[i].key);
    const bool take = strcmp(list->calls[i].name, "take") == 0;

    if (effect == NULL && !take)
        effect = sim_provider_do(world, list->calls[i].key, list->calls[i].ref, "give");
    return effect != NULL && !effect->refused;
}

static void settle_call(struct sim_world *world, const struct parked_list *list, size_t i)
{
    struct evt_call_ended word = {.call_id = list->calls[i].id, .call_key = list->calls[i].key};
    const enum sim_kind kind = list->calls[i].seat->node->kind;
    struct evt_buf words = {0};
    char id[40];
    bool ok;

    if (kind == SIM_PAYMENT)
        ok = sim_psp_settle(world, list->calls[i].key, &words);
    else if (kind == SIM_NOTIFY)
        ok = sim_mail_settle(world, list->calls[i].ref, &words);
    else
        ok = settle_bank(world, list, i);
    word.outcome = ok ? EVT_CALL_ENDED_OUTCOME_OK : EVT_CALL_ENDED_OUTCOME_REFUSED;
    word.response = (struct evt_bytes){words.data, words.len};
    snprintf(id, sizeof id, "settle-%zu", (size_t)world->records);
    sim_trace(world, "operator: settles call %s of %s", list->calls[i].key, list->calls[i].ref);
    sim_append_message(world, list->calls[i].seat->part, "/cli/operator", id, &evt_call_ended_type,
                       &word, "settle");
    evt_buf_release(&words);
    sim_count(world, SIM_FAULT_PARKED);
}

size_t sim_operator_settle(struct sim_world *world)
{
    static struct parked_list list;

    list.n = 0;
    for (size_t i = 0; i < world->nodes_n; i++)
        for (size_t s = 0; s < world->nodes[i].seats_n; s++) {
            list.seat = &world->nodes[i].seats[s];
            if (!world->nodes[i].zombie && list.seat->sub == NULL && world->nodes[i].up &&
                list.seat->sh != NULL)
                sim_node_run(&world->nodes[i], ask_parked, &list);
        }
    for (size_t i = 0; i < list.n; i++)
        settle_call(world, &list, i);
    return list.n;
}

struct stuck_list {
    struct sim_seat *seat;
    struct {
        struct sim_seat *seat;
        char ref[48], saga[8];
        char step[EVT_NAME_MAX + 1]; /* one of those that are to be undone; "": none */
        int item;
        int32_t definition;
    } sagas[PARKED_MAX];
    size_t n;
};

/* What waits for a person, by the parts' own lines; and the last of what is to be undone. */
static int parked_parts(const char *parts, char ret_step[EVT_NAME_MAX + 1], int *ret_item)
{
    int n = 0;

    ret_step[0] = '\0';
    for (; *parts != '\0'; parts += strcspn(parts, "\n") + 1) {
        char step[EVT_NAME_MAX + 1], state[16];
        int item;

        if (sscanf(parts, "%64s %d %15s", step, &item, state) != 3)
            continue;
        n += strcmp(state, "parked") == 0 || strcmp(state, "stuck") == 0;
        if (strcmp(state, "stuck") == 0) {
            snprintf(ret_step, EVT_NAME_MAX + 1, "%s", step);
            *ret_item = item;
        }
    }
    return n;
}

/* Inside the process. The figure is what metrics and lists show. */
static void ask_stuck(void *arg)
{
    struct stuck_list *list = arg;
    sqlite3 *db = evt_store_db(evt_shard_store(list->seat->sh));
    sqlite3_stmt *row = NULL;

    EVT_BUG_ON(sqlite3_prepare_v2(db, "SELECT ref, parked, parts, name, definition FROM evt_sagas",
                                  -1, &row, NULL) != SQLITE_OK);
    while (sqlite3_step(row) == SQLITE_ROW && list->n < PARKED_MAX) {
        const int parked = sqlite3_column_int(row, 1);
        const int there = parked_parts(evt_row_text(row, 2), list->sagas[list->n].step,
                                       &list->sagas[list->n].item);

        if (parked != there)
            sim_fail(list->seat->node->world, "%s: saga %s counts %d parked parts of %d",
                     list->seat->path, evt_row_text(row, 0), parked, there);
        if (parked == 0)
            continue;
        list->sagas[list->n].seat = list->seat;
        list->sagas[list->n].definition = sqlite3_column_int(row, 4);
        snprintf(list->sagas[list->n].ref, sizeof list->sagas[0].ref, "%s", evt_row_text(row, 0));
        snprintf(list->sagas[list->n].saga, sizeof list->sagas[0].saga, "%s", evt_row_text(row, 3));
        list->n++;
    }
    sqlite3_finalize(row);
}

static void note_undone(void *arg, sqlite3_stmt *row)
{
    *(bool *)arg = sqlite3_column_int(row, 0) != 0;
}

/* By the hosts' ledgers: it was, and whoever did it never got to say so. */
static bool is_undone(struct sim_world *world, const char *ref, int step, int item)
{
    char sql[200];
    bool undone = false;

    snprintf(sql, sizeof sql,
             "SELECT state = 'undone' AND dones = undones FROM job WHERE ref = '%s' AND step = %d"
             " AND item = %d",
             ref, step, item);
    for (size_t i = 0; i < world->nodes_n && !undone; i++)
        for (size_t s = 0; s < world->nodes[i].seats_n && !undone; s++)
            if (!world->nodes[i].zombie && world->nodes[i].kind == SIM_HOST && world->nodes[i].up &&
                world->nodes[i].seats[s].sh != NULL)
                sim_ask(&world->nodes[i].seats[s], sql, note_undone, &undone);
    return undone;
}

static int step_index(int32_t definition, const char *name)
{
    const struct sim_plan *plan = sim_plan(definition);
    int step = 0;

    while (step < plan->steps_n && strcmp(plan->steps[step].name, name) != 0)
        step++;
    return step;
}

/* Now and then a person looks into the ledgers first. False: it is to be tried again. */
static bool settle_trip(struct sim_world *world, const struct stuck_list *list, size_t i)
{
    const char *ref = list->sagas[i].ref;
    struct evt_settle_saga word = {.saga = "trip",
                                   .ref = ref,
                                   .step = list->sagas[i].step,
                                   .item = list->sagas[i].item,
                                   .outcome = EVT_SETTLE_SAGA_OUTCOME_UNDONE,
                                   .why = "the host's ledger says so"};
    char id[40];
    const int step = step_index(list->sagas[i].definition, word.step);

    if (word.step[0] == '\0' || !sim_plan_chance(500, "settle", ref, step, word.item, 0) ||
        !is_undone(world, ref, step, word.item))
        return false;
    snprintf(id, sizeof id, "settle-%zu", (size_t)world->records);
    sim_trace(world, "operator: settles %s %d of trip %s", word.step, (int)word.item, ref);
    sim_append_message(world, list->sagas[i].seat->part, "/cli/operator", id, &evt_settle_saga_type,
                       &word, ref);
    world->stats->trips_settled++;
    return true;
}

size_t sim_operator_retry(struct sim_world *world)
{
    static struct stuck_list list;
    char id[40];

    list.n = 0;
    for (size_t i = 0; i < world->nodes_n; i++)
        for (size_t s = 0; s < world->nodes[i].seats_n; s++) {
            list.seat = &world->nodes[i].seats[s];
            if (!world->nodes[i].zombie && list.seat->sub == NULL && world->nodes[i].up &&
                list.seat->sh != NULL)
                sim_node_run(&world->nodes[i], ask_stuck, &list);
        }
    for (size_t i = 0; i < list.n; i++) {
        const struct evt_retry_saga retry = {.saga = list.sagas[i].saga, .ref = list.sagas[i].ref};

        if (list.sagas[i].seat->node->kind == SIM_TRIP && settle_trip(world, &list, i))
            continue;
        snprintf(id, sizeof id, "retry-%zu", (size_t)world->records);
        sim_trace(world, "operator: has saga %s taken up again", list.sagas[i].ref);
        sim_append_message(world, list.sagas[i].seat->part, "/cli/operator", id,
                           &evt_retry_saga_type, &retry, list.sagas[i].ref);
        if (list.sagas[i].seat->node->kind == SIM_TRIP)
            world->stats->trips_retried++;
        else
            sim_shop_retried(world, list.sagas[i].ref);
    }
    return list.n;
}
