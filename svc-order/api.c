/* Api: the routes, and the commands behind them: a body becomes a message, the command's answer an
 * HTTP answer. */
#include "api.h"

#include "api_body.h"
#include "api_read.h"

#include <events/evt.h>
#include <evt/edge.h>
#include <evt/mem.h>

#include <jansson.h>
#include <string.h>

static bool done(struct evt_request *req, const struct evt_answer *answer)
{
    return evt_answer_is_done(req, answer, "there is no such order");
}

/* What a command was answered with stays so, whenever it is repeated: the status that the order had
 * then. Who waits is told how the order ended. */
static void answer_taken(struct evt_request *req, const char *order_id, const char *status)
{
    char location[API_LOCATION_MAX];
    int64_t wait_ms = 0;

    EVT_BUG_ON(!evt_edge_wait_ms(req, &wait_ms)); /* it was looked at before */
    api_location(location, order_id);
    evt_reply_header(req, "Location", location);
    if (wait_ms > 0) {
        api_show_end(req, order_id, wait_ms);
        return;
    }
    evt_reply_header(req, "Retry-After", "1");
    evt_reply(req, 202, json_pack("{s:s, s:s}", "order_id", order_id, "status", status));
}

static void answer_placed(struct evt_request *req, const struct evt_answer *answer)
{
    char order_id[EVT_EDGE_ID_LEN + 1];

    EVT_BUG_ON(!evt_edge_new_id(req, order_id)); /* as it was before */
    if (done(req, answer))
        answer_taken(req, order_id, order_status_str(ORDER_PLACED));
}

static void place(struct evt_request *req)
{
    struct order_order_line lines[ORDER_LINES_MAX];
    char order_id[EVT_EDGE_ID_LEN + 1], location[API_LOCATION_MAX];
    struct order_place_order msg;
    int64_t wait_ms;

    order_place_order_init(&msg);
    if (!evt_edge_wait_ms(req, &wait_ms) || !evt_edge_new_id(req, order_id))
        return;
    msg.order_id = order_id;
    if (!body_place_order(req, lines, &msg))
        return;
    api_location(location, order_id);
    evt_edge_command(evt_request_arg(req), req, &order_place_order_type, &msg, location,
                     answer_placed);
}

static void answer_cancelled(struct evt_request *req, const struct evt_answer *answer)
{
    if (done(req, answer))
        answer_taken(req, evt_request_value(req, "id"), order_status_str(ORDER_CANCELLING));
}

static void cancel(struct evt_request *req)
{
    struct order_cancel_order msg;
    char location[API_LOCATION_MAX];
    int64_t wait_ms;

    order_cancel_order_init(&msg);
    msg.order_id = api_path_id(req);
    if (!msg.order_id || !evt_edge_wait_ms(req, &wait_ms) || !body_cancel_order(req, &msg))
        return;
    api_location(location, msg.order_id);
    evt_edge_command(evt_request_arg(req), req, &order_cancel_order_type, &msg, location,
                     answer_cancelled);
}

const struct evt_route order_api[] = {
    {.method = "GET", .path = "/v1/orders", .fn = api_list, .summary = "list all orders"},
    {.method = "POST", .path = "/v1/orders", .fn = place, .summary = "place an order"},
    {.method = "GET", .path = "/v1/orders/{id}", .fn = api_get, .summary = "show an order"},
    {.method = "GET",
     .path = "/v1/orders/{id}/events",
     .fn = api_events,
     .summary = "follow an order"},
    {.method = "POST",
     .path = "/v1/orders/{id}/cancellation",
     .fn = cancel,
     .summary = "cancel an order"},
    {0},
};
