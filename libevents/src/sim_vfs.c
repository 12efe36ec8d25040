/* Sim vfs: the sim disk as SQLite sees it: files, locks, and the memory that a WAL is read through.
 *
 * SQLite's handles lie in the heap of the process that opened them; the file links them so that a
 * kill can end them all without SQLite being asked. */
#include "sim_disk_internal.h"

#include <evt/mem.h>
#include <stdlib.h>
#include <string.h>

struct sim_handle {
    sqlite3_file base;
    struct evt_sim_disk *disk;
    struct sim_file *file;
    struct sim_handle *next;
    int process;
    int level; /* SQLITE_LOCK_* */
    unsigned shm_shared, shm_exclusive;
    bool shm_open;
    bool delete_on_close;
};

static struct sim_handle *handle_of(sqlite3_file *base)
{
    return (struct sim_handle *)base;
}

/* SQLite's code for a fault that is no kill. */
static int rc_of(enum evt_sim_fault fault)
{
    switch (fault) {
    case EVT_SIM_FAULT_FULL:
        return SQLITE_FULL;
    case EVT_SIM_FAULT_WRITE:
        return SQLITE_IOERR_WRITE;
    case EVT_SIM_FAULT_SYNC:
        return SQLITE_IOERR_FSYNC;
    case EVT_SIM_FAULT_NONE:
    case EVT_SIM_FAULT_KILL:
    case EVT_SIM_FAULT_ALLOC:
    case EVT_SIM_FAULTS:
        break;
    }
    return SQLITE_OK;
}

static void unlink_handle(struct sim_file *file, struct sim_handle *gone)
{
    struct sim_handle **at = &file->handles;

    while (*at != gone)
        at = &(*at)->next;
    *at = gone->next;
}

static bool shm_in_use(const struct sim_file *file)
{
    for (const struct sim_handle *h = file->handles; h != NULL; h = h->next)
        if (h->shm_open)
            return true;
    return false;
}

void sim__vfs_killed(struct sim_file *file, int process)
{
    for (struct sim_handle **at = &file->handles; *at != NULL;)
        if ((*at)->process == process)
            *at = (*at)->next;
        else
            at = &(*at)->next;
}

static int io_close(sqlite3_file *base)
{
    struct sim_handle *h = handle_of(base);
    struct sim_file *file = h->file;

    unlink_handle(file, h);
    if (h->delete_on_close)
        file->path[0] = '\0';
    if (file->path[0] == '\0' && file->handles == NULL)
        sim__disk_drop(h->disk, file);
    return SQLITE_OK;
}

static int io_read(sqlite3_file *base, void *mem, int amount, sqlite3_int64 offset)
{
    const struct sim_bytes *image = &handle_of(base)->file->image;
    const size_t at = (size_t)offset, len = (size_t)amount;
    const size_t there = at >= image->len ? 0 : image->len - at < len ? image->len - at : len;

    if (there > 0)
        memcpy(mem, image->data + at, there);
    if (there == len)
        return SQLITE_OK;
    memset((uint8_t *)mem + there, 0, len - there);
    return SQLITE_IOERR_SHORT_READ;
}

static int io_write(sqlite3_file *base, const void *mem, int amount, sqlite3_int64 offset)
{
    struct sim_handle *h = handle_of(base);
    const enum evt_sim_fault fault = sim__disk_operation(h->disk, SIM_OP_WRITE);
    size_t len = (size_t)amount;

    /* A write that fails or is killed may have been done in part. */
    if (fault != EVT_SIM_FAULT_NONE)
        len = evt_sim_rand_below(&h->disk->rand, len + 1);
    if (len > 0)
        sim__file_write(h->file, mem, len, (size_t)offset);
    sim__disk_done(fault);
    return rc_of(fault);
}

static int io_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct sim_handle *h = handle_of(base);
    const enum evt_sim_fault fault = sim__disk_operation(h->disk, SIM_OP_WRITE);

    if (rc_of(fault) != SQLITE_OK)
        return SQLITE_IOERR_TRUNCATE;
    sim__file_truncate(h->file, (size_t)size);
    sim__disk_done(fault);
    return SQLITE_OK;
}

