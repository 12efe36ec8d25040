/* Calls: outside calls that have not ended, in the stores under a data folder. */
#ifndef CLI_CALLS_H
#define CLI_CALLS_H

#include "stores.h"

#include <evt/err.h>

/* A row of evt_calls. Borrowed while it is shown. */
struct cli_call {
    const struct cli_shard *shard;
    int64_t id;
    const char *name, *call_key, *key, *ref;
    struct evt_bytes request;
    bool parked;
    int64_t created_ms;
};
enum cli_calls { CLI_CALLS_ALL, CLI_CALLS_PARKED };

/* All, or those with this key (NULL: any). Says what is wrong itself; returns an exit status. */
int cli_calls_each(const char *data_dir, enum cli_calls which, const char *call_key,
                   void (*each)(void *arg, const struct cli_call *call), void *arg,
                   size_t *ret_stores);

#endif
