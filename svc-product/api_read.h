/* Read: what the API shows of the catalogue, as of the shards' last commits. */
#ifndef API_READ_H
#define API_READ_H

#include <evt/http.h>
#include <jansson.h>
#include <sqlite3.h>

void api_get(struct evt_request *req);
void api_list(struct evt_request *req); /* api_list.c */

/* A row of the catalogue's columns as the API shows it. */
json_t *api_product(sqlite3_stmt *row);
/* 503: the shard's store cannot be read now. */
void api_unreadable(struct evt_request *req, int32_t partition);

#endif
