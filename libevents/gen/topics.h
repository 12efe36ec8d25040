/* Topics: reads a root's topics.json: services with their topics and subscriptions, and what each
 * message is. A later root may add services, messages and, to earlier services, subscriptions. */
#ifndef GEN_TOPICS_H
#define GEN_TOPICS_H

#include "model.h"

void topics_read(struct model *m, struct root *root);
/* Once all are read: subscriptions are found their sources, lists are sorted. */
void topics_join(struct model *m);

#endif
