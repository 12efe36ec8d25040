/* Sim check, business: across the services, every purchase has one end, and its money and its stock
 * are where that end says; the provider did nothing twice. */
#include "sim_check.h"

#include <evt/mem.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PURCHASES_MAX = 512 };

struct purchase {
    char id[32], state[16], charge[16];
    int64_t committed, lines;
};

struct book {
    struct sim_world *world;
    struct purchase purchases[PURCHASES_MAX];
    size_t n;
};

static struct purchase *find(struct book *book, const char *id)
{
    for (size_t i = 0; i < book->n; i++)
        if (strcmp(book->purchases[i].id, id) == 0)
            return &book->purchases[i];
    return NULL;
}

static const char *text(sqlite3_stmt *row, int column)
{
    const void *bytes = sqlite3_column_text(row, column);

    return bytes == NULL ? "" : bytes;
}

static void note_purchase(void *arg, sqlite3_stmt *row)
{
    struct book *book = arg;
    struct purchase *purchase = &book->purchases[book->n++];

    EVT_BUG_ON(book->n > PURCHASES_MAX);
    *purchase = (struct purchase){.lines = sqlite3_column_int64(row, 2)};
    snprintf(purchase->id, sizeof purchase->id, "%s", text(row, 0));
    snprintf(purchase->state, sizeof purchase->state, "%s", text(row, 1));
}

static void note_charge(void *arg, sqlite3_stmt *row)
{
    struct book *book = arg;
    struct purchase *purchase = find(book, text(row, 0));

    if (purchase == NULL)
        sim_fail(book->world, "%s was charged and never asked for", text(row, 0));
    else
        snprintf(purchase->charge, sizeof purchase->charge, "%s", text(row, 1));
}

static void note_committed(void *arg, sqlite3_stmt *row)
{
    struct book *book = arg;
    struct purchase *purchase = find(book, text(row, 0));

    if (purchase == NULL)
        sim_fail(book->world, "%s holds stock and never asked for it", text(row, 0));
    else
        purchase->committed += sqlite3_column_int64(row, 1);
}

static void ask_kind(struct book *book, enum sim_kind kind, const char *sql,
                     void (*row)(void *arg, sqlite3_stmt *row))
{
    struct sim_world *world = book->world;

    for (size_t i = 0; i < world->nodes_n; i++)
        for (size_t s = 0; s < world->nodes[i].seats_n; s++)
            if (!world->nodes[i].zombie && world->nodes[i].kind == kind &&
                world->nodes[i].seats[s].sub == NULL)
                sim_ask(&world->nodes[i].seats[s], sql, row, book);
}

static bool is(const char *state, const char *other)
{
    return strcmp(state, other) == 0;
}

static void check_purchase(struct sim_world *world, const struct purchase *purchase)
{
    const bool bought = is(purchase->state, "bought");

    if (!bought && !is(purchase->state, "refused") && !is(purchase->state, "cancelled"))
        sim_fail(world, "%s never ends: %s", purchase->id, purchase->state);
    else if (bought != is(purchase->charge, "taken") ||
             (!bought && !is(purchase->charge, "refused") && !is(purchase->charge, "given")))
        sim_fail(world, "%s is %s and its charge is %s", purchase->id, purchase->state,
                 purchase->charge);
    else if (bought && purchase->committed != purchase->lines)
        sim_fail(world, "%s is bought with %" PRId64 " of %" PRId64 " lines", purchase->id,
                 purchase->committed, purchase->lines);
    else if (is(purchase->state, "cancelled") && purchase->committed > 0)
        sim_fail(world, "%s is cancelled and has stock", purchase->id);
}

static void check_effects(struct sim_world *world)
{
    for (size_t i = 0; i < world->effects_n; i++)
        for (size_t k = 0; k < i; k++)
            if (!(world->here[SIM_SHOP] && world->effects[k].refused) && /* then it asks again */
                is(world->effects[i].ref, world->effects[k].ref) &&
                is(world->effects[i].name, world->effects[k].name))
                sim_fail(world, "the provider did \"%s\" of %s twice, for keys %s and %s",
                         world->effects[i].name, world->effects[i].ref, world->effects[i].key,
                         world->effects[k].key);
}

void sim_check_business(struct sim_world *world)
{
    static struct book book;

    book.world = world;
    book.n = 0;
    check_effects(world);
    if (!world->here[SIM_ORDER])
        return;
    ask_kind(&book, SIM_ORDER,
             "SELECT id, state, (SELECT count(*) FROM line WHERE line.id = purchase.id)"
             " FROM purchase",
             note_purchase);
    ask_kind(&book, SIM_BANK, "SELECT purchase_id, state FROM charge", note_charge);
    ask_kind(&book, SIM_PRODUCT,
             "SELECT order_id, count(*) FROM reservation WHERE state = 'committed'"
             " GROUP BY order_id",
             note_committed);
    for (size_t i = 0; i < book.n; i++)
        check_purchase(world, &book.purchases[i]);
}
