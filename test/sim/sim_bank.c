/* Sim bank: takes and gives back money by outside calls, with a timer beside each.
 *
 * A charge is `taking` until its call ends; a refund that comes meanwhile waits for that end, and
 * one that comes before its charge is remembered. What breaks this order is rejected, and no
 * history without a wrong rule gets there. */
#include "sim_service.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    STATEMENT_CHARGE_ADD = SIM_STATEMENTS_N,
    STATEMENT_CHARGE_GET,
    STATEMENT_CHARGE_PUT,
    STATEMENT_MOVE,
    STATEMENT_BALANCE,
    STATEMENT_CHARGES,
};

static const char *const statements[] = {
    SIM_STATEMENTS,
    "INSERT INTO charge VALUES (?1, ?2, ?3, ?4, ?5, 0)",
    "SELECT account, amount, state, timer_id, wanted_back FROM charge WHERE purchase_id = ?1",
    "UPDATE charge SET state = ?2, timer_id = ?3, wanted_back = ?4 WHERE purchase_id = ?1",
    "INSERT INTO account VALUES (?1, ?2) ON CONFLICT (account) DO UPDATE SET balance = balance + "
    "?2",
    "SELECT balance FROM account WHERE account = ?1",
    "SELECT count(*) FROM charge WHERE account = ?1",
    NULL,
};

static const char tables_1[] =
    SIM_TABLES "CREATE TABLE charge (purchase_id TEXT PRIMARY KEY NOT NULL, account TEXT NOT NULL,"
               " amount INTEGER NOT NULL, state TEXT NOT NULL, timer_id INTEGER NOT NULL,"
               " wanted_back INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
               "CREATE TABLE account (account TEXT PRIMARY KEY NOT NULL, balance INTEGER NOT NULL)"
               " STRICT, WITHOUT ROWID;";
static const char tables_2[] = "CREATE INDEX charge_by_account ON charge (account, purchase_id);";
static const struct evt_migration migrations_1[] = {{1, "0001-bank", tables_1}, {0}};
static const struct evt_migration migrations_2[] = {{1, "0001-bank", tables_1},
                                                    {2, "0002-by-account", tables_2},
                                                    {0}};

struct charge {
    char account[64];
    int64_t amount;
    char state[16]; /* "" none, taking, taken, refused, giving, given */
    int64_t timer_id;
    bool wanted_back;
};

static enum evt_err charge_get(struct evt_ctx *ctx, const char *purchase_id,
                               struct charge *ret_charge, struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    enum evt_err rc =
        evt_store_query(evt_ctx_store(ctx), STATEMENT_CHARGE_GET, &row, err, "t", purchase_id);

    *ret_charge = (struct charge){.amount = 0};
    if (rc == EVT_OK && row != NULL) {
        snprintf(ret_charge->account, sizeof ret_charge->account, "%s", evt_row_text(row, 0));
        ret_charge->amount = sqlite3_column_int64(row, 1);
        snprintf(ret_charge->state, sizeof ret_charge->state, "%s", evt_row_text(row, 2));
        ret_charge->timer_id = sqlite3_column_int64(row, 3);
        ret_charge->wanted_back = sqlite3_column_int(row, 4) != 0;
        evt_store_done(row);
    }
    return rc;
}

static enum evt_err charge_put(struct evt_ctx *ctx, const char *purchase_id,
                               const struct charge *charge, struct evt_error *err)
{
    return evt_store_run(evt_ctx_store(ctx), STATEMENT_CHARGE_PUT, err, "ttli", purchase_id,
                         charge->state, charge->timer_id, (int32_t)charge->wanted_back);
}

static bool is(const struct charge *charge, const char *state)
{
    return strcmp(charge->state, state) == 0;
}

static void become(struct charge *charge, const char *state)
{
    snprintf(charge->state, sizeof charge->state, "%s", state);
}

static enum evt_err call(struct evt_ctx *ctx, const char *name, const char *purchase_id,
                         int64_t amount, struct evt_error *err)
{
    char request[32];
    int64_t id;

    snprintf(request, sizeof request, "%" PRId64, amount);
    return evt_call(ctx, name, purchase_id,
                    (struct evt_bytes){(const uint8_t *)request, strlen(request)}, &id, err);
}

