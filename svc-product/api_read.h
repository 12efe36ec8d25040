/* Read: what the API shows of the catalogue, as of the shards' last commits. */
#ifndef API_READ_H
#define API_READ_H

#include <evt/http.h>

void product_api_get(struct evt_request *req);
void product_api_list(struct evt_request *req);

#endif
