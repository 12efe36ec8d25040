/* Snapshot: a whole copy of a store beside it, "<path>.g<generation>@<offset>", from which it can
 * be rebuilt without the records before. The one of a boundary is named after the generation that
 * begins there and holds the older one's store. */
#ifndef EVT_SNAPSHOT_H
#define EVT_SNAPSHOT_H

#include <evt/err.h>
#include <evt/fs.h>
#include <evt/store.h>

/* VACUUM INTO a temporary file, fsync, rename. No transaction may be open. */
EVT_MUST_USE enum evt_err evt_snapshot_take(struct evt_store *st, const struct evt_fs *fs,
                                            const char *path, uint32_t generation, int64_t offset,
                                            struct evt_error *err);
/* The newest of `generation` beside `path` (a boundary's too): its offset, or -1 for none. */
EVT_MUST_USE enum evt_err evt_snapshot_find(const struct evt_fs *fs, const char *path,
                                            uint32_t generation, int64_t *ret_offset,
                                            struct evt_error *err);
/* Puts a snapshot in the place of the store that is locked, which must be closed: the old one's
 * -wal and -shm go first, so that they cannot be replayed into the new file. */
EVT_MUST_USE enum evt_err evt_snapshot_restore(const struct evt_store_lock *lock,
                                               uint32_t generation, int64_t offset,
                                               struct evt_error *err);
/* Removes the store and what SQLite keeps beside it; snapshots stay. */
EVT_MUST_USE enum evt_err evt_store_remove(const struct evt_fs *fs, const char *path,
                                           struct evt_error *err);

#endif
