/* Read: what the API shows of orders, as of the shards' last commits. Where the goods go, the mail
 * address and the payment token are not shown: whoever knows an order's id may read it. */
#ifndef API_READ_H
#define API_READ_H

#include "order.h"

#include <evt/http.h>

#define API_LOCATION_MAX (sizeof("/v1/orders/") + 3 * ORDER_ID_MAX)

void api_get(struct evt_request *req);
void api_list(struct evt_request *req);
void api_events(struct evt_request *req);

/* The order of a command that was taken: waits for its end (200); in `wait_ms` it has none: 202. */
void api_show_end(struct evt_request *req, const char *order_id, int64_t wait_ms);
/* The {id} of the path; NULL: it cannot be one, and the request was answered. */
const char *api_path_id(struct evt_request *req);
void api_location(char location[API_LOCATION_MAX], const char *order_id);

#endif
