/* Subscriptions: which facts of others a service wants, as topics.json says it. */
#ifndef GEN_SUBSCRIPTIONS_H
#define GEN_SUBSCRIPTIONS_H

#include "model.h"

/* Those of one service; they know no source yet. */
void subscriptions_read(struct model *m, const struct place *service_at, const json_t *json,
                        struct service *service);
/* Once all services are known: finds the source, and gives the subscription its name. */
void subscription_join(struct model *m, struct subscription *sub);

#endif
