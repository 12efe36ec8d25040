/* Sim orders: every message that an order sends or hears, as one word about one deed. */
#include "sim_orders.h"

#include "events/order.h"
#include "events/payment.h"

#include <evt/codec.h>
#include <evt/mem.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static struct sim_order_model orders[SIM_ORDERS_MAX];
static size_t orders_n;

void sim_orders_begin(void)
{
    orders_n = 0;
}

struct sim_order_model *sim_orders_nth(size_t i)
{
    return i < orders_n ? &orders[i] : NULL;
}

struct sim_order_model *sim_orders_find(const char *id)
{
    for (size_t i = 0; i < orders_n; i++)
        if (strcmp(orders[i].id, id) == 0)
            return &orders[i];
    return NULL;
}

enum what { FACT, MAIL, ASKED, DONE, REFUSED, UNDO, UNDONE };

/* What a message says; `deed` is where it lies in the model, for lines that of the first. */
struct word {
    const struct evt_type *type;
    enum what what;
    size_t deed, order_id;
    const char *line; /* the field that names it; NULL: there is only one */
};

#define AT(deed) offsetof(struct sim_order_model, deed)
#define LINE(symbol, what, deed)                                                                   \
    {                                                                                              \
        &symbol##_type, what, AT(deed), offsetof(struct symbol, order_id), "line"                  \
    }
#define WORD(symbol, what, deed)                                                                   \
    {                                                                                              \
        &symbol##_type, what, AT(deed), offsetof(struct symbol, order_id), NULL                    \
    }

static const struct word said[] = {
    LINE(product_reserve_stock, ASKED, reserve),
    LINE(product_release_stock, UNDO, reserve),
    LINE(product_commit_stock, ASKED, commit),
    WORD(payment_authorise_payment, ASKED, authorise),
    WORD(payment_void_payment, UNDO, authorise),
    WORD(payment_capture_payment, ASKED, capture),
    WORD(payment_refund_payment, UNDO, capture),
    WORD(notify_send_mail, MAIL, mails),
    WORD(order_order_placed, FACT, facts[SIM_PLACED]),
    WORD(order_order_confirmed, FACT, facts[SIM_CONFIRMED]),
    WORD(order_order_rejected, FACT, facts[SIM_REJECTED]),
    WORD(order_order_cancelled, FACT, facts[SIM_CANCELLED]),
    WORD(order_order_refunded, FACT, facts[SIM_REFUNDED]),
};

static const struct word heard[] = {
    LINE(product_stock_reserved, DONE, reserve),
    LINE(product_stock_refused, REFUSED, reserve),
    LINE(product_stock_released, UNDONE, reserve),
    LINE(product_stock_committed, DONE, commit),
    LINE(product_stock_gone, REFUSED, commit),
    WORD(payment_payment_authorised, DONE, authorise),
    WORD(payment_payment_declined, REFUSED, authorise),
    WORD(payment_payment_voided, UNDONE, authorise),
    WORD(payment_payment_captured, DONE, capture),
    WORD(payment_capture_refused, REFUSED, capture),
    WORD(payment_payment_refunded, UNDONE, capture),
};

static void wrong(struct sim_world *world, const struct sim_order_model *order, const char *what)
{
    if (!world->lossy)
        sim_fail(world, "order %s: %s", order->id, what);
}

/* Nothing is asked for before all in front of it is done. */
static void check_asked(struct sim_world *world, const struct sim_order_model *order,
                        const struct sim_deed *deed)
{
    bool reserved = order->authorise.done > 0;

    for (int i = 0; i < SIM_LINES_MAX; i++)
        reserved = reserved && (order->reserve[i].asked == 0 || order->reserve[i].done > 0);
    if (deed == &order->capture && (!reserved || order->authorise.undo > 0))
        wrong(world, order, "the payment is taken and not all is reserved");
    if (deed >= order->commit && deed < order->commit + SIM_LINES_MAX && order->capture.done == 0)
        wrong(world, order, "goods are committed and not paid for");
}