static int io_sync(sqlite3_file *base, int flags)
{
    struct sim_handle *h = handle_of(base);
    const enum evt_sim_fault fault = sim__disk_operation(h->disk, SIM_OP_SYNC);

    (void)flags;
    if (rc_of(fault) != SQLITE_OK)
        return rc_of(fault);
    sim__file_sync(h->file);
    sim__disk_done(fault);
    return SQLITE_OK;
}

static int io_size(sqlite3_file *base, sqlite3_int64 *ret_size)
{
    *ret_size = (sqlite3_int64)handle_of(base)->file->image.len;
    return SQLITE_OK;
}

/* Highest level that another handle of the file has. */
static int level_of_others(const struct sim_handle *h)
{
    int level = SQLITE_LOCK_NONE;

    for (const struct sim_handle *other = h->file->handles; other != NULL; other = other->next)
        if (other != h && other->level > level)
            level = other->level;
    return level;
}

static int io_lock(sqlite3_file *base, int level)
{
    struct sim_handle *h = handle_of(base);
    const int others = level_of_others(h);

    if (h->level >= level)
        return SQLITE_OK;
    if ((level == SQLITE_LOCK_SHARED && others >= SQLITE_LOCK_PENDING) ||
        (level > SQLITE_LOCK_SHARED && others >= SQLITE_LOCK_RESERVED) ||
        (level == SQLITE_LOCK_EXCLUSIVE && others > SQLITE_LOCK_NONE))
        return SQLITE_BUSY;
    h->level = level;
    return SQLITE_OK;
}

static int io_unlock(sqlite3_file *base, int level)
{
    struct sim_handle *h = handle_of(base);

    if (h->level > level)
        h->level = level;
    return SQLITE_OK;
}

static int io_check_reserved(sqlite3_file *base, int *ret_reserved)
{
    const struct sim_handle *h = handle_of(base);

    *ret_reserved = h->level >= SQLITE_LOCK_RESERVED || level_of_others(h) >= SQLITE_LOCK_RESERVED;
    return SQLITE_OK;
}

