/* Sim orders: what the order service asked of whom and heard, seen from outside, order by order; in
 * the end also what the stores of all services say of it. It says at once what no order may do. */
#ifndef SIM_ORDERS_H
#define SIM_ORDERS_H

#include "sim_world.h"

#include "events/notify.h"

enum { SIM_LINES_MAX = 3, SIM_MAIL_KINDS = NOTIFY_MAIL_KIND_ORDER_REFUNDED + 1 };

/* One thing that was asked of somebody, and its undoing: how often each was sent or heard. */
struct sim_deed {
    int asked, done, refused, undo, undone;
};

enum sim_fact { SIM_PLACED, SIM_CONFIRMED, SIM_REJECTED, SIM_CANCELLED, SIM_REFUNDED, SIM_FACTS };

struct sim_order_model {
    char id[48];
    struct sim_deed reserve[SIM_LINES_MAX], commit[SIM_LINES_MAX], authorise, capture;
    int mails[SIM_MAIL_KINDS]; /* asked for */
    int facts[SIM_FACTS];
    /* From the stores. */
    bool is_there;
    char status[16], payment[20], mail[64], mail_states[SIM_MAIL_KINDS][12];
    int32_t lines, committed, held; /* lines whose reservation is in that state */
    int64_t total_minor, refunded_minor;
    bool cancelled; /* somebody was told so */
    bool captured;  /* by the provider's books: taken, and not given back */
};

void sim_orders_begin(void);
void sim_orders_hear(struct sim_world *world, const struct evt_record *rec);
void sim_orders_see(struct sim_world *world, const struct evt_send *send);
struct sim_order_model *sim_orders_find(const char *id); /* NULL: there is none */
struct sim_order_model *sim_orders_nth(size_t i);        /* NULL: there are no more */

/* sim_check_order.c */
enum sim_fact sim_order_end(const struct sim_order_model *order); /* SIM_PLACED: it has none */
void sim_check_order(struct sim_world *world, const struct sim_order *placed);

#endif
