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

/* Prints each step of an order as it happens. Exits 0 when it is confirmed; when it `cancels`, when
 * it was undone. */
int cli_order_follow(const struct evt_conf *conf, const char *id, bool cancels);
/* POSTs, and follows the order to its end. `id` NULL: one that is placed, the answer's Location
 * says it; else one that is cancelled. Options: order-url, key, no-watch, timeout, json. */
int cli_order_post(const struct evt_conf *conf, const char *path, const json_t *body,
                   const char *said, const char *id);

#endif
