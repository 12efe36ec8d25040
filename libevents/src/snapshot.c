/* Snapshot: a whole copy of a store, from which it can be rebuilt without the records before. */
#include "store_internal.h"

#include <evt/mem.h>
#include <evt/snapshot.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_LEN 1024

static enum evt_err name_of(char *buf, const char *path, uint32_t generation, int64_t offset,
                            const char *suffix, struct evt_error *err)
{
    int len = snprintf(buf, PATH_MAX_LEN, "%s.g%" PRIu32 "@%" PRId64 "%s", path, generation, offset,
                       suffix);

    if (len < 0 || len >= PATH_MAX_LEN)
        return evt_fail(err, EVT_E_USAGE, "the path of the store is too long: %.80s…", path);
    return EVT_OK;
}

enum evt_err evt_snapshot_take(struct evt_store *st, const struct evt_fs *fs, const char *path,
                               uint32_t generation, int64_t offset, struct evt_error *err)
{
    char to[PATH_MAX_LEN], tmp[PATH_MAX_LEN], *sql;
    enum evt_err rc = name_of(to, path, generation, offset, "", err);

    EVT_BUG_ON(evt_store_in_transaction(st));
    fs = fs ? fs : &evt_fs_posix;
    if (rc == EVT_OK)
        rc = name_of(tmp, path, generation, offset, ".new", err);
    if (rc == EVT_OK)
        rc = fs->remove(fs->self, tmp, err);
    if (rc != EVT_OK)
        return rc;
    sql = sqlite3_mprintf("VACUUM INTO %Q", tmp);
    EVT_BUG_ON(!sql);
    rc = evt__store_exec(st, EVT_SPEAKER_LIBRARY, sql, err);
    sqlite3_free(sql);
    if (rc == EVT_OK)
        rc = fs->sync(fs->self, tmp, err);
    if (rc == EVT_OK)
        rc = fs->rename(fs->self, tmp, to, err);
    return rc == EVT_OK ? EVT_OK : evt_wrap(err, rc, "snapshot %s", to);
}

struct search {
    const char *name; /* of the store, without its folder */
    uint32_t generation;
    int64_t newest;
};

/* Only what evt_snapshot_take would call it: a number has one form. */
static void consider(void *arg, const char *name)
{
    struct search *search = arg;
    const char *at = strrchr(name, '@');
    long long offset = at ? strtoll(at + 1, NULL, 10) : -1;
    char own[PATH_MAX_LEN];

    snprintf(own, sizeof(own), "%s.g%" PRIu32 "@%lld", search->name, search->generation, offset);
    if (strcmp(own, name) == 0 && offset > search->newest)
        search->newest = offset;
}

enum evt_err evt_snapshot_find(const struct evt_fs *fs, const char *path, uint32_t generation,
                               int64_t *ret_offset, struct evt_error *err)
{
    const char *slash = strrchr(path, '/');
    struct search search = {.name = slash ? slash + 1 : path,
                            .generation = generation,
                            .newest = -1};
    char folder[PATH_MAX_LEN];
    enum evt_err rc;

    fs = fs ? fs : &evt_fs_posix;
    if (slash && (size_t)(slash - path) >= sizeof(folder))
        return evt_fail(err, EVT_E_USAGE, "the path of the store is too long: %.80s…", path);
    snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    rc = fs->list(fs->self, folder, consider, &search, err);
    if (rc == EVT_OK)
        *ret_offset = search.newest;
    return rc;
}

enum evt_err evt_store_remove(const struct evt_fs *fs, const char *path, struct evt_error *err)
{
    /* The file first: SQLite drops a -wal without one, but would read a file without its -wal,
     * which after a kill within a checkpoint is of no one commit. */
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    char name[PATH_MAX_LEN];
    enum evt_err rc = EVT_OK;

    fs = fs ? fs : &evt_fs_posix;
    for (size_t i = 0; rc == EVT_OK && i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (snprintf(name, sizeof(name), "%s%s", path, suffixes[i]) >= PATH_MAX_LEN)
            return evt_fail(err, EVT_E_USAGE, "the path of the store is too long: %.80s…", path);
        rc = fs->remove(fs->self, name, err);
    }
    return rc;
}

enum evt_err evt_snapshot_restore(const struct evt_store_lock *lock, uint32_t generation,
                                  int64_t offset, struct evt_error *err)
{
    char from[PATH_MAX_LEN];
    enum evt_err rc = name_of(from, lock->path, generation, offset, "", err);

    if (rc == EVT_OK)
        rc = evt_store_remove(lock->fs, lock->path, err);
    if (rc == EVT_OK)
        rc = lock->fs->copy(lock->fs->self, from, lock->path, err);
    return rc;
}
