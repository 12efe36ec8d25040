/* Sim host: does what trips ask for, or refuses, is silent, rejects, or takes its time: by a hash
 * of what is asked and how often it was. It tells of all that it does, sooner or later, is patient
 * with those who ask often enough, and keeps a ledger. Some have no memory of what was undone
 * before it was done, and do it then. */
#include "sim_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STATEMENT_PUT = SIM_STATEMENTS_N,
    STATEMENT_GET,
};

static const char *const statements[] = {
    SIM_STATEMENTS,
    "INSERT INTO job VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (ref, step, item) DO"
    " UPDATE SET state = ?4, asked = ?5, undos = ?6, dones = ?7, undones = ?8, timer_id = ?9",
    "SELECT state, asked, undos, dones, undones, timer_id FROM job"
    " WHERE ref = ?1 AND step = ?2 AND item = ?3",
    NULL,
};

static const char tables_1[] =
    SIM_TABLES "CREATE TABLE job (ref TEXT NOT NULL, step INTEGER NOT NULL, item INTEGER NOT NULL,"
               " state TEXT NOT NULL, asked INTEGER NOT NULL, undos INTEGER NOT NULL,"
               " dones INTEGER NOT NULL, undones INTEGER NOT NULL, timer_id INTEGER NOT NULL,"
               " PRIMARY KEY (ref, step, item)) STRICT, WITHOUT ROWID;";
static const char tables_2[] = "CREATE INDEX job_by_state ON job (state, ref, step, item);";
static const struct evt_migration migrations_1[] = {{1, "0001-host", tables_1}, {0}};
static const struct evt_migration migrations_2[] = {{1, "0001-host", tables_1},
                                                    {2, "0002-by-state", tables_2},
                                                    {0}};

/* Asked so often it gives in. */
enum { PATIENCE = 5 };

struct job {
    char ref[EVT_SAGA_REF_MAX + 1];
    int32_t definition, step, item;
    char state[12]; /* "" none; waiting: to be done; telling: done, to be told; done, refused,
                       undone */
    int32_t asked, undos, dones, undones;
    int64_t timer_id;
};

static enum evt_err job_get(struct evt_ctx *ctx, struct job *job, struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    const enum evt_err rc = evt_store_query(evt_ctx_store(ctx), STATEMENT_GET, &row, err, "tii",
                                            job->ref, job->step, job->item);

    if (rc != EVT_OK || row == NULL)
        return rc;
    snprintf(job->state, sizeof job->state, "%s", evt_row_text(row, 0));
    job->asked = sqlite3_column_int(row, 1);
    job->undos = sqlite3_column_int(row, 2);
    job->dones = sqlite3_column_int(row, 3);
    job->undones = sqlite3_column_int(row, 4);
    job->timer_id = sqlite3_column_int64(row, 5);
    evt_store_done(row);
    return EVT_OK;
}

static enum evt_err job_put(struct evt_ctx *ctx, const struct job *job, struct evt_error *err)
{
    return evt_store_run(evt_ctx_store(ctx), STATEMENT_PUT, err, "tiitiiiil", job->ref, job->step,
                         job->item, job->state, job->asked, job->undos, job->dones, job->undones,
                         job->timer_id);
}

static bool is(const struct job *job, const char *state)
{
    return strcmp(job->state, state) == 0;
}

static void become(struct job *job, const char *state)
{
    snprintf(job->state, sizeof job->state, "%s", state);
}

static enum evt_err tell(struct evt_ctx *ctx, const struct job *job, enum evt_saga_word word,
                         struct evt_error *err)
{
    const struct sim_host_told told = {job->ref, job->definition, job->step, job->item,
                                       (int32_t)word};

    return sim_host_told_send(ctx, &told, err);
}

/* In so many of a thousand cases for each degree of this history's temper. */
static bool happens(unsigned per_mille, const char *what, const struct job *job, int32_t nth)
{
    return sim_plan_chance(per_mille * (1 + sim_plan_temper()), what, job->ref,
                           job->definition * 100 + job->step, job->item, nth);
}

static enum evt_err later(struct evt_ctx *ctx, struct job *job, const char *state,
                          struct evt_error *err)
{
    const uint64_t at_most =
        sim_plan_chance(700, "soon", job->ref, job->step, job->item, 0) ? 500 : 8000;
    const int64_t pause_ms =
        10 + (int64_t)sim_plan_below(at_most, "pause", job->ref, job->step, job->item, job->asked);
    char ref[EVT_SAGA_REF_MAX + 40];

    become(job, state);
    snprintf(ref, sizeof ref, "%d %d %d %s", (int)job->definition, (int)job->step, (int)job->item,
             job->ref);
    return evt_timer_set(ctx, "later", evt_time_ms(ctx) + pause_ms, ref, &job->timer_id, err);
}

static enum evt_err forget_timer(struct evt_ctx *ctx, struct job *job, struct evt_error *err)
{
    const int64_t id = job->timer_id;

    job->timer_id = 0;
    return id == 0 ? EVT_OK : evt_timer_cancel(ctx, id, err);
}

static enum evt_err do_it(struct evt_ctx *ctx, struct job *job, struct evt_error *err)
{
    become(job, "done");
    job->dones++;
    return tell(ctx, job, EVT_SAGA_DONE, err);
}

static enum evt_err refuse(struct evt_ctx *ctx, struct job *job, struct evt_error *err)
{
    become(job, "refused");
    return tell(ctx, job, EVT_SAGA_REFUSED, err);
}

static enum evt_err decide(struct evt_ctx *ctx, struct job *job, struct evt_error *err)
{
    const int32_t nth = job->asked;

