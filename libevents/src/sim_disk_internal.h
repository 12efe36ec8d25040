/* Sim disk, inside: files with their unsynced writes, shared by the evt_fs and the VFS. */
#ifndef EVT_SIM_DISK_INTERNAL_H
#define EVT_SIM_DISK_INTERNAL_H

#include <evt/sim_disk.h>
#include <sqlite3.h>

#define SIM_FILES_MAX 512
#define SIM_PATH_MAX  128
#define SIM_SHM_MAX   64 /* regions of 32 KiB: a WAL of a quarter of a million pages */

/* One unsynced change: what it replaced (or, while undone, what it wrote). */
struct sim_change {
    size_t at;         /* where in the file */
    size_t len;        /* bytes written; for a truncation the bytes cut off */
    size_t len_before; /* of the file */
    size_t saved;      /* where in the file's `saved` */
    bool truncation;
};

struct sim_bytes {
    uint8_t *data;
    size_t len, cap;
};

struct sim_handle; /* an open file of SQLite's */

struct sim_file {
    char path[SIM_PATH_MAX]; /* "" once it is removed but still open, or temporary */
    struct sim_bytes image;
    struct sim_bytes saved;
    struct sim_change *changes;
    size_t changes_n, changes_cap;
    struct sim_handle *handles;
    uint8_t *shm[SIM_SHM_MAX];
    int locked_by; /* process of the evt_fs lock; 0: nobody, -1: the world */
    int lock;      /* number of that lock */
    bool used;
};

struct evt_sim_disk {
    struct sim_file *files[SIM_FILES_MAX]; /* those in use first */
    size_t files_n;                        /* in use */
    struct evt_sim_rand rand;
    uint64_t operations;
    int locks; /* numbers given to evt_fs locks */
    struct evt_fs fs;
    sqlite3_vfs vfs;
};

struct sim_file *sim__disk_find(struct evt_sim_disk *disk, const char *path);
struct sim_file *sim__disk_create(struct evt_sim_disk *disk,
                                  const char *path); /* "": without a name */
void sim__disk_drop(struct evt_sim_disk *disk, struct sim_file *file);
/* Takes the name away; the file stays while it is open. */
void sim__disk_unlink(struct evt_sim_disk *disk, struct sim_file *file);

void sim__file_write(struct sim_file *file, const void *mem, size_t len, size_t at);
void sim__file_truncate(struct sim_file *file, size_t len);
void sim__file_sync(struct sim_file *file);
void sim__file_drop_shm(struct sim_file *file);
void sim__file_copy(struct sim_file *to, const struct sim_file *from); /* durable */

/* Every operation passes here before it is done, and may not come back. */
enum sim_operation { SIM_OP_NAME, SIM_OP_WRITE, SIM_OP_SYNC };
enum evt_sim_fault sim__disk_operation(struct evt_sim_disk *disk, enum sim_operation operation);
/* For a kill in the middle or after: the operation calls it when it has done that much. */
void sim__disk_done(enum evt_sim_fault fault);

void sim__fs_init(struct evt_sim_disk *disk);
void sim__vfs_init(struct evt_sim_disk *disk);
/* Unlinks the handles of a process. */
void sim__vfs_killed(struct sim_file *file, int process);

#endif
