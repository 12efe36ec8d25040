/* Read: what the API shows of the catalogue, as of the shards' last commits. */
#ifndef API_READ_H
#define API_READ_H

#include <evt/http.h>

void api_get(struct evt_request *req);
void api_list(struct evt_request *req);

#endif
