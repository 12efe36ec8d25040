/* Lock: schemas.lock, the committed list of what is published: id, version, sha256 and subject of
 * each schema, a line each. Lines are only ever added.
 *
 * The schema of a version is found by name: a kept copy <Name>.v<N>.avsc, or for the last one
 * <Name>.avsc itself, until that is edited to become the next. */
#ifndef GEN_LOCK_H
#define GEN_LOCK_H

#include "model.h"

struct lock_line {
    uint32_t id, version;
    const char *sha256, *subject;
    size_t line;
    bool used;
};

void lock_read(struct model *m, struct root *root);
/* Fills every message's versions and checks them. A schema that is not published is given the next
 * id of its root when `publish` is that root, and refused otherwise. */
void lock_join(struct model *m, const struct root *publish);
/* The text of a root's lock, new lines included. */
void lock_print(const struct root *root, struct evt_buf *buf);

#endif
