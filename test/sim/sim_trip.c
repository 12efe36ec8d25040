/* Sim trip: a service that is nothing but its sagas, which are other ones in every history. It
 * notes what its functions are told, and who wanted to cancel what. */
#include "sim_plan.h"

#include <evt/mem.h>
#include <stdio.h>
#include <string.h>

enum {
    STATEMENT_ADD = SIM_STATEMENTS_N,
    STATEMENT_GET,
    STATEMENT_TOOK,
    STATEMENT_ENDED,
    STATEMENT_CANCEL,
};

static const char *const statements[] = {
    SIM_STATEMENTS,
    "INSERT INTO trip (ref, definition, completed, undone, took, cancels) VALUES (?1, 0, 0, 0, 0, "
    "0)",
    "SELECT ref FROM trip WHERE ref = ?1",
    "UPDATE trip SET took = took + 1 WHERE ref = ?1",
    "UPDATE trip SET definition = ?2, completed = completed + ?3, undone = undone + ?4"
    " WHERE ref = ?1",
    "UPDATE trip SET cancels = cancels + 1 WHERE ref = ?1",
    NULL,
};

static const char tables_1[] =
    SIM_TABLES "CREATE TABLE trip (ref TEXT PRIMARY KEY NOT NULL, definition INTEGER NOT NULL,"
               " completed INTEGER NOT NULL, undone INTEGER NOT NULL, took INTEGER NOT NULL,"
               " cancels INTEGER NOT NULL) STRICT, WITHOUT ROWID;";
static const char tables_2[] = "ALTER TABLE trip ADD COLUMN note TEXT NOT NULL DEFAULT 'before 2';";
static const struct evt_migration migrations_1[] = {{1, "0001-trip", tables_1}, {0}};
static const struct evt_migration migrations_2[] = {{1, "0001-trip", tables_1},
                                                    {2, "0002-note", tables_2},
                                                    {0}};

struct trip {
    const char *ref;
};

static enum evt_err run_for(struct evt_ctx *ctx, int statement, const char *ref,
                            struct evt_error *err)
{
    return evt_store_run(evt_ctx_store(ctx), statement, err, "t", ref);
}

static enum evt_err trip_get(struct evt_ctx *ctx, const char *ref, struct trip **ret_trip,
                             struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    enum evt_err rc = evt_store_query(evt_ctx_store(ctx), STATEMENT_GET, &row, err, "t", ref);

    if (rc != EVT_OK)
        return rc;
    *ret_trip = NULL;
    if (row != NULL) {
        *ret_trip = evt_ctx_alloc(ctx, sizeof **ret_trip);
        (*ret_trip)->ref = ref;
        evt_store_done(row);
    }
    return EVT_OK;
}

enum evt_err sim_trip_load(struct evt_ctx *ctx, const char *ref, void **ret_data,
                           struct evt_error *err)
{
    struct trip *trip;
    const enum evt_err rc = trip_get(ctx, ref, &trip, err);

    EVT_BUG_ON(rc == EVT_OK && trip == NULL); /* they began in one transaction */
    if (rc == EVT_OK)
        *ret_data = trip;
    return rc;
}

/* ---- the steps ---- */

static void host_name(char name[4], const struct evt_saga_run *run, int step)
{
    snprintf(name, 4, "h%d",
             (int)sim_plan_below(4, "host", run->ref, (int32_t)run->saga->number, step, 0));
}

/* Nothing is ever refused to the saga's own timer for good: the next one has more luck. */
static bool balks(const struct evt_ctx *ctx)
{
    return strncmp(evt_id(ctx), "timer.", 6) == 0 &&
           sim_plan_chance(30 * sim_plan_temper(), "balk", evt_id(ctx), 0, 0, 0);
}

static enum evt_err ask(struct evt_ctx *ctx, const struct evt_saga_run *run, int step, int32_t item,
                        struct evt_error *err)
{
    const struct trip *trip = run->data;
    char host[4];
    const struct sim_ask_host msg = {host, run->ref, (int32_t)run->saga->number, step, item};
    enum evt_err rc;

