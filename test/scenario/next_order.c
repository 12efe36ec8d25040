/* Next order: the order service as a later version of it would be built, for deploys and for what
 * takes hours in the version of today. NEXT_DEFINITIONS says which definitions of the saga it has:
 * 1, today's; 2, in which goods are reserved before the card is asked, fresh ones (their sku begins
 * so) are held for two seconds only, and nothing is waited for longer than a second. */
#include "svc-order/order_saga.h"
#include "svc-order/order_service.h"
#include "svc-order/store_order.h"
#include "test/kafka/next.h"

#include "events/product.h"

#include <evt/mem.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRESH_MS      2000
#define WAIT_MS       300
#define WAIT_MS_MAX   1000
#define UNDO_TRIES    3
#define FIRST_STAGE   1 /* which is split into two */
#define DEFINITIONS_N 2

static enum evt_err reserve(struct evt_ctx *ctx, const struct evt_saga_run *run, int32_t item,
                            struct evt_error *err)
{
    struct order *order = run->data;
    const struct order_line *line;
    enum evt_err rc = store_order_lines(ctx, order, err);

    if (rc != EVT_OK)
        return rc;
    line = &order->lines[item - 1];
    if (strncmp(line->sku, "fresh", strlen("fresh")) != 0)
        return order_ask_reserve(ctx, run, item, err);
    return product_reserve_stock_send(ctx,
                                      &(const struct product_reserve_stock){
                                          .order_id = run->ref,
                                          .line = item,
                                          .sku = line->sku,
                                          .quantity = line->quantity,
                                          .deadline = run->started_ms + FRESH_MS,
                                      },
                                      err);
}

/* The steps keep their indexes, which the replies name. */
static const struct evt_saga *hasty(const struct evt_saga *today)
{
    static struct evt_saga_step steps[EVT_SAGA_STEPS_MAX + 1];
    static struct evt_saga next;
    size_t n = 0;

    for (; today->steps[n].name; n++) {
        steps[n] = today->steps[n];
        if (strcmp(steps[n].name, "reserve") == 0)
            steps[n].ask = reserve;
        else if (steps[n].stage != EVT_SAGA_AFTER_UNDO)
            steps[n].stage++;
        steps[n].wait_ms = WAIT_MS;
        steps[n].wait_ms_max = WAIT_MS_MAX;
        if (steps[n].undo)
            steps[n].undo_tries = UNDO_TRIES;
    }
    EVT_BUG_ON(strcmp(steps[0].name, "reserve") != 0 || steps[0].stage != FIRST_STAGE);
    next = *today;
    next.number = DEFINITIONS_N;
    next.steps = steps;
    return &next;
}

int main(int argc, char **argv)
{
    const struct evt_saga *const all[DEFINITIONS_N] = {order_sagas[0], hasty(order_sagas[0])};
    const struct evt_saga *chosen[DEFINITIONS_N + 1] = {0};
    const char *text = getenv("NEXT_DEFINITIONS");
    size_t n = 0;

    for (size_t i = 0; i < DEFINITIONS_N; i++)
        if (text && strchr(text, (int)('1' + i)))
            chosen[n++] = all[i];
    if (n == 0) {
        fputs("set NEXT_DEFINITIONS to 1, 2 or both\n", stderr);
        return 2;
    }
    evt_program_exit(next_main(argc, argv, &order_service, chosen));
}
