/* Shard: the life of a deterministic state machine over one log partition.
 *
 * It sends first and commits afterwards: whatever goes wrong, the transaction is rolled back or
 * lost, the same records are applied again, and the same messages with the same ids go out again.
 */
#include "saga_internal.h"

#include <evt/mem.h>
#include <evt/snapshot.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const outcome_names[EVT_OUTCOMES] = {
    [EVT_APPLIED] = "applied", [EVT_REJECTED] = "rejected", [EVT_DUPLICATE] = "duplicate",
    [EVT_PARKED] = "parked",   [EVT_DRAINED] = "drained",   [EVT_IGNORED] = "ignored",
    [EVT_CONTROL] = "control", [EVT_DROPPED] = "dropped",
};

const char *evt_outcome_str(enum evt_outcome outcome)
{
    return outcome_names[outcome];
}

void evt__shard_name(struct evt_shard *sh)
{
    if (!sh->meta.lineage[0]) {
        sh->source[0] = sh->own_source[0] = '\0';
        return;
    }
    evt_source_print(sh->source, sizeof(sh->source), sh->name, sh->partition, sh->meta.lineage);
    snprintf(sh->own_source, sizeof(sh->own_source), "/own/%s/%d/%s", sh->name, (int)sh->partition,
             sh->meta.lineage);
}

static void forget_batch(struct evt_shard *sh)
{
    sh->sends_n = sh->withheld = sh->acknowledged = sh->batch = 0;
    evt_arena_reset(&sh->batch_arena);
}

/* Counters, marks and stream numbers live in the store: after a rollback they are read from it. */
static void forget_cache(struct evt_shard *sh)
{
    evt__marks_forget(sh);
    evt__streams_forget(sh);
    sh->meta = sh->committed;
    sh->stale = true;
    sh->failed = sh->torn = false;
    sh->superseded = false;
    forget_batch(sh);
}

enum evt_err evt__shard_reread(struct evt_shard *sh, struct evt_error *err)
{
    enum evt_err rc = evt_store_meta_get(sh->st, &sh->committed, err);

    if (rc != EVT_OK)
        return rc;
    sh->meta = sh->committed;
    sh->stale = false;
    sh->awaiting =
        !sh->subscription && sh->meta.pos >= 0 && sh->meta.generation < sh->service->generation;
    evt__shard_name(sh);
    return EVT_OK;
}

static enum evt_err check_generation(struct evt_shard *sh, struct evt_error *err)
{
    const struct evt_meta *meta = &sh->committed;
    enum evt_err rc;

    if (meta->held_back >= 0)
        return evt_fail(err, EVT_E_STORE_HELD_BACK,
                        "remove it, and it is rebuilt from its log from the start");
    if (sh->subscription || meta->pos < 0)
        return EVT_OK;
    if (meta->generation > sh->service->generation)
        return evt_fail(err, EVT_E_STORE_NEWER,
                        "it is of generation %u, this version is %u: start the newer one",
                        (unsigned)meta->generation, (unsigned)sh->service->generation);
    if (sh->awaiting)
        return EVT_OK;
    rc = evt__saga_check_instances(sh->st, sh->service, 0, err);
    if (rc != EVT_OK)
        return rc;
    if (meta->declared != evt__saga_declared(sh->service, sh->declaration->hash))
        return evt_fail(err, EVT_E_GENERATION_CHANGED,
                        "generation %u was begun with other schemas, senders, bounds or sagas:"
                        " bump the generation",
                        (unsigned)meta->generation);
    return evt_store_verify(sh->st, err);
}

static enum evt_err find_topics(struct evt_shard *sh, struct evt_error *err)
{
    const char *service = sh->service->name;

    sh->dlt = evt_registry_service_topic(sh->registry, service, EVT_TOPIC_DLT);
    sh->events = evt_registry_service_topic(sh->registry, service, EVT_TOPIC_EVENTS);
    sh->declaration = evt_registry_declaration(sh->registry, service);
    if (!sh->dlt || !sh->events || !sh->declaration)
        return evt_fail(err, EVT_E_SERVICE, "topics.json does not declare the service %s", service);
    return EVT_OK;
}

enum evt_err evt_shard_open(const struct evt_shard_options *opt, struct evt_shard **ret_sh,
                            struct evt_error *err)
{
    struct evt_shard *sh = evt_zalloc(sizeof(*sh));
    enum evt_err rc;

    sh->opt = *opt;
    sh->service = opt->service;
    sh->subscription = opt->subscription;
    sh->registry = opt->service->registry;
    sh->topic = opt->topic;
    sh->partition = opt->partition;
    sh->name = opt->subscription ? opt->subscription->name : opt->service->name;
    sh->join = EVT_JOIN_STORE;
    sh->opt.store.service = sh->name;
    sh->opt.store.partition = opt->partition;
    sh->opt.store.migrations = opt->subscription ? NULL : opt->service->migrations;
    sh->opt.store.statements = opt->subscription ? NULL : opt->service->statements;
    rc = find_topics(sh, err);
    if (rc == EVT_OK && !opt->subscription)
        rc = evt_service_check(opt->service, err);
    if (rc == EVT_OK)
        rc = evt_store_open(&sh->opt.store, &sh->st, err);
    if (rc == EVT_OK)
        rc = evt__shard_reread(sh, err);
    if (rc == EVT_OK)
        rc = check_generation(sh, err);
    if (rc != EVT_OK) {
        evt_shard_close(sh);
        return rc;
    }
    *ret_sh = sh;
    return EVT_OK;
}

