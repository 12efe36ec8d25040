/* Body: what a request says, field by field. Each returns false when the request was answered with
 * a problem that names the field by its path, or the rule that it breaks. */
#ifndef API_BODY_H
#define API_BODY_H

#include "order.h"

#include <evt/http.h>

/* All of it but the id. Its texts are the request's, its lines are `lines`. */
bool body_place_order(struct evt_request *req, struct order_order_line lines[ORDER_LINES_MAX],
                      struct order_place_order *msg);
/* {reason?}; none at all is none. */
bool body_cancel_order(struct evt_request *req, struct order_cancel_order *msg);

#endif
