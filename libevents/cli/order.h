/* Order: what the verbs about orders share. */
#ifndef CLI_ORDER_H
#define CLI_ORDER_H

#include "cli.h"
#include "web.h"

#define CLI_URL(name_, fallback_, help_)                                                           \
    {                                                                                              \
        .name = name_, .value = "URL", .fallback = fallback_, .help = help_,                       \
        .kind = EVT_OPTION_TEXT                                                                    \
    }
#define CLI_ORDER_URL   CLI_URL("order-url", "http://127.0.0.1:8082", "the order service's HTTP side")
#define CLI_PRODUCT_URL CLI_URL("product-url", "http://127.0.0.1:8081", "the product service's")
#define CLI_TEXT(name_, value_, fallback_, help_)                                                  \
    {                                                                                              \
        .name = name_, .value = value_, .fallback = fallback_, .help = help_,                      \
        .kind = EVT_OPTION_TEXT, .flag_only = true                                                 \
    }
#define CLI_TIMEOUT                                                                                \
    {                                                                                              \
        .name = "timeout", .value = "SECONDS", .fallback = "30", .help = "how long to wait",       \
        .kind = EVT_OPTION_NUMBER, .min = 1, .max = 86400, .flag_only = true                       \
    }

/* An order that is watched by these options. */
struct cli_order_watched {
    const struct evt_conf *conf;
    const char *id;
    int64_t deadline_ms; /* of evt_clock_ms */
    bool cancels;        /* the end that is wanted: it was undone; else it is confirmed */
    bool placed;         /* was taken a moment ago: the service may not know it yet */
};
int64_t cli_order_deadline(const struct evt_conf *conf);
/* Prints each step of an order as it happens, over restarts of the service. Exits 0 when it has the
 * end that is wanted, 1 when it has another one, 4 when --timeout is over. */
int cli_order_follow(const struct cli_order_watched *watched);
/* One order as it is; the exit status of cli_web_ask, or, with a deadline, of cli_web_insist. */
int cli_order_get(const struct evt_conf *conf, const char *id, int64_t deadline_ms,
                  struct cli_web_answer *ret_answer);
/* POSTs, and follows the order to its end. `id` NULL: one that is placed, the answer's Location
 * says it; else one that is cancelled. Options: order-url, key, no-watch, timeout, json. `said`
 * tells of what was done; `same` has the options that, with the key, make it again. */
int cli_order_post(const struct evt_conf *conf, const char *path, const json_t *body,
                   const char *said, const char *same, const char *id);
void cli_order_print_json(const json_t *json);

#endif