    EVT_BUG_ON(strcmp(trip->ref, run->ref) != 0);
    host_name(host, run, step);
    rc = sim_ask_host_send(ctx, &msg, err);
    return rc == EVT_OK && balks(ctx) ? evt_reject(err, SIM_TRIP_BALKS) : rc;
}

static enum evt_err undo(struct evt_ctx *ctx, const struct evt_saga_run *run, int step,
                         int32_t item, struct evt_error *err)
{
    char host[4];
    const struct sim_undo_host msg = {host, run->ref, (int32_t)run->saga->number, step, item};
    enum evt_err rc;

    host_name(host, run, step);
    rc = sim_undo_host_send(ctx, &msg, err);
    return rc == EVT_OK && balks(ctx) ? evt_reject(err, SIM_TRIP_BALKS) : rc;
}

static bool is(const void *msg, int32_t step, int32_t word)
{
    const struct sim_host_told *told = msg;

    return told->step == step && told->word == word;
}

#define STEPS(X)                                                                                   \
    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define FITS(n, word)                                                                              \
    static bool is_##n##_##word(const void *msg)                                                   \
    {                                                                                              \
        return is(msg, n, EVT_SAGA_##word);                                                        \
    }
#define STEP(n)                                                                                    \
    static enum evt_err ask_##n(struct evt_ctx *ctx, const struct evt_saga_run *run, int32_t item, \
                                struct evt_error *err)                                             \
    {                                                                                              \
        return ask(ctx, run, n, item, err);                                                        \
    }                                                                                              \
    static enum evt_err undo_##n(struct evt_ctx *ctx, const struct evt_saga_run *run,              \
                                 int32_t item, struct evt_error *err)                              \
    {                                                                                              \
        return undo(ctx, run, n, item, err);                                                       \
    }                                                                                              \
    static int32_t items_##n(const struct evt_saga_run *run)                                       \
    {                                                                                              \
        return sim_plan_items(sim_plan((int32_t)run->saga->number), n, run->ref);                  \
    }                                                                                              \
    FITS(n, DONE) FITS(n, REFUSED) FITS(n, UNDONE) FITS(n, NOT_UNDONE) FITS(n, NOTED)
STEPS(STEP)

#define ITEMS_OF(n) items_##n,
#define ASK_OF(n)   ask_##n,
#define UNDO_OF(n)  undo_##n,
int32_t (*const sim_trip_items[])(const struct evt_saga_run *run) = {STEPS(ITEMS_OF)};
evt_saga_ask_fn *const sim_trip_ask[] = {STEPS(ASK_OF)};
evt_saga_ask_fn *const sim_trip_undo[] = {STEPS(UNDO_OF)};

static enum evt_err took(struct evt_ctx *ctx, const struct sim_host_told *msg,
                         struct evt_error *err)
{
    const struct evt_saga_run *run = evt_saga_current(ctx);

    if (msg->word == EVT_SAGA_DONE &&
        sim_plan_took_ends(sim_plan((int32_t)run->saga->number), run->ref, msg->step, msg->item))
        evt_saga_turn_back(ctx, "what it says of %d ends it", (int)msg->step);
    if (msg->word == EVT_SAGA_REFUSED || msg->word == EVT_SAGA_NOTED)
        evt_saga_because(ctx, "the host's own words");
    return run_for(ctx, STATEMENT_TOOK, run->ref, err);
}

