/* Sim check, tables: what must not be there when all is at rest. */
#include "sim_check.h"

#include <inttypes.h>

struct query {
    struct sim_seat *seat;
    const char *sql;
    void (*row)(void *arg, sqlite3_stmt *row);
    void *arg;
};

/* Inside the process. */
static void run_query(void *arg)
{
    const struct query *query = arg;
    sqlite3 *db = evt_store_db(evt_shard_store(query->seat->sh));
    sqlite3_stmt *row = NULL;

    if (sqlite3_prepare_v2(db, query->sql, -1, &row, NULL) != SQLITE_OK)
        sim_fail(query->seat->node->world, "%s: %s: %s", query->seat->path, query->sql,
                 sqlite3_errmsg(db));
    while (row != NULL && sqlite3_step(row) == SQLITE_ROW)
        query->row(query->arg, row);
    sqlite3_finalize(row);
}

void sim_ask(struct sim_seat *seat, const char *sql, void (*row)(void *arg, sqlite3_stmt *row),
             void *arg)
{
    struct query query = {seat, sql, row, arg};

    sim_node_run(seat->node, run_query, &query);
}

static void take_number(void *arg, sqlite3_stmt *row)
{
    *(int64_t *)arg = sqlite3_column_int64(row, 0);
}

static void expect(struct sim_seat *seat, const char *what, const char *sql, int64_t expected)
{
    int64_t n = -1;

    sim_ask(seat, sql, take_number, &n);
    if (n != expected)
        sim_fail(seat->node->world, "%s: %s: %" PRId64 ", not %" PRId64, seat->path, what, n,
                 expected);
}

void sim_check_tables(struct sim_seat *seat)
{
    struct sim_world *world = seat->node->world;

    expect(seat, "records that are parked", "SELECT count(*) FROM evt_parked", 0);
    expect(seat, "streams that are held", "SELECT count(*) FROM evt_marks WHERE parked <> 0", 0);
    if (seat->sub != NULL)
        return;
    expect(seat, "timers that wait", "SELECT count(*) FROM evt_timers", 0);
    expect(seat, "calls that wait", "SELECT count(*) FROM evt_calls", 0);
    if (seat->node->kind == SIM_PRODUCT) {
        expect(seat, "reservations that stand after their deadline",
               "SELECT count(*) FROM reservation WHERE state = 'reserved'", 0);
        expect(seat, "products whose stock does not add up",
               "SELECT count(*) FROM product WHERE reserved <> 0 OR committed <>"
               " (SELECT coalesce(sum(quantity), 0) FROM reservation"
               "  WHERE reservation.sku = product.sku AND state = 'committed')",
               0);
    }
    if (!sim_is_scripted(seat->node->kind))
        return;
    expect(seat, "messages applied twice", "SELECT count(*) FROM seen WHERE n <> 1", 0);
    expect(seat, "timers applied twice", "SELECT count(*) FROM fired WHERE n <> 1", 0);
    expect(seat, "outcomes applied twice", "SELECT count(*) FROM ended WHERE n <> 1", 0);
    if (seat->node->kind == SIM_WATCHER && !world->lossy)
        expect(seat, "products whose changes do not add up",
               "SELECT count(*) FROM stock WHERE sum <> on_hand", 0);
}
