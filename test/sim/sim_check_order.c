/* Sim check, order: what the order service says of an order agrees with what it asked and heard,
 * with payment, stock and mails in the others' stores, and with what the payment provider and the
 * mail server have. */
#include "sim_check.h"
#include "sim_orders.h"

#include <stdio.h>
#include <string.h>

static bool is(const char *left, const char *right)
{
    return strcmp(left, right) == 0;
}

static const char *const statuses[SIM_FACTS] = {"placed", "confirmed", "rejected", "cancelled",
                                                "refunded"};

enum sim_fact sim_order_end(const struct sim_order_model *order)
{
    for (int fact = SIM_CONFIRMED; fact < SIM_FACTS; fact++)
        if (is(order->status, statuses[fact]))
            return (enum sim_fact)fact;
    return SIM_PLACED;
}

/* All that was asked for and not refused is undone, and was before nobody asked any more. */
static const char *check_undone(const struct sim_deed *deed)
{
    const bool nothing = deed->asked == 0 || (deed->refused > 0 && deed->done == 0);

    if (!nothing && deed->undone == 0)
        return "not all is undone";
    return NULL;
}

static const char *check_deeds(const struct sim_order_model *order, bool confirmed)
{
    const char *what = NULL;

    for (int i = 0; i < SIM_LINES_MAX && what == NULL; i++)
        if (!confirmed)
            what = check_undone(&order->reserve[i]);
        else if (order->reserve[i].undo > 0)
            what = "something of it is undone";
    if (what == NULL && !confirmed)
        what = check_undone(&order->authorise);
    if (what == NULL && !confirmed)
        what = check_undone(&order->capture);
    if (what == NULL && confirmed && (order->authorise.undo > 0 || order->capture.undo > 0))
        what = "its payment is undone";
    return what;
}

static const char *check_facts(const struct sim_order_model *order, enum sim_fact end)
{
    if (order->facts[SIM_PLACED] != 1 || order->facts[end] != 1)
        return "nobody was told so";
    for (int fact = SIM_CONFIRMED; fact < SIM_FACTS; fact++)
        if (fact != (int)end && order->facts[fact] > 0 &&
            (fact != SIM_CONFIRMED || end == SIM_REJECTED))
            return "something else was told, too";
    return NULL;
}

static const char *check_payment(const struct sim_order_model *order, enum sim_fact end)
{
    const char *state = order->payment;

    switch (end) {
    case SIM_CONFIRMED:
        return is(state, "captured") && order->captured ? NULL : "it is not paid for";
    case SIM_REFUNDED:
        return is(state, "refunded") && !order->captured &&
                       order->refunded_minor == order->total_minor
                   ? NULL
                   : "its money is not given back";
    default:
        return (is(state, "declined") || is(state, "voided")) && !order->captured
                   ? NULL
                   : "its money is not given up";
    }
}

/* That of its end, and one of its confirmation if it got as far as that; each was sent, or could
 * not be. */
static const char *check_mails(struct sim_world *world, const struct sim_order_model *order,
                               enum sim_fact end)
{
    static const enum notify_mail_kind kinds[SIM_FACTS] = {NOTIFY_MAIL_KIND_OTHER,
                                                           NOTIFY_MAIL_KIND_ORDER_CONFIRMED,
                                                           NOTIFY_MAIL_KIND_ORDER_REJECTED,
                                                           NOTIFY_MAIL_KIND_ORDER_CANCELLED,
                                                           NOTIFY_MAIL_KIND_ORDER_REFUNDED};
    const bool confirmation = order->commit[0].asked > 0;

    for (int kind = 0; kind < SIM_MAIL_KINDS; kind++) {
        const bool wanted =
            kind == (int)kinds[end] || (kind == NOTIFY_MAIL_KIND_ORDER_CONFIRMED && confirmation);
        const char *state = order->mail_states[kind];
        const struct sim_mail *mail;
        char ref[64];

        if (wanted != (order->mails[kind] > 0) || wanted != (state[0] != '\0'))
            return wanted ? "a mail of it is missing" : "a mail too many was sent";
        snprintf(ref, sizeof ref, "%s %s", notify_mail_kind_str((enum notify_mail_kind)kind),
                 order->id);
        mail = sim_mail_find(world, ref);
        if (wanted && !is(state, "sent") && !is(state, "given-up"))
            return "a mail of it waits";
        if (kind == (int)kinds[end] && is(state, "sent") != is(order->mail, "sent"))
            return "it says something else of its mail";
        if (wanted && kind == (int)kinds[end] && order->mail[0] == '\0')
            return "it says nothing of its mail";
        if (is(state, "sent") != (mail != NULL) && (mail == NULL || !mail->unsure))
            return "the mail server knows otherwise";
    }
    return NULL;
}

/* A mail is given up for its address, or after days. */
static const char *check_given_up(const struct sim_world *world,
                                  const struct sim_order_model *order,
                                  const struct sim_order *placed)
{
    for (int kind = 0; kind < SIM_MAIL_KINDS && !world->outage; kind++)
        if (is(order->mail_states[kind], "given-up") && !is(placed->email, SIM_EMAIL_NOBODY) &&
            !is(placed->email, SIM_EMAIL_FULL))
            return "a mail of it was given up for nothing";
    return NULL;
}

void sim_check_order(struct sim_world *world, const struct sim_order *placed)
{
    const struct sim_order_model *order = sim_orders_find(placed->id);
    const enum sim_fact end = order == NULL ? SIM_PLACED : sim_order_end(order);
    const bool confirmed = end == SIM_CONFIRMED;
    const char *what = NULL;

    if (order == NULL || !order->is_there || end == SIM_PLACED) {
        sim_fail(world, "order %s never ends: %s", placed->id,
                 order == NULL || !order->is_there ? "it is not there" : order->status);
        return;
    }
    if (confirmed && placed->hopeless)
        what = "it should never have been";
    if (order->cancelled && end != SIM_CANCELLED && end != SIM_REFUNDED)
        what = "somebody was told that it is being cancelled";
    if (what == NULL && order->committed != (confirmed ? order->lines : 0))
        what = confirmed ? "not all of its goods are committed" : "it has goods";
    if (what == NULL && order->held > 0)
        what = "it holds goods";
    if (what == NULL)
        what = check_deeds(order, confirmed);
    if (what == NULL)
        what = check_facts(order, end);
    if (what == NULL)
        what = check_payment(order, end);
    if (what == NULL)
        what = check_mails(world, order, end);
    if (what == NULL)
        what = check_given_up(world, order, placed);
    if (what != NULL)
        sim_fail(world, "order %s is %s: %s", order->id, order->status, what);
}
