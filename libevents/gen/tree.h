/* Tree: finds the schemas under a root and puts each to its message:
 * <root>/<folder>/<Name>.avsc is today's, <Name>.v<N>.avsc a kept copy of a superseded version. */
#ifndef GEN_TREE_H
#define GEN_TREE_H

#include "model.h"

void tree_read(struct model *m, struct root *root);
/* After all roots: messages of topics.json that have no schema. */
void tree_join(struct model *m);

#endif
