/* Sim fs: the sim disk as an evt_fs. Each operation is durable when it returns. */
#include "sim_disk_internal.h"

#include <stdio.h>
#include <string.h>

static enum evt_err absent(struct evt_error *err, const char *path)
{
    return evt_fail(err, EVT_E_IO, "%s: no such file", path);
}

/* The words for a fault that is no kill; EVT_OK for none. */
static enum evt_err failed(enum evt_sim_fault fault, const char *path, struct evt_error *err)
{
    switch (fault) {
    case EVT_SIM_FAULT_FULL:
        return evt_fail(err, EVT_E_DISK_FULL, "%s", path);
    case EVT_SIM_FAULT_WRITE:
        return evt_fail(err, EVT_E_IO, "%s", path);
    case EVT_SIM_FAULT_SYNC:
        return evt_fail(err, EVT_E_STORE_FSYNC, "%s", path);
    case EVT_SIM_FAULT_NONE:
    case EVT_SIM_FAULT_KILL:
    case EVT_SIM_FAULT_ALLOC:
    case EVT_SIM_FAULTS:
        break;
    }
    return EVT_OK;
}

static int owner(void)
{
    const struct evt_sim_process *process = evt_sim_process_current();

    return process == NULL ? -1 : process->id;
}

/* Locks are numbered through, so that a number never means another file's lock. */
static enum evt_err fs_lock(void *self, const char *path, int *ret_lock, struct evt_error *err)
{
    struct evt_sim_disk *disk = self;
    struct sim_file *file = sim__disk_find(disk, path);
    const enum evt_sim_fault fault = sim__disk_operation(disk, SIM_OP_NAME);

    if (file == NULL)
        file = sim__disk_create(disk, path);
    if (file->locked_by != 0)
        return evt_fail(err, EVT_E_STORE_LOCKED, "%s", path);
    file->locked_by = owner();
    file->lock = ++disk->locks;
    sim__disk_done(fault);
    *ret_lock = file->lock;
    return EVT_OK;
}

static void fs_unlock(void *self, int lock)
{
    struct evt_sim_disk *disk = self;
    const enum evt_sim_fault fault = sim__disk_operation(disk, SIM_OP_NAME);

    for (size_t i = 0; i < disk->files_n; i++)
        if (disk->files[i]->locked_by != 0 && disk->files[i]->lock == lock)
            disk->files[i]->locked_by = 0;
    sim__disk_done(fault);
}

static bool fs_exists(void *self, const char *path)
{
    return sim__disk_find(self, path) != NULL;
}

static enum evt_err fs_sync(void *self, const char *path, struct evt_error *err)
{
    struct evt_sim_disk *disk = self;
    struct sim_file *file = sim__disk_find(disk, path);
    const enum evt_sim_fault fault = sim__disk_operation(disk, SIM_OP_SYNC);
    const enum evt_err e = failed(fault, path, err);

    if (e != EVT_OK)
        return e;
    if (file == NULL)
        return absent(err, path);
    sim__file_sync(file);
    sim__disk_done(fault);
    return EVT_OK;
}

static enum evt_err fs_rename(void *self, const char *from, const char *to, struct evt_error *err)
{
    struct evt_sim_disk *disk = self;
    struct sim_file *file = sim__disk_find(disk, from), *over = sim__disk_find(disk, to);
    const enum evt_sim_fault fault = sim__disk_operation(disk, SIM_OP_NAME);

    if (file == NULL)
        return absent(err, from);
    if (over != NULL)
        sim__disk_unlink(disk, over);
    snprintf(file->path, sizeof file->path, "%s", to);
    sim__disk_done(fault);
    return EVT_OK;
}

static enum evt_err fs_copy(void *self, const char *from, const char *to, struct evt_error *err)
{
    struct evt_sim_disk *disk = self;
    struct sim_file *file = sim__disk_find(disk, from), *over = sim__disk_find(disk, to);
    const enum evt_sim_fault fault = sim__disk_operation(disk, SIM_OP_WRITE);
    const enum evt_err e = failed(fault, to, err);
    struct sim_file *copy;

    if (e != EVT_OK)
        return e;
    if (file == NULL)
        return absent(err, from);
    copy = sim__disk_create(disk, "");
    sim__file_copy(copy, file);
    if (over != NULL)
        sim__disk_unlink(disk, over);
    snprintf(copy->path, sizeof copy->path, "%s", to);
    sim__disk_done(fault);
    return EVT_OK;
}

static enum evt_err fs_remove(void *self, const char *path, struct evt_error *err)
{
    struct evt_sim_disk *disk = self;
    struct sim_file *file = sim__disk_find(disk, path);
    const enum evt_sim_fault fault = sim__disk_operation(disk, SIM_OP_NAME);

    (void)err;
    if (file != NULL)
        sim__disk_unlink(disk, file);
    sim__disk_done(fault);
    return EVT_OK;
}

static enum evt_err fs_list(void *self, const char *folder,
                            void (*each)(void *arg, const char *name), void *arg,
                            struct evt_error *err)
{
    struct evt_sim_disk *disk = self;
    const size_t len = strlen(folder);
    const size_t skip = len > 0 && folder[len - 1] == '/' ? len : len + 1;

    (void)err;
    for (size_t i = 0; i < disk->files_n; i++) {
        const char *path = disk->files[i]->path;

        if (strncmp(path, folder, len) == 0 && strlen(path) > skip && path[skip - 1] == '/' &&
            strchr(path + skip, '/') == NULL)
            each(arg, path + skip);
    }
    return EVT_OK;
}

void sim__fs_init(struct evt_sim_disk *disk)
{
    disk->fs = (struct evt_fs){.vfs = "sim",
                               .self = disk,
                               .lock = fs_lock,
                               .unlock = fs_unlock,
                               .exists = fs_exists,
                               .sync = fs_sync,
                               .rename = fs_rename,
                               .copy = fs_copy,
                               .remove = fs_remove,
                               .list = fs_list};
}

const struct evt_fs *evt_sim_disk_fs(struct evt_sim_disk *disk)
{
    return &disk->fs;
}
