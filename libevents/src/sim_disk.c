/* Sim disk: files, their unsynced changes, and what a power cut leaves of them.
 *
 * A file has one image, and for each unsynced change the bytes that it replaced. A power cut undoes
 * all changes, each giving its place to the bytes that it had written, and then does some of them
 * again. So writing and syncing, which happen always, are cheap, and the rare cut pays. */
#include "sim_disk_internal.h"

#include <evt/mem.h>
#include <stdlib.h>
#include <string.h>

static void *world_realloc(void *mem, size_t size)
{
    void *grown = realloc(mem, size);

    EVT_BUG_ON(grown == NULL);
    return grown;
}

static void bytes_reserve(struct sim_bytes *bytes, size_t len)
{
    if (len <= bytes->cap)
        return;
    bytes->cap = len < 4096 ? 4096 : len + len / 2;
    bytes->data = world_realloc(bytes->data, bytes->cap);
}

/* Sets the length; what is new is zero. */
static void bytes_resize(struct sim_bytes *bytes, size_t len)
{
    bytes_reserve(bytes, len);
    if (len > bytes->len)
        memset(bytes->data + bytes->len, 0, len - bytes->len);
    bytes->len = len;
}

/* Memory is kept for the next file, but one long history must not cost all that come. */
#define KEPT_MAX ((size_t)1024 * 1024)

static void bytes_trim(struct sim_bytes *bytes)
{
    if (bytes->cap <= KEPT_MAX)
        return;
    free(bytes->data);
    *bytes = (struct sim_bytes){.len = 0};
}

struct sim_file *sim__disk_find(struct evt_sim_disk *disk, const char *path)
{
    for (size_t i = 0; i < disk->files_n; i++)
        if (strcmp(disk->files[i]->path, path) == 0)
            return disk->files[i];
    return NULL;
}

struct sim_file *sim__disk_create(struct evt_sim_disk *disk, const char *path)
{
    struct sim_file *file;

    EVT_BUG_ON(disk->files_n == SIM_FILES_MAX);
    EVT_BUG_ON(strlen(path) >= SIM_PATH_MAX);
    file = disk->files[disk->files_n];
    if (file == NULL) {
        file = world_realloc(NULL, sizeof *file);
        *file = (struct sim_file){.used = false};
        disk->files[disk->files_n] = file;
    }
    disk->files_n++;
    memcpy(file->path, path, strlen(path) + 1);
    file->image.len = 0;
    file->used = true;
    return file;
}

void sim__disk_drop(struct evt_sim_disk *disk, struct sim_file *file)
{
    size_t i = 0;

    EVT_BUG_ON(file->handles != NULL);
    sim__file_drop_shm(file);
    sim__file_sync(file);
    bytes_trim(&file->image);
    bytes_trim(&file->saved);
    file->path[0] = '\0';
    file->locked_by = 0;
    file->used = false;
    while (disk->files[i] != file)
        i++;
    disk->files_n--;
    disk->files[i] = disk->files[disk->files_n];
    disk->files[disk->files_n] = file; /* its memory is kept for the next */
}

void sim__disk_unlink(struct evt_sim_disk *disk, struct sim_file *file)
{
    if (file->handles == NULL)
        sim__disk_drop(disk, file);
    else
        file->path[0] = '\0';
}

static struct sim_change *change_add(struct sim_file *file, size_t room)
{
    struct sim_change *change;

    if (file->changes_n == file->changes_cap) {
        file->changes_cap = file->changes_cap == 0 ? 16 : file->changes_cap * 2;
        file->changes = world_realloc(file->changes, file->changes_cap * sizeof *file->changes);
    }
    change = &file->changes[file->changes_n++];
    change->len_before = file->image.len;
    change->saved = file->saved.len;
    bytes_reserve(&file->saved, file->saved.len + room);
    file->saved.len += room;
    return change;
}

/* Bytes that a write replaces: those before the end of the file as it was. */
static size_t replaced(const struct sim_change *change)
{
    if (change->at >= change->len_before)
        return 0;
    return change->len < change->len_before - change->at ? change->len
                                                         : change->len_before - change->at;
}

void sim__file_write(struct sim_file *file, const void *mem, size_t len, size_t at)
{
    struct sim_change *change = change_add(file, len);

    change->at = at;
    change->len = len;
    change->truncation = false;
    if (replaced(change) > 0)
        memcpy(file->saved.data + change->saved, file->image.data + at, replaced(change));
    if (at + len > file->image.len)
        bytes_resize(&file->image, at + len);
    memcpy(file->image.data + at, mem, len);
}