/* The balance changes, and everybody may know. */
static enum evt_err move(struct evt_ctx *ctx, const char *purchase_id, const char *account,
                         int64_t delta, int64_t *ret_balance, struct evt_error *err)
{
    struct evt_store *st = evt_ctx_store(ctx);
    struct sim_account_moved fact = {.account = account,
                                     .purchase_id = purchase_id,
                                     .delta_minor = delta};
    sqlite3_stmt *row = NULL;
    enum evt_err rc = evt_store_run(st, STATEMENT_MOVE, err, "tl", account, delta);

    if (rc == EVT_OK)
        rc = evt_store_query(st, STATEMENT_BALANCE, &row, err, "t", account);
    if (rc != EVT_OK)
        return rc;
    fact.balance_minor = *ret_balance = row == NULL ? 0 : sqlite3_column_int64(row, 0);
    evt_store_done(row);
    return sim_account_moved_send(ctx, &fact, err);
}

static enum evt_err refunded(struct evt_ctx *ctx, const char *purchase_id, const char *account,
                             struct evt_error *err)
{
    const struct sim_refunded reply = {.purchase_id = purchase_id, .account = account};

    return sim_refunded_send(ctx, &reply, err);
}

static enum evt_err refused(struct evt_ctx *ctx, const char *purchase_id, const char *account,
                            struct evt_error *err)
{
    const struct sim_charge_refused reply = {.purchase_id = purchase_id, .account = account};

    return sim_charge_refused_send(ctx, &reply, err);
}

static enum evt_err handle_charge(struct evt_ctx *ctx, const struct sim_charge *msg,
                                  struct evt_error *err)
{
    struct charge charge;
    enum evt_err rc = sim_seen(ctx, &sim_charge_type, err);

    if (rc == EVT_OK)
        rc = charge_get(ctx, msg->purchase_id, &charge, err);
    if (rc != EVT_OK)
        return rc;
    if (is(&charge, "given"))
        return refused(ctx, msg->purchase_id, msg->account, err);
    if (charge.state[0] != '\0')
        return evt_reject(err, "%s was charged before", msg->purchase_id);
    rc = call(ctx, "take", msg->purchase_id, msg->amount_minor, err);
    if (rc == EVT_OK)
        rc = evt_timer_set(ctx, "remind", evt_time_ms(ctx) + 2000, msg->purchase_id,
                           &charge.timer_id, err);
    if (rc != EVT_OK)
        return rc;
    return evt_store_run(evt_ctx_store(ctx), STATEMENT_CHARGE_ADD, err, "ttltl", msg->purchase_id,
                         msg->account, msg->amount_minor, "taking", charge.timer_id);
}

static enum evt_err handle_refund(struct evt_ctx *ctx, const struct sim_refund *msg,
                                  struct evt_error *err)
{
    struct charge charge;
    enum evt_err rc = sim_seen(ctx, &sim_refund_type, err);

    if (rc == EVT_OK)
        rc = charge_get(ctx, msg->purchase_id, &charge, err);
    if (rc != EVT_OK)
        return rc;
    if (charge.state[0] == '\0') {
        rc = evt_store_run(evt_ctx_store(ctx), STATEMENT_CHARGE_ADD, err, "ttltl", msg->purchase_id,
                           msg->account, (int64_t)0, "given", (int64_t)0);
        return rc == EVT_OK ? refunded(ctx, msg->purchase_id, msg->account, err) : rc;
    }
    if (is(&charge, "refused"))
        return refunded(ctx, msg->purchase_id, msg->account, err);
    if (is(&charge, "taken")) {
        become(&charge, "giving");
        rc = call(ctx, "give", msg->purchase_id, charge.amount, err);
    } else if (is(&charge, "taking") && !charge.wanted_back) {
        charge.wanted_back = true;
    } else {
        return evt_reject(err, "%s was given back before", msg->purchase_id);
    }
    return rc == EVT_OK ? charge_put(ctx, msg->purchase_id, &charge, err) : rc;
}

static enum evt_err taken(struct evt_ctx *ctx, const struct evt_call_result *result,
                          struct evt_error *err)
{
    struct sim_charged reply = {.purchase_id = result->ref};
    struct charge charge;
    enum evt_err rc = sim_ended(ctx, result, err);