#define REPLY(n, word)                                                                             \
    EVT_SAGA_ON_IF(is_##n##_##word, sim_host_told, n, EVT_SAGA_##word, "item", took)
#define REPLIES_OF(n)                                                                              \
    REPLY(n, DONE), REPLY(n, REFUSED), REPLY(n, UNDONE), REPLY(n, NOT_UNDONE), REPLY(n, NOTED),
static const struct evt_saga_reply all_replies[] = {STEPS(REPLIES_OF)};

const struct evt_saga_reply *sim_trip_replies(int steps_n)
{
    enum { WORDS = 5 };
    static struct evt_saga_reply tables[EVT_SAGA_STEPS_MAX + 1][WORDS * EVT_SAGA_STEPS_MAX + 1];

    memcpy(tables[steps_n], all_replies, WORDS * (size_t)steps_n * sizeof *all_replies);
    return tables[steps_n];
}

enum evt_err sim_trip_joined(struct evt_ctx *ctx, const struct evt_saga_run *run, int32_t stage,
                             struct evt_error *err)
{
    (void)err;
    if (sim_plan_join_ends(sim_plan((int32_t)run->saga->number), run->ref, stage))
        evt_saga_turn_back(ctx, "it ends with stage %d", (int)stage);
    return EVT_OK;
}

enum evt_err sim_trip_ended(struct evt_ctx *ctx, const struct evt_saga_run *run,
                            enum evt_saga_outcome outcome, struct evt_error *err)
{
    const enum evt_err rc =
        evt_store_run(evt_ctx_store(ctx), STATEMENT_ENDED, err, "tiii", run->ref,
                      (int32_t)run->saga->number, (int32_t)(outcome == EVT_SAGA_COMPLETED),
                      (int32_t)(outcome == EVT_SAGA_TURNED_BACK));

    return rc == EVT_OK && balks(ctx) ? evt_reject(err, SIM_TRIP_BALKS) : rc;
}

/* ---- commands ---- */

static enum evt_err handle_start(struct evt_ctx *ctx, const struct sim_start_trip *msg,
                                 struct evt_error *err)
{
    struct trip *trip;
    enum evt_err rc = sim_seen(ctx, &sim_start_trip_type, err);

    if (rc == EVT_OK)
        rc = trip_get(ctx, msg->ref, &trip, err);
    if (rc != EVT_OK)
        return rc;
    if (trip != NULL) {
        evt_answer_refused(ctx, "it was started before", NULL);
        return EVT_OK;
    }
    rc = run_for(ctx, STATEMENT_ADD, msg->ref, err);
    trip = evt_ctx_alloc(ctx, sizeof *trip);
    trip->ref = msg->ref;
    return rc == EVT_OK ? evt_saga_start(ctx, "trip", msg->ref, trip, err) : rc;
}

/* Whatever comes of it: a trip that somebody wanted to cancel must not stay completed. */
static enum evt_err handle_cancel(struct evt_ctx *ctx, const struct sim_cancel_trip *msg,
                                  struct evt_error *err)
{
    bool cancelled = false;
    enum evt_err rc = sim_seen(ctx, &sim_cancel_trip_type, err);

    if (rc == EVT_OK)
        rc = run_for(ctx, STATEMENT_CANCEL, msg->ref, err);
    if (rc == EVT_OK)
        rc = evt_saga_cancel(ctx, "trip", msg->ref, "it was cancelled", &cancelled, err);
    if (rc == EVT_OK && !cancelled)
        evt_answer_refused(ctx, "it cannot be cancelled", NULL);
    return rc;
}

static const struct evt_handler handlers[] = {EVT_ON(sim_start_trip, handle_start),
                                              EVT_ON(sim_cancel_trip, handle_cancel),
                                              {0}};
static const struct evt_saga *const sagas_1[] = {&sim_plans[0].saga, NULL};
static const struct evt_saga *const sagas_2[] = {&sim_plans[1].saga, &sim_plans[0].saga, NULL};

const struct evt_service sim_trip[SIM_GENERATIONS] = {
    {.name = "trip",
     .generation = 1,
     .registry = &sim_registry[0],
     .handlers = handlers,
     .sagas = sagas_1,
     .migrations = migrations_1,
     .statements = statements},
    {.name = "trip",
     .generation = 2,
     .registry = &sim_registry[1],
     .handlers = handlers,
     .sagas = sagas_2,
     .migrations = migrations_2,
     .statements = statements},
};