void evt_shard_close(struct evt_shard *sh)
{
    if (!sh)
        return;
    evt__marks_forget(sh);
    evt__streams_forget(sh);
    evt_store_close(sh->st);
    evt_arena_release(&sh->batch_arena);
    evt_arena_release(&sh->msg_arena);
    evt_arena_release(&sh->park_arena);
    evt_buf_release(&sh->scratch);
    evt_free(sh->marks);
    evt_free(sh->streams);
    evt_free(sh->sends);
    evt_free(sh->unsends);
    evt_free(sh);
}

bool evt_shard_join_next(const struct evt_shard *sh, int64_t *ret_offset)
{
    if (sh->join == EVT_JOINED)
        return false;
    *ret_offset = sh->join == EVT_JOIN_BATCH ? sh->meta.pos : sh->committed.pos;
    return true;
}

/* An empty store begins where the log begins, and only its own generation may begin it. */
static enum evt_err join_empty(struct evt_shard *sh, const struct evt_record *rec, int64_t low,
                               struct evt_error *err)
{
    if (low > 0)
        return evt_fail(err, EVT_E_LOG_BEGIN,
                        "it begins at %" PRId64 " and the store is empty: restore a snapshot", low);
    /* Nothing there yet: the first record that comes must be the birth. */
    return rec ? evt__control_check_birth(sh, rec, err) : EVT_OK;
}

static enum evt_err join_at(const struct evt_meta *meta, const struct evt_record *rec, int64_t low,
                            struct evt_error *err)
{
    if (low > meta->pos)
        return evt_fail(err, EVT_E_LOG_BEGIN,
                        "it begins at %" PRId64 ", the store is at %" PRId64
                        ": restore a newer snapshot",
                        low, meta->pos);
    if (!rec || rec->offset != meta->pos)
        return evt_fail(err, EVT_E_LOG_LOST,
                        "offset %" PRId64
                        ": its tail was lost; remove the store to rebuild it from what is left",
                        meta->pos);
    if (evt_record_hash(rec) != meta->pos_hash)
        return evt_fail(err, EVT_E_LOG_DIFFERS,
                        "offset %" PRId64
                        ": it was replaced; remove the store to rebuild it from what is there",
                        meta->pos);
    return EVT_OK;
}

enum evt_err evt_shard_join(struct evt_shard *sh, const struct evt_record *rec, int64_t low,
                            struct evt_error *err)
{
    int64_t asked = sh->committed.pos;
    enum evt_err rc = EVT_OK;

    EVT_BUG_ON(sh->join == EVT_JOINED);
    if (sh->stale)
        rc = evt__shard_reread(sh, err);
    if (rc != EVT_OK)
        return rc;
    if (sh->committed.pos != asked) /* a COMMIT that failed may have succeeded: ask anew */
        return EVT_OK;
    if (sh->join == EVT_JOIN_BATCH) {
        /* What this transaction sent is out: if the records that caused it are gone, say so now. */
        rc = join_at(&sh->meta, rec, low, err);
        evt_shard_rollback(sh);
        return rc;
    }
    rc = sh->committed.pos < 0 ? join_empty(sh, rec, low, err)
                               : join_at(&sh->committed, rec, low, err);
    if (rc == EVT_OK)
        sh->join = EVT_JOINED;
    return rc;
}

void evt_shard_reconnected(struct evt_shard *sh)
{
    sh->caught_up = false;
    sh->join = sh->batch > 0 && !sh->torn ? EVT_JOIN_BATCH : EVT_JOIN_STORE;
    if (sh->join == EVT_JOIN_STORE)
        evt_shard_rollback(sh);
}

int64_t evt_shard_next_offset(const struct evt_shard *sh)
{
    return sh->meta.pos + 1;
}

int64_t evt_shard_position(const struct evt_shard *sh)
{
    return sh->committed.pos;
}

size_t evt_shard_batch(const struct evt_shard *sh)
{
    return sh->batch;
}

size_t evt_shard_sends(const struct evt_shard *sh, const struct evt_send **ret_sends)
{
    *ret_sends = sh->sends ? sh->sends + sh->withheld : NULL;
    return sh->sends_n - sh->withheld;
}

void evt_shard_acknowledged(struct evt_shard *sh, size_t count)
{
    sh->acknowledged += count;
    EVT_BUG_ON(sh->acknowledged > sh->sends_n - sh->withheld);
}

enum evt_err evt_shard_commit(struct evt_shard *sh, struct evt_error *err)
{
    enum evt_err rc;

