/* Messages: what topics.json says of each message (kind, taker, key, senders), and whether that
 * fits the schemas. */
#ifndef GEN_MESSAGES_H
#define GEN_MESSAGES_H

#include "model.h"

/* Reads one file's "messages". */
void messages_read(struct model *m, const struct place *at, const json_t *json, struct root *root);
/* Once schemas and topics are known: takers, senders, keys, topics, subjects, subscriptions. */
/* The field that keys a fact in a subscription. */
const char *messages_subscription_key(const struct subscription *sub, const struct message *fact);
void messages_join(struct model *m);

#endif