static void check_undo(struct sim_world *world, const struct sim_order_model *order,
                       const struct sim_deed *deed)
{
    const struct sim_deed *capture = &order->capture;

    if (deed->asked == 0)
        wrong(world, order, "what was never asked for is undone");
    if (deed->refused > 0 && deed->done == 0 && deed->undo == 1)
        wrong(world, order, "what was refused is undone");
    if (deed != capture && capture->asked > 0 && capture->undone == 0 && capture->refused == 0)
        wrong(world, order, "stock or hold is given up before the payment");
}

static void check_fact(struct sim_world *world, const struct sim_order_model *order,
                       const int *fact)
{
    bool committed = true;

    if (*fact > 1)
        wrong(world, order, "the same is told of it twice");
    for (int i = 0; i < SIM_LINES_MAX; i++)
        committed = committed && (order->reserve[i].asked == 0 || order->commit[i].done > 0);
    if (fact == &order->facts[SIM_CONFIRMED] && !committed)
        wrong(world, order, "it is confirmed and not all goods are committed");
}

static void note(struct sim_world *world, struct sim_order_model *order, const struct word *word,
                 const void *msg)
{
    const int64_t line = word->line == NULL ? 1 : evt_type_number(word->type, msg, word->line);
    void *at = (char *)order + word->deed;
    struct sim_deed *deed = at;

    if (line < 1 || line > SIM_LINES_MAX) {
        wrong(world, order, "it has no such line");
        return;
    }
    deed += word->what > MAIL ? line - 1 : 0;
    switch (word->what) {
    case FACT:
        ++*(int *)at;
        check_fact(world, order, at);
        break;
    case MAIL:
        order->mails[((const struct notify_send_mail *)msg)->kind]++;
        break;
    case ASKED:
        deed->asked++;
        check_asked(world, order, deed);
        break;
    case DONE:
        deed->done++;
        break;
    case REFUSED:
        deed->refused++;
        break;
    case UNDO:
        deed->undo++;
        check_undo(world, order, deed);
        break;
    case UNDONE:
        deed->undone++;
        break;
    }
}

static struct sim_order_model *find_or_add(struct sim_world *world, const char *id)
{
    struct sim_order_model *order = sim_orders_find(id);

    if (order != NULL)
        return order;
    EVT_BUG_ON(orders_n == SIM_ORDERS_MAX);
    order = &orders[orders_n++];
    *order = (struct sim_order_model){.lines = 0};
    snprintf(order->id, sizeof order->id, "%s", id);
    sim_trace(world, "order %s begins", id);
    return order;
}

static void take(struct sim_world *world, const struct word *words, size_t n,
                 const struct evt_record *rec)
{
    const struct evt_text name = evt_envelope_type(rec);
    struct evt_arena arena = {NULL};
    struct evt_error err;

    for (size_t i = 0; i < n; i++) {
        const struct word *word = &words[i];
        char *msg;

        if (!evt_text_is(name, word->type->name))
            continue;
        msg = evt_arena_alloc(&arena, word->type->size);
        if (evt_type_decode(&evt_registry, word->type, rec->value, rec->value_len, &arena, msg,
                            &err) == EVT_OK) {
            const char *id;

            memcpy(&id, msg + word->order_id, sizeof id);
            note(world, find_or_add(world, id), word, msg);
        }
    }
    evt_arena_release(&arena);
}

void sim_orders_hear(struct sim_world *world, const struct evt_record *rec)
{
    take(world, heard, sizeof heard / sizeof *heard, rec);
}

void sim_orders_see(struct sim_world *world, const struct evt_send *send)
{
    const struct evt_record sent = {.headers = send->headers,
                                    .headers_n = send->headers_n,
                                    .value = send->value,
                                    .value_len = send->value_len};

    take(world, said, sizeof said / sizeof *said, &sent);
}
