/* Fs: the few file operations that a store needs beside SQLite's own, so that a simulator can stand
 * in for the disk. Paths are whole; every operation that changes a name is durable when it returns.
 */
#ifndef EVT_FS_H
#define EVT_FS_H

#include <evt/err.h>
#include <stdbool.h>

struct evt_fs {
    const char *vfs; /* SQLite's name for this disk; NULL: its default */
    void *self;
    /* An exclusive lock that ends with the process. EVT_E_STORE_LOCKED when somebody has it. */
    enum evt_err (*lock)(void *self, const char *path, int *ret_lock, struct evt_error *err);
    void (*unlock)(void *self, int lock);
    bool (*exists)(void *self, const char *path);
    enum evt_err (*sync)(void *self, const char *path, struct evt_error *err);
    /* Over whatever is there, atomically. */
    enum evt_err (*rename)(void *self, const char *from, const char *to, struct evt_error *err);
    /* A whole copy under a new name: temporary file, fsync, rename. */
    enum evt_err (*copy)(void *self, const char *from, const char *to, struct evt_error *err);
    enum evt_err (*remove)(void *self, const char *path,
                           struct evt_error *err); /* absent is fine */
    /* Calls `each` with every name in the folder, in any order. */
    enum evt_err (*list)(void *self, const char *folder, void (*each)(void *arg, const char *name),
                         void *arg, struct evt_error *err);
};
extern const struct evt_fs evt_fs_posix;
/* Whether somebody has the lock of evt_fs_posix; to ask takes nothing from anybody. */
EVT_MUST_USE enum evt_err evt_fs_posix_is_locked(const char *path, bool *ret_locked,
                                                 struct evt_error *err);

#endif
