/* Sim check, shop: the books of the whole shop, read from the stores of all services and the ledger
 * of the payment provider: each order for itself, and the sums. */
#include "sim_check.h"
#include "sim_orders.h"

#include "events/evt.h"

#include <evt/mem.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool is(const char *left, const char *right)
{
    return strcmp(left, right) == 0;
}

static struct sim_order_model *find(struct sim_world *world, const char *id, const char *where)
{
    struct sim_order_model *order = sim_orders_find(id);

    if (order == NULL)
        sim_fail(world, "%s knows the order %s, which was never placed", where, id);
    return order;
}

static void note_order(void *arg, sqlite3_stmt *row)
{
    struct sim_order_model *order = find(arg, evt_row_text(row, 0), "svc-order");

    if (order == NULL)
        return;
    if (order->is_there)
        sim_fail(arg, "order %s is in two shards", order->id);
    order->is_there = true;
    sim_trace(arg, "order %s ended %s: %s", order->id, evt_row_text(row, 1), evt_row_text(row, 6));
    snprintf(order->status, sizeof order->status, "%s", evt_row_text(row, 1));
    snprintf(order->mail, sizeof order->mail, "%s", evt_row_text(row, 7));
    order->lines = sqlite3_column_int(row, 2);
    order->total_minor = sqlite3_column_int64(row, 3);
    order->refunded_minor = sqlite3_column_int64(row, 4);
    if (is(order->status, "confirmed") && sqlite3_column_int64(row, 5) != order->total_minor)
        sim_fail(arg, "order %s is confirmed for %" PRId64 ", its lines cost %" PRId64, order->id,
                 order->total_minor, (int64_t)sqlite3_column_int64(row, 5));
}

static void note_payment(void *arg, sqlite3_stmt *row)
{
    struct sim_order_model *order = find(arg, evt_row_text(row, 0), "svc-payment");

    if (order != NULL)
        snprintf(order->payment, sizeof order->payment, "%s", evt_row_text(row, 1));
}

static void note_reservation(void *arg, sqlite3_stmt *row)
{
    struct sim_order_model *order = find(arg, evt_row_text(row, 0), "svc-product");

    if (order == NULL)
        return;
    order->committed += is(evt_row_text(row, 1), "committed");
    order->held += is(evt_row_text(row, 1), "reserved");
}

static void note_mail(void *arg, sqlite3_stmt *row)
{
    struct sim_order_model *order = find(arg, evt_row_text(row, 0), "svc-notify");

    for (int kind = 0; order != NULL && kind < SIM_MAIL_KINDS; kind++)
        if (is(evt_row_text(row, 1), notify_mail_kind_str((enum notify_mail_kind)kind)))
            snprintf(order->mail_states[kind], sizeof order->mail_states[kind], "%s",
                     evt_row_text(row, 2));
}

/* A cancellation that was accepted is one. */
static void note_answer(void *arg, sqlite3_stmt *row)
{
    struct sim_world *world = arg;

    for (size_t i = 0; i < world->orders_n; i++) {
        struct sim_order_model *order = sim_orders_find(world->orders[i].id);

        if (order != NULL && is(evt_row_text(row, 0), world->orders[i].cancel_id))
            order->cancelled = sqlite3_column_int(row, 1) == EVT_COMMAND_OUTCOME_DONE;
    }
}

static void ask_kind(struct sim_world *world, enum sim_kind kind, const char *sql,
                     void (*row)(void *arg, sqlite3_stmt *row))
{
    for (size_t i = 0; i < world->nodes_n; i++)
        for (size_t s = 0; s < world->nodes[i].seats_n; s++)
            if (!world->nodes[i].zombie && world->nodes[i].kind == kind)
                sim_ask(&world->nodes[i].seats[s], sql, row, world);
}

static void read_ledger(struct sim_world *world)
{
    for (size_t i = 0; i < world->intents_n; i++) {
        const struct sim_intent *intent = &world->intents[i];
        struct sim_order_model *order = find(world, intent->order_id, "the provider");

        if (order == NULL)
            return;
        if (is(intent->status, "requires_capture"))
            sim_fail(world, "the provider still holds the money for order %s", order->id);
        if (intent->amount_minor != order->total_minor)
            sim_fail(world,
                     "the provider was asked for %" PRId64 " for order %s, which costs %" PRId64,
                     intent->amount_minor, order->id, order->total_minor);
        if (!is(intent->status, "succeeded"))
            continue;
        if (order->captured)
            sim_fail(world, "order %s was paid twice", order->id);
        order->captured = intent->refunded_minor == 0;
        if (intent->refunded_minor != order->refunded_minor)
            sim_fail(world, "order %s says that %" PRId64 " went back, the provider gave %" PRId64,
                     order->id, order->refunded_minor, intent->refunded_minor);
    }
}

static void check_sums(struct sim_world *world)
{
    uint64_t ends[SIM_FACTS] = {0};
    int64_t sold = 0, kept = 0, gone = 0;
    const struct sim_order_model *order;
    size_t n = 0;

    for (; (order = sim_orders_nth(n)) != NULL; n++) {
        ends[sim_order_end(order)]++;
        sold += sim_order_end(order) == SIM_CONFIRMED ? order->total_minor : 0;
        for (int i = 0; i < SIM_LINES_MAX; i++)
            gone += order->commit[i].refused > 0;
    }
    for (size_t i = 0; i < world->intents_n; i++)
        if (is(world->intents[i].status, "succeeded"))
            kept += world->intents[i].amount_minor - world->intents[i].refunded_minor;
    if (n != world->orders_n)
        sim_fail(world, "%zu orders were placed, %zu are known", world->orders_n, n);
    if (sold != kept)
        sim_fail(world, "%" PRId64 " was sold, the provider took %" PRId64, sold, kept);
    world->stats->orders += n;
    world->stats->confirmed += ends[SIM_CONFIRMED];
    world->stats->rejected += ends[SIM_REJECTED];
    world->stats->cancelled += ends[SIM_CANCELLED];
    world->stats->refunded += ends[SIM_REFUNDED];
    world->stats->faults[SIM_FAULT_STOCK_GONE] += (uint64_t)gone;
}

void sim_check_shop(struct sim_world *world)
{
    ask_kind(world, SIM_SHOP,
             "SELECT order_id, status, lines, total_minor, refunded_minor,"
             " (SELECT sum(quantity * price_minor) FROM order_line AS l"
             "  WHERE l.order_key = o.order_key), reason, mail FROM orders AS o",
             note_order);
    ask_kind(world, SIM_SHOP, "SELECT id, outcome FROM evt_answers", note_answer);
    ask_kind(world, SIM_PAYMENT, "SELECT order_id, state FROM payment", note_payment);
    ask_kind(world, SIM_PRODUCT, "SELECT order_id, state FROM reservation", note_reservation);
    ask_kind(world, SIM_NOTIFY, "SELECT order_id, kind, state FROM mail", note_mail);
    read_ledger(world);
    for (size_t i = 0; i < world->orders_n && world->failure[0] == '\0'; i++)
        sim_check_order(world, &world->orders[i]);
    if (world->failure[0] == '\0')
        check_sums(world);
}