void sim__file_truncate(struct sim_file *file, size_t len)
{
    struct sim_change *change;

    if (len >= file->image.len)
        return;
    change = change_add(file, file->image.len - len);
    change->at = len;
    change->len = file->image.len - len;
    change->truncation = true;
    memcpy(file->saved.data + change->saved, file->image.data + len, change->len);
    file->image.len = len;
}

void sim__file_sync(struct sim_file *file)
{
    file->changes_n = 0;
    file->saved.len = 0;
}

void sim__file_drop_shm(struct sim_file *file)
{
    for (size_t i = 0; i < SIM_SHM_MAX && file->shm[i] != NULL; i++) {
        free(file->shm[i]);
        file->shm[i] = NULL;
    }
}

void sim__file_copy(struct sim_file *to, const struct sim_file *from)
{
    sim__file_sync(to);
    to->image.len = 0;
    bytes_resize(&to->image, from->image.len);
    if (from->image.len > 0)
        memcpy(to->image.data, from->image.data, from->image.len);
}

/* Takes the change back; afterwards `saved` holds what it had written. */
static void change_undo(struct sim_file *file, struct sim_change *change)
{
    uint8_t *saved = file->saved.data + change->saved;
    const size_t old = replaced(change);

    if (change->truncation) {
        bytes_resize(&file->image, change->len_before);
        memcpy(file->image.data + change->at, saved, change->len);
        return;
    }
    for (size_t i = 0; i < change->len; i++) {
        const uint8_t was = i < old ? saved[i] : 0;

        saved[i] = file->image.data[change->at + i];
        file->image.data[change->at + i] = was;
    }
    file->image.len = change->len_before;
}

/* Does the first `len` bytes of it again. */
static void change_redo(struct sim_file *file, const struct sim_change *change, size_t len)
{
    if (change->truncation) {
        if (file->image.len > change->at)
            file->image.len = change->at;
        return;
    }
    if (len == 0)
        return;
    if (change->at + len > file->image.len)
        bytes_resize(&file->image, change->at + len);
    memcpy(file->image.data + change->at, file->saved.data + change->saved, len);
}

/* Keeps a prefix of the unsynced changes, or any part of them, the last one torn. */
static size_t file_power_cut(struct sim_file *file, struct evt_sim_rand *rand)
{
    const size_t n = file->changes_n;
    const bool in_order = evt_sim_rand_chance(rand, 700);
    const size_t kept = evt_sim_rand_below(rand, n + 1);
    size_t lost = 0;

    for (size_t i = n; i-- > 0;)
        change_undo(file, &file->changes[i]);
    for (size_t i = 0; i < n; i++) {
        const struct sim_change *change = &file->changes[i];
        const bool whole = in_order ? i < kept : evt_sim_rand_chance(rand, 500);
        const bool torn = in_order ? i == kept : !whole && evt_sim_rand_chance(rand, 200);

        if (whole)
            change_redo(file, change, change->len);
        else
            lost++;
        if (torn && !change->truncation)
            change_redo(file, change, evt_sim_rand_below(rand, change->len + 1));
    }
    sim__file_sync(file);
    return lost;
}

static bool begins(const char *path, const char *prefix)
{
    return strncmp(path, prefix, strlen(prefix)) == 0;
}

size_t evt_sim_disk_power_cut(struct evt_sim_disk *disk, const char *folder)
{
    size_t lost = 0;

    for (size_t i = 0; i < disk->files_n; i++) {
        struct sim_file *file = disk->files[i];

        if (file->changes_n == 0 || !begins(file->path, folder))
            continue;
        EVT_BUG_ON(file->handles != NULL);
        lost += file_power_cut(file, &disk->rand);
    }
    return lost;
}

void evt_sim_disk_killed(struct evt_sim_disk *disk, struct evt_sim_process *process)
{
    for (size_t i = 0; i < disk->files_n;) {
        struct sim_file *file = disk->files[i];

        sim__vfs_killed(file, process->id);
        if (file->locked_by == process->id)
            file->locked_by = 0;
        if (file->handles == NULL)
            sim__file_drop_shm(file);
        if (file->path[0] == '\0' && file->handles == NULL)
            sim__disk_drop(disk, file); /* another comes to this place */
        else
            i++;
    }
    evt_sim_heap_drop(process->heap);
    process->fault = EVT_SIM_FAULT_NONE;
}

