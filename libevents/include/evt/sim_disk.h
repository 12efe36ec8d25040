/* Sim disk: files in memory that can lose what was not synced, as an evt_fs and as a SQLite VFS.
 *
 * One disk stands for those of all machines: a machine is a folder, "/m1/". A file's content is
 * what was written; what was not synced since is remembered, so that a power cut keeps some of it:
 * a prefix, or any part, the last write torn in its middle. Names (create, rename, remove) are
 * durable at once. Memory for reading a database together (SQLite's -shm) belongs to the processes
 * that have the file open and ends with the last of them. */
#ifndef EVT_SIM_DISK_H
#define EVT_SIM_DISK_H

#include <evt/fs.h>
#include <evt/sim_process.h>
#include <evt/sim_rand.h>
#include <stddef.h>

struct evt_sim_disk;

/* Registers itself as SQLite's default VFS "sim"; there is one at a time. `rand` also gives
 * SQLite's own random numbers. */
struct evt_sim_disk *evt_sim_disk_new(const struct evt_sim_rand *rand);
void evt_sim_disk_free(struct evt_sim_disk *disk);
/* An empty disk for the next history, with memory kept; and the files whose path begins with
 * `kept`, unless it is NULL: templates, say. */
void evt_sim_disk_reset(struct evt_sim_disk *disk, const struct evt_sim_rand *rand,
                        const char *kept);
const struct evt_fs *evt_sim_disk_fs(struct evt_sim_disk *disk);

/* The process is gone: its handles, locks and memory end, nothing is closed. */
void evt_sim_disk_killed(struct evt_sim_disk *disk, struct evt_sim_process *process);
/* The machine's processes are gone already. Returns how many writes were lost. */
size_t evt_sim_disk_power_cut(struct evt_sim_disk *disk, const char *folder);

/* A durable copy of a file, and of the database's -wal beside it, of whatever was written. Returns
 * false when there is no such file. */
bool evt_sim_disk_copy(struct evt_sim_disk *disk, const char *from, const char *to);
/* Removes every file whose path begins so. */
void evt_sim_disk_remove(struct evt_sim_disk *disk, const char *prefix);
bool evt_sim_disk_has(struct evt_sim_disk *disk, const char *path);
uint64_t evt_sim_disk_operations(const struct evt_sim_disk *disk);

#endif
