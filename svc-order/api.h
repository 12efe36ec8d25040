/* Api: the order service's HTTP side, as openapi.yaml describes it. Commands go through the shard's
 * inbox like everybody else's; what is read is what the shard committed last. */
#ifndef API_H
#define API_H

#include <evt/http.h>

extern const struct evt_route order_api[]; /* ends with {0} */

#endif