bool evt_sim_disk_copy(struct evt_sim_disk *disk, const char *from, const char *to)
{
    char wal_from[SIM_PATH_MAX + 8], wal_to[SIM_PATH_MAX + 8];
    const char *const pairs[][2] = {{from, to}, {wal_from, wal_to}};
    bool found = false;

    sqlite3_snprintf(sizeof wal_from, wal_from, "%s-wal", from);
    sqlite3_snprintf(sizeof wal_to, wal_to, "%s-wal", to);
    for (size_t i = 0; i < 2; i++) {
        const struct sim_file *source = sim__disk_find(disk, pairs[i][0]);
        struct sim_file *file = sim__disk_find(disk, pairs[i][1]);

        if (source == NULL) {
            if (file != NULL)
                sim__disk_unlink(disk, file);
            continue;
        }
        found = found || i == 0;
        sim__file_copy(file != NULL ? file : sim__disk_create(disk, pairs[i][1]), source);
    }
    return found;
}

void evt_sim_disk_remove(struct evt_sim_disk *disk, const char *prefix)
{
    for (size_t i = disk->files_n; i-- > 0;)
        if (begins(disk->files[i]->path, prefix))
            sim__disk_unlink(disk, disk->files[i]);
}

bool evt_sim_disk_has(struct evt_sim_disk *disk, const char *path)
{
    return sim__disk_find(disk, path) != NULL;
}

uint64_t evt_sim_disk_operations(const struct evt_sim_disk *disk)
{
    return disk->operations;
}

static bool concerns(enum evt_sim_fault fault, enum sim_operation operation)
{
    switch (fault) {
    case EVT_SIM_FAULT_KILL:
        return true;
    case EVT_SIM_FAULT_FULL:
    case EVT_SIM_FAULT_WRITE:
        return operation == SIM_OP_WRITE;
    case EVT_SIM_FAULT_SYNC:
        return operation == SIM_OP_SYNC;
    case EVT_SIM_FAULT_NONE:
    case EVT_SIM_FAULT_ALLOC:
    case EVT_SIM_FAULTS:
        break;
    }
    return false;
}

enum evt_sim_fault sim__disk_operation(struct evt_sim_disk *disk, enum sim_operation operation)
{
    struct evt_sim_process *process = evt_sim_process_current();
    enum evt_sim_fault fault;

    disk->operations++;
    if (process == NULL || process->countdown == 0 || !concerns(process->fault, operation) ||
        --process->countdown > 0)
        return EVT_SIM_FAULT_NONE;
    fault = process->fault;
    process->fault = EVT_SIM_FAULT_NONE;
    process->fired = true;
    if (fault == EVT_SIM_FAULT_KILL && evt_sim_rand_chance(&disk->rand, 400))
        evt_sim_process_kill();
    return fault;
}

void sim__disk_done(enum evt_sim_fault fault)
{
    if (fault == EVT_SIM_FAULT_KILL)
        evt_sim_process_kill();
}

struct evt_sim_disk *evt_sim_disk_new(const struct evt_sim_rand *rand)
{
    struct evt_sim_disk *disk = world_realloc(NULL, sizeof *disk);

    *disk = (struct evt_sim_disk){.rand = *rand};
    sim__fs_init(disk);
    sim__vfs_init(disk);
    return disk;
}

void evt_sim_disk_reset(struct evt_sim_disk *disk, const struct evt_sim_rand *rand,
                        const char *kept)
{
    for (size_t i = disk->files_n; i-- > 0;)
        if (kept == NULL || !begins(disk->files[i]->path, kept))
            sim__disk_drop(disk, disk->files[i]);
    disk->rand = *rand;
    disk->operations = 0;
    /* SQLite draws its seed anew, from this disk: salts and temporary names repeat with the seed.
     */
    sqlite3_randomness(0, NULL);
}

void evt_sim_disk_free(struct evt_sim_disk *disk)
{
    if (disk == NULL)
        return;
    evt_sim_disk_reset(disk, &disk->rand, NULL);
    for (size_t i = 0; i < SIM_FILES_MAX && disk->files[i] != NULL; i++) {
        free(disk->files[i]->image.data);
        free(disk->files[i]->saved.data);
        free(disk->files[i]->changes);
        free(disk->files[i]);
    }
    sqlite3_vfs_unregister(&disk->vfs);
    free(disk);
}