    if (nth >= PATIENCE)
        return do_it(ctx, job, err);
    if (happens(12, "refuse", job, nth))
        return refuse(ctx, job, err);
    if (happens(30, "silent", job, nth))
        return EVT_OK;
    if (happens(30, "slow", job, nth))
        return later(ctx, job, "waiting", err);
    if (happens(30, "slow to tell", job, nth)) {
        job->dones++;
        return later(ctx, job, "telling", err);
    }
    return do_it(ctx, job, err);
}

/* Whoever comes again with a new message may fare better, but not while it is being done. */
static bool rejects(const struct evt_ctx *ctx, const struct job *job)
{
    return sim_plan_chance((is(job, "waiting") ? 70 : 7) * (1 + sim_plan_temper()), "reject",
                           evt_id(ctx), 0, 0, 0);
}

static enum evt_err handle_ask(struct evt_ctx *ctx, const struct sim_ask_host *msg,
                               struct evt_error *err)
{
    struct job job = {.definition = msg->definition, .step = msg->step, .item = msg->item};
    enum evt_err rc = sim_seen(ctx, &sim_ask_host_type, err);

    snprintf(job.ref, sizeof job.ref, "%s", msg->ref);
    if (rc == EVT_OK)
        rc = job_get(ctx, &job, err);
    job.asked++;
    if (rc == EVT_OK && happens(10, "note", &job, job.asked))
        rc = tell(ctx, &job, EVT_SAGA_NOTED, err);
    if (rc == EVT_OK && is(&job, "done"))
        rc = tell(ctx, &job, EVT_SAGA_DONE, err);
    else if (rc == EVT_OK && !is(&job, "waiting") && !is(&job, "telling"))
        rc = decide(ctx, &job, err);
    if (rc == EVT_OK)
        rc = job_put(ctx, &job, err);
    /* Only now: what was sent and written must vanish. */
    return rc == EVT_OK && rejects(ctx, &job) ? evt_reject(err, SIM_HOST_REJECTS) : rc;
}

static enum evt_err undo(struct evt_ctx *ctx, struct job *job, struct evt_error *err)
{
    if (is(job, "waiting") && happens(150, "no memory", job, 0))
        return EVT_OK; /* there is nothing yet: it comes later */
    job->undones += is(job, "done") || is(job, "telling");
    become(job, "undone");
    return forget_timer(ctx, job, err);
}

static enum evt_err handle_undo(struct evt_ctx *ctx, const struct sim_undo_host *msg,
                                struct evt_error *err)
{
    struct job job = {.definition = msg->definition, .step = msg->step, .item = msg->item};
    enum evt_err rc = sim_seen(ctx, &sim_undo_host_type, err);

    snprintf(job.ref, sizeof job.ref, "%s", msg->ref);
    if (rc == EVT_OK)
        rc = job_get(ctx, &job, err);
    if (rc != EVT_OK)
        return rc;
    job.undos++;
    if (job.undos >= PATIENCE || !happens(40, "not undone", &job, job.undos)) {
        const bool silent = job.undos < PATIENCE && happens(40, "undone silently", &job, job.undos);

        rc = undo(ctx, &job, err);
        if (rc == EVT_OK && !silent)
            rc = tell(ctx, &job, EVT_SAGA_UNDONE, err);
    } else if (happens(120, "and says so", &job, job.undos)) {
        rc = tell(ctx, &job, EVT_SAGA_NOT_UNDONE, err);
    }
    if (rc == EVT_OK)
        rc = job_put(ctx, &job, err);
    return rc == EVT_OK && rejects(ctx, &job) ? evt_reject(err, SIM_HOST_REJECTS) : rc;
}

static enum evt_err come_later(struct evt_ctx *ctx, const struct evt_timer *timer,
                               struct evt_error *err)
{
    struct job job = {.definition = 0};
    enum evt_err rc = sim_fired(ctx, timer, err);
    char *at;

    job.definition = (int32_t)strtol(timer->ref, &at, 10);
    job.step = (int32_t)strtol(at, &at, 10);
    job.item = (int32_t)strtol(at, &at, 10);
    snprintf(job.ref, sizeof job.ref, "%s", at + 1);
    if (rc == EVT_OK)
        rc = job_get(ctx, &job, err);
    if (rc != EVT_OK)
        return rc;
    if (job.timer_id != timer->id)
        return evt_reject(err, "%s does not wait for this timer", timer->ref);
    job.timer_id = 0;
    if (is(&job, "telling")) {
        become(&job, "done");
        rc = tell(ctx, &job, EVT_SAGA_DONE, err);
    } else if (happens(100, "refuse later", &job, job.asked)) {
        rc = refuse(ctx, &job, err);
    } else {
        rc = do_it(ctx, &job, err);
    }
    return rc == EVT_OK ? job_put(ctx, &job, err) : rc;
}

static const struct evt_handler handlers[] = {EVT_ON(sim_ask_host, handle_ask),
                                              EVT_ON(sim_undo_host, handle_undo),
                                              {0}};
static const struct evt_timer_handler timers[] = {{"later", come_later}, {0}};

const struct evt_service sim_host[SIM_GENERATIONS] = {
    {.name = "host",
     .generation = 1,
     .registry = &sim_registry[0],
     .handlers = handlers,
     .timers = timers,
     .migrations = migrations_1,
     .statements = statements},
    {.name = "host",
     .generation = 2,
     .registry = &sim_registry[1],
     .handlers = handlers,
     .timers = timers,
     .migrations = migrations_2,
     .statements = statements},
};