    if (rc == EVT_OK)
        rc = charge_get(ctx, result->ref, &charge, err);
    if (rc != EVT_OK)
        return rc;
    if (!is(&charge, "taking"))
        return evt_reject(err, "%s is %s, not being charged", result->ref, charge.state);
    if (charge.timer_id != 0)
        rc = evt_timer_cancel(ctx, charge.timer_id, err);
    charge.timer_id = 0;
    if (rc == EVT_OK && result->end == EVT_CALL_END_OK) {
        reply.account = charge.account;
        rc = move(ctx, result->ref, charge.account, -charge.amount, &reply.balance_minor, err);
        become(&charge, charge.wanted_back ? "giving" : "taken");
        if (rc == EVT_OK)
            rc = charge.wanted_back ? call(ctx, "give", result->ref, charge.amount, err)
                                    : sim_charged_send(ctx, &reply, err);
    } else if (rc == EVT_OK) {
        become(&charge, "refused");
        rc = refused(ctx, result->ref, charge.account, err);
        if (rc == EVT_OK && charge.wanted_back)
            rc = refunded(ctx, result->ref, charge.account, err);
    }
    return rc == EVT_OK ? charge_put(ctx, result->ref, &charge, err) : rc;
}

static enum evt_err given(struct evt_ctx *ctx, const struct evt_call_result *result,
                          struct evt_error *err)
{
    struct charge charge;
    int64_t balance;
    enum evt_err rc = sim_ended(ctx, result, err);

    if (rc == EVT_OK)
        rc = charge_get(ctx, result->ref, &charge, err);
    if (rc != EVT_OK)
        return rc;
    if (!is(&charge, "giving") || result->end != EVT_CALL_END_OK)
        return evt_reject(err, "%s is %s, not being given back", result->ref, charge.state);
    become(&charge, "given");
    rc = move(ctx, result->ref, charge.account, charge.amount, &balance, err);
    if (rc == EVT_OK)
        rc = refunded(ctx, result->ref, charge.account, err);
    return rc == EVT_OK ? charge_put(ctx, result->ref, &charge, err) : rc;
}

/* The provider takes its time: one more reminder. */
static enum evt_err remind(struct evt_ctx *ctx, const struct evt_timer *timer,
                           struct evt_error *err)
{
    struct charge charge;
    enum evt_err rc = sim_fired(ctx, timer, err);

    if (rc == EVT_OK)
        rc = charge_get(ctx, timer->ref, &charge, err);
    if (rc != EVT_OK)
        return rc;
    if (charge.timer_id != timer->id)
        return evt_reject(err, "%s does not wait for this timer", timer->ref);
    charge.timer_id = 0;
    if (strcmp(timer->name, "remind") == 0)
        rc = evt_timer_set(ctx, "remind again", evt_time_ms(ctx) + 3600 * 1000, timer->ref,
                           &charge.timer_id, err);
    return rc == EVT_OK ? charge_put(ctx, timer->ref, &charge, err) : rc;
}

static enum evt_err handle_audit(struct evt_ctx *ctx, const struct sim_audit_account *msg,
                                 struct evt_error *err)
{
    struct sim_account_audited reply = {.purchase_id = msg->purchase_id, .account = msg->account};
    sqlite3_stmt *row = NULL;
    enum evt_err rc = sim_seen(ctx, &sim_audit_account_type, err);

    if (rc == EVT_OK)
        rc = evt_store_query(evt_ctx_store(ctx), STATEMENT_CHARGES, &row, err, "t", msg->account);
    if (rc != EVT_OK)
        return rc;
    reply.charges = row == NULL ? 0 : sqlite3_column_int64(row, 0);
    evt_store_done(row);
    return sim_account_audited_send(ctx, &reply, err);
}

static const struct evt_handler handlers_1[] = {EVT_ON(sim_charge, handle_charge),
                                                EVT_ON(sim_refund, handle_refund),
                                                {0}};
static const struct evt_handler handlers_2[] = {EVT_ON(sim_charge, handle_charge),
                                                EVT_ON(sim_refund, handle_refund),
                                                EVT_ON(sim_audit_account, handle_audit),
                                                {0}};
static const struct evt_timer_handler timers[] = {{"remind", remind},
                                                  {"remind again", remind},
                                                  {0}};
static const struct evt_call_handler calls[] = {{"take", taken}, {"give", given}, {0}};

const struct evt_service sim_bank[SIM_GENERATIONS] = {
    {.name = "bank",
     .generation = 1,
     .registry = &sim_registry[0],
     .handlers = handlers_1,
     .timers = timers,
     .calls = calls,
     .migrations = migrations_1,
     .statements = statements},
    {.name = "bank",
     .generation = 2,
     .registry = &sim_registry[1],
     .handlers = handlers_2,
     .timers = timers,
     .calls = calls,
     .migrations = migrations_2,
     .statements = statements},
};
