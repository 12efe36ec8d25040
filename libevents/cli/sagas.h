/* Sagas: instances in the stores under a data folder. */
#ifndef CLI_SAGAS_H
#define CLI_SAGAS_H

#include "stores.h"

#include <evt/conf.h>

/* A row of evt_sagas. Borrowed while it is shown. */
struct cli_saga {
    const struct cli_shard *shard;
    struct evt_store *st; /* for what else is to be read of it */
    int64_t id;
    const char *name, *ref, *phase, *why, *parts;
    uint32_t definition;
    int32_t stage, parked;
    int64_t started_ms;
};
/* Which of them: those that `where` (SQL over evt_sagas, one parameter ?1 as text) names. Says what
 * is wrong itself; returns an exit status. */
int cli_sagas_each(const char *data_dir, const char *where, const char *parameter,
                   void (*each)(void *arg, const struct cli_saga *saga), void *arg,
                   size_t *ret_stores);

/* Instances that a command is for. */
struct cli_saga_named {
    char *name, *ref, *parts;
    const struct evt_topic *topic;
    int32_t partition, parked;
};
struct cli_sagas_named {
    struct cli_saga_named *sagas;
    size_t n, cap;
};
/* Adds the one with this reference, or, NULL, all of which something is parked. Options: data-dir,
 * saga. Says what is wrong itself; returns an exit status. */
int cli_sagas_name(const struct evt_conf *conf, const char *ref, struct cli_sagas_named *named);
void cli_sagas_named_release(struct cli_sagas_named *named);
#define CLI_SAGA_OPTION                                                                            \
    {                                                                                              \
        .name = "saga", .value = "NAME",                                                           \
        .help = "of which saga, where a service has several under one reference",                  \
        .kind = EVT_OPTION_TEXT, .flag_only = true                                                 \
    }

#endif