    EVT_BUG_ON(sh->failed || sh->join != EVT_JOINED);
    EVT_BUG_ON(sh->acknowledged != sh->sends_n - sh->withheld);
    if (sh->batch == 0)
        return EVT_OK;
    rc = evt__marks_write(sh, err);
    if (rc == EVT_OK)
        rc = evt__streams_write(sh, err);
    if (rc == EVT_OK)
        rc = evt_store_meta_put(sh->st, &sh->meta, sh->committed.pos, err);
    if (rc == EVT_OK)
        rc = evt_store_commit(sh->st, err);
    if (rc != EVT_OK) {
        sh->failed = true;
        return evt_wrap(err, rc, "commit");
    }
    sh->committed = sh->meta;
    forget_batch(sh);
    return EVT_OK;
}

void evt_shard_rollback(struct evt_shard *sh)
{
    evt_store_rollback(sh->st);
    forget_cache(sh);
    if (sh->join == EVT_JOIN_BATCH) /* nothing is open any more */
        sh->join = EVT_JOIN_STORE;
}

bool evt_shard_proof(const struct evt_shard *sh, char ret_proof[EVT_PROOF_LEN])
{
    if (sh->committed.held_back >= 0)
        return false;
    snprintf(ret_proof, EVT_PROOF_LEN, "%s:%016" PRIx64, sh->committed.lineage, sh->committed.roll);
    return true;
}

enum evt_err evt_shard_hold_back(struct evt_shard *sh, int64_t offset, const char *proof,
                                 struct evt_error *err)
{
    struct evt_meta meta = sh->committed;
    enum evt_err rc;

    EVT_BUG_ON(sh->batch > 0);
    if (offset <= sh->committed.pos)
        return EVT_OK;
    if (sh->committed.lineage[0] && strncmp(proof, sh->committed.lineage, EVT_LINEAGE_LEN) != 0)
        return evt_fail(err, EVT_E_PROOF_DIFFERS, "its lineage is %s", sh->committed.lineage);
    meta.held_back = offset;
    rc = evt_store_begin(sh->st, err);
    if (rc == EVT_OK)
        rc = evt_store_meta_put(sh->st, &meta, meta.pos, err);
    if (rc == EVT_OK)
        rc = evt_store_commit(sh->st, err);
    if (rc != EVT_OK) {
        evt_store_rollback(sh->st);
        return rc;
    }
    snprintf(sh->proof, sizeof(sh->proof), "%s", proof);
    sh->meta = sh->committed = meta;
    return EVT_OK;
}

enum evt_err evt_shard_caught_up(struct evt_shard *sh, struct evt_error *err)
{
    EVT_BUG_ON(sh->join != EVT_JOINED);
    if (sh->meta.held_back >= 0)
        return evt_fail(err, EVT_E_PROOF_DIFFERS,
                        "it ends before offset %" PRId64 ": rebuild the store and send again",
                        sh->meta.held_back);
    if (sh->awaiting)
        return evt_fail(
            err, EVT_E_GENERATION_OLD,
            "the log holds no boundary of generation %u yet: run upgrade while generation %u runs",
            (unsigned)sh->service->generation, (unsigned)sh->committed.generation);
    sh->caught_up = true;
    return EVT_OK;
}

bool evt_shard_is_caught_up(const struct evt_shard *sh)
{
    return sh->caught_up;
}

bool evt_shard_superseded(const struct evt_shard *sh, uint32_t *ret_generation, int64_t *ret_offset)
{
    if (!sh->superseded)
        return false;
    *ret_generation = sh->next_generation;
    *ret_offset = sh->boundary;
    return true;
}

enum evt_err evt_shard_supersede(struct evt_shard *sh, struct evt_error *err)
{
    EVT_BUG_ON(!sh->superseded || sh->batch > 0);
    return evt_snapshot_take(sh->st, sh->opt.store.fs, sh->opt.store.path, sh->next_generation,
                             sh->boundary, err);
}

uint64_t evt_held_chain(const struct evt_held *held, uint64_t number)
{
    return evt__chain_at(held->chains, held->mark, number);
}

enum evt_err evt_shard_held(struct evt_shard *sh,
                            void (*each)(void *arg, const struct evt_held *held), void *arg,
                            struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    enum evt_err rc = evt__own_query(sh->st, EVT_OWN_MARK_HELD, &row, err, "");

    while (rc == EVT_OK && row) {
        struct evt_held held = {
            .source = evt_row_text(row, 0),
            .mark = (uint64_t)sqlite3_column_int64(row, 1),
            .chain = (uint64_t)sqlite3_column_int64(row, 2),
            .parked = sqlite3_column_int64(row, 3),
            .next = (uint64_t)sqlite3_column_int64(row, 4),
        };
        const void *chains = sqlite3_column_blob(row, 5);

        EVT_BUG_ON(sqlite3_column_bytes(row, 5) != (int)sizeof(held.chains));
        memcpy(held.chains, chains, sizeof(held.chains));
        each(arg, &held);
        rc = evt_store_next(sh->st, &row, err);
    }
    return rc;
}

const char *evt_shard_source(const struct evt_shard *sh)
{
    return sh->source;
}

struct evt_store *evt_shard_store(struct evt_shard *sh)
{
    return sh->st;
}