static int io_control(sqlite3_file *base, int op, void *arg)
{
    (void)base;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static int io_sector_size(sqlite3_file *base)
{
    (void)base;
    return 4096;
}

/* As on Unix: a torn write leaves the bytes beside it alone. */
static int io_characteristics(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int io_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **ret_mem)
{
    struct sim_handle *h = handle_of(base);
    struct sim_file *file = h->file;

    EVT_BUG_ON(region < 0 || region >= SIM_SHM_MAX);
    h->shm_open = true;
    if (file->shm[region] == NULL && extend)
        for (int i = 0; i <= region; i++)
            if (file->shm[i] == NULL) {
                file->shm[i] = calloc(1, (size_t)size);
                EVT_BUG_ON(file->shm[i] == NULL);
            }
    *ret_mem = file->shm[region];
    return SQLITE_OK;
}

static int io_shm_lock(sqlite3_file *base, int offset, int n, int flags)
{
    struct sim_handle *h = handle_of(base);
    const unsigned mask = ((1u << n) - 1) << offset;

    if (flags & SQLITE_SHM_UNLOCK) {
        h->shm_shared &= ~mask;
        h->shm_exclusive &= ~mask;
        return SQLITE_OK;
    }
    for (const struct sim_handle *other = h->file->handles; other != NULL; other = other->next) {
        const unsigned held = flags & SQLITE_SHM_SHARED ? other->shm_exclusive
                                                        : other->shm_exclusive | other->shm_shared;

        if (other != h && (held & mask) != 0)
            return SQLITE_BUSY;
    }
    *(flags & SQLITE_SHM_SHARED ? &h->shm_shared : &h->shm_exclusive) |= mask;
    return SQLITE_OK;
}

static void io_shm_barrier(sqlite3_file *base)
{
    (void)base;
}

static int io_shm_unmap(sqlite3_file *base, int remove)
{
    struct sim_handle *h = handle_of(base);

    (void)remove;
    h->shm_open = false;
    h->shm_shared = h->shm_exclusive = 0;
    if (!shm_in_use(h->file))
        sim__file_drop_shm(h->file);
    return SQLITE_OK;
}

static const sqlite3_io_methods io_methods = {.iVersion = 2,
                                              .xClose = io_close,
                                              .xRead = io_read,
                                              .xWrite = io_write,
                                              .xTruncate = io_truncate,
                                              .xSync = io_sync,
                                              .xFileSize = io_size,
                                              .xLock = io_lock,
                                              .xUnlock = io_unlock,
                                              .xCheckReservedLock = io_check_reserved,
                                              .xFileControl = io_control,
                                              .xSectorSize = io_sector_size,
                                              .xDeviceCharacteristics = io_characteristics,
                                              .xShmMap = io_shm_map,
                                              .xShmLock = io_shm_lock,
                                              .xShmBarrier = io_shm_barrier,
                                              .xShmUnmap = io_shm_unmap};

static int vfs_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *base, int flags,
                    int *ret_flags)
{
    struct evt_sim_disk *disk = vfs->pAppData;
    struct sim_handle *h = handle_of(base);
    const struct evt_sim_process *process = evt_sim_process_current();
    struct sim_file *file = name == NULL ? NULL : sim__disk_find(disk, name);
    enum evt_sim_fault fault;

    base->pMethods = NULL;
    if (file == NULL && name != NULL && !(flags & SQLITE_OPEN_CREATE))
        return SQLITE_CANTOPEN;
    fault = sim__disk_operation(disk, SIM_OP_NAME);
    if (file == NULL)
        file = sim__disk_create(disk, name == NULL ? "" : name);
    *h = (struct sim_handle){.base = {.pMethods = &io_methods},
                             .disk = disk,
                             .file = file,
                             .next = file->handles,
                             .process = process == NULL ? 0 : process->id,
                             .delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0};
    file->handles = h;
    if (ret_flags != NULL)
        *ret_flags = flags;
    sim__disk_done(fault);
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    struct evt_sim_disk *disk = vfs->pAppData;
    struct sim_file *file = sim__disk_find(disk, name);
    const enum evt_sim_fault fault = sim__disk_operation(disk, SIM_OP_NAME);

    (void)sync_folder;
    if (file == NULL)
        return SQLITE_IOERR_DELETE_NOENT;
    sim__disk_unlink(disk, file);
    sim__disk_done(fault);
    return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret_there)
{
    const struct sim_file *file = sim__disk_find(vfs->pAppData, name);

    /* SQLite takes an empty journal for none, as its own Unix VFS does. */
    *ret_there = file != NULL && (flags != SQLITE_ACCESS_EXISTS || file->image.len > 0);
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *name, int size, char *ret_path)
{
    (void)vfs;
    sqlite3_snprintf(size, ret_path, "%s", name);
    return SQLITE_OK;
}

static int vfs_randomness(sqlite3_vfs *vfs, int len, char *mem)
{
    struct evt_sim_disk *disk = vfs->pAppData;

    evt_sim_rand_fill(&disk->rand, mem, (size_t)len);
    return len;
}

static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

/* No clock: whatever reads it in a store's SQL would be a mistake, and repeats. */
static int vfs_time(sqlite3_vfs *vfs, sqlite3_int64 *ret_ms)
{
    (void)vfs;
    *ret_ms = 2440587LL * 86400000LL + 43200000LL;
    return SQLITE_OK;
}

static int vfs_time_double(sqlite3_vfs *vfs, double *ret_day)
{
    (void)vfs;
    *ret_day = 2440587.5;
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int len, char *text)
{
    (void)vfs;
    (void)len;
    (void)text;
    return 0;
}

void sim__vfs_init(struct evt_sim_disk *disk)
{
    disk->vfs = (sqlite3_vfs){.iVersion = 2,
                              .szOsFile = sizeof(struct sim_handle),
                              .mxPathname = SIM_PATH_MAX,
                              .zName = "sim",
                              .pAppData = disk,
                              .xOpen = vfs_open,
                              .xDelete = vfs_delete,
                              .xAccess = vfs_access,
                              .xFullPathname = vfs_full_path,
                              .xRandomness = vfs_randomness,
                              .xSleep = vfs_sleep,
                              .xCurrentTime = vfs_time_double,
                              .xCurrentTimeInt64 = vfs_time,
                              .xGetLastError = vfs_last_error};
    EVT_BUG_ON(sqlite3_vfs_register(&disk->vfs, 1) != SQLITE_OK);
}
