/* Floor: the row changes that a shard makes, as prepared statements and nothing else.
 *
 * A shard is run once while SQLite tells what it executes. What changed rows is kept with its
 * values, without savepoints; replayed on a copy of the store as it was before, it makes the same
 * store: same rows, same tables, same transactions, no decoding, no decision, no message. The
 * statements are the shard's own, so the floor cannot be left behind when they change. */
#ifndef FLOOR_H
#define FLOOR_H

#include <sqlite3.h>

#include <stdbool.h>
#include <stddef.h>

struct floor;

/* Records what `db` executes from here on. `reads`: what was looked up is kept, too. */
struct floor *floor_record(sqlite3 *db, bool reads);
void floor_record_end(struct floor *floor);
void floor_free(struct floor *floor);

size_t floor_changes(const struct floor *floor); /* statements that change rows */

/* Opens the store `name` of the bench's folder as a shard would: same pragmas. */
void floor_open(struct floor *floor, const char *name);
void floor_close(struct floor *floor);
/* Replays the next `n` transactions. */
void floor_run(struct floor *floor, size_t n);

#endif
