/* Fs on the operating system: locks that exclude and end with a process, copies that are whole or
 * not there, and the words of every failure. */
#include <evt/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/lib/folder.h"
#include "test/lib/suite.h"

static const struct evt_fs *const fs = &evt_fs_posix;
static struct folder folder;
static struct evt_error err;

static const char *path(const char *name)
{
    return folder_path(&folder, name);
}

static void ck_content(const char *name, const char *want)
{
    char *have = folder_read(&folder, name, NULL);

    ck_assert_ptr_nonnull(have);
    ck_assert_str_eq(have, want);
    free(have);
}

/* "<text of the code>: <verb> <path of name>: <why>" */
static const char *words(enum evt_err code, const char *verb, const char *name, const char *why)
{
    static char text[1024];

    snprintf(text, sizeof(text), "%s: %s %s: %s", evt_err_str(code), verb, path(name), why);
    return text;
}

START_TEST(a_lock_excludes)
{
    int lock = -1, other = -1;
    char want[256];

    folder_init(&folder);
    ck_ok(fs->lock(fs->self, path("0.lock"), &lock, &err), err);
    snprintf(want, sizeof(want), "another process owns the store: %s", path("0.lock"));
    ck_refused(fs->lock(fs->self, path("0.lock"), &other, &err), err, EVT_E_STORE_LOCKED, want);
    ck_assert_int_eq(other, -1);
    fs->unlock(fs->self, lock);
    ck_ok(fs->lock(fs->self, path("0.lock"), &other, &err), err);
    fs->unlock(fs->self, other);
    folder_release(&folder);
}
END_TEST

/* Also by who may only read; and what is asked for is there for others all the time. */
START_TEST(a_lock_is_asked_for_without_taking_it)
{
    bool locked = true;
    int lock = -1;

    folder_init(&folder);
    ck_ok(evt_fs_posix_is_locked(path("0.lock"), &locked, &err), err);
    ck_assert(!locked);
    ck_assert(!fs->exists(fs->self, path("0.lock")));
    ck_ok(fs->lock(fs->self, path("0.lock"), &lock, &err), err);
    ck_assert_int_eq(chmod(path("0.lock"), 0444), 0);
    ck_ok(evt_fs_posix_is_locked(path("0.lock"), &locked, &err), err);
    ck_assert(locked);
    fs->unlock(fs->self, lock);
    ck_ok(evt_fs_posix_is_locked(path("0.lock"), &locked, &err), err);
    ck_assert(!locked);
    locked = true;
    ck_refused(evt_fs_posix_is_locked(path("0.lock/x"), &locked, &err), err, EVT_E_IO,
               words(EVT_E_IO, "open", "0.lock/x", "Not a directory"));
    ck_assert(locked);
    folder_release(&folder);
}
END_TEST

/* What makes it an OFD lock: with a POSIX lock, closing any descriptor of the file gives it up. */
START_TEST(a_lock_outlives_other_descriptors)
{
    int lock = -1, other = -1;
    char *bytes;

    folder_init(&folder);
    ck_ok(fs->lock(fs->self, path("0.lock"), &lock, &err), err);
    bytes = folder_read(&folder, "0.lock", NULL);
    free(bytes);
    ck_assert_int_eq(fs->lock(fs->self, path("0.lock"), &other, &err), EVT_E_STORE_LOCKED);
    fs->unlock(fs->self, lock);
    folder_release(&folder);
}
END_TEST

START_TEST(a_lock_ends_with_its_process)
{
    int lock = -1, status = -1;
    pid_t child;

    folder_init(&folder);
    child = fork();
    if (child == 0)
        _exit(fs->lock(fs->self, path("0.lock"), &lock, &err) == EVT_OK ? 0 : 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_ok(fs->lock(fs->self, path("0.lock"), &lock, &err), err);
    fs->unlock(fs->self, lock);
    folder_release(&folder);
}
END_TEST

START_TEST(another_process_is_excluded)
{
    int lock = -1, status = -1;
    pid_t child;

    folder_init(&folder);
    ck_ok(fs->lock(fs->self, path("0.lock"), &lock, &err), err);
    child = fork();
    if (child == 0) {
        int other;
        _exit(fs->lock(fs->self, path("0.lock"), &other, &err) == EVT_E_STORE_LOCKED ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    fs->unlock(fs->self, lock);
    folder_release(&folder);
}
END_TEST

START_TEST(a_lock_without_a_folder_fails)
{
    int lock = -1;

    folder_init(&folder);
    ck_refused(fs->lock(fs->self, path("no/0.lock"), &lock, &err), err, EVT_E_IO,
               words(EVT_E_IO, "open", "no/0.lock", "No such file or directory"));
    folder_release(&folder);
}
END_TEST

START_TEST(a_file_exists_or_not)
{
    folder_init(&folder);
    ck_assert(!fs->exists(fs->self, path("a")));
    folder_write(&folder, "a", "1", 1);
    ck_assert(fs->exists(fs->self, path("a")));
    folder_release(&folder);
}
END_TEST

START_TEST(sync_needs_the_file)
{
    folder_init(&folder);
    folder_write(&folder, "a", "1", 1);
    ck_ok(fs->sync(fs->self, path("a"), &err), err);
    ck_refused(fs->sync(fs->self, path("b"), &err), err, EVT_E_IO,
               words(EVT_E_IO, "open", "b", "No such file or directory"));
    folder_release(&folder);
}
END_TEST

/* /dev/null cannot be synced, which is as near to a failing disk as a test comes. */
START_TEST(a_failed_sync_stops_everything)
{
    folder_init(&folder);
    ck_refused(fs->sync(fs->self, "/dev/null", &err), err, EVT_E_STORE_FSYNC,
               "the disk failed to write: what the store holds is not known: "
               "/dev/null: Invalid argument");
    folder_release(&folder);
}
END_TEST

START_TEST(rename_replaces)
{
    folder_init(&folder);
    folder_write(&folder, "new", "new", 3);
    folder_write(&folder, "old", "old", 3);
    ck_ok(fs->rename(fs->self, path("new"), path("old"), &err), err);
    ck_content("old", "new");
    ck_assert(!fs->exists(fs->self, path("new")));
    ck_refused(fs->rename(fs->self, path("none"), path("old"), &err), err, EVT_E_IO,
               words(EVT_E_IO, "rename to", "old", "No such file or directory"));
    ck_content("old", "new");
    folder_release(&folder);
}
END_TEST

START_TEST(a_name_without_a_folder_is_here)
{
    folder_init(&folder);
    ck_assert_int_eq(chdir(folder.path), 0);
    folder_write(&folder, "a", "1", 1);
    ck_ok(fs->rename(fs->self, "a", "b", &err), err);
    ck_content("b", "1");
    ck_ok(fs->remove(fs->self, "b", &err), err);
    ck_assert_int_eq(chdir("/"), 0);
    folder_release(&folder);
}
END_TEST

/* Lengths around the pieces in which a file is copied. */
START_TEST(a_copy_is_whole)
{
    static const size_t lens[] = {0, 1, 65535, 65536, 65537, 200000};
    static char bytes[200000];

    folder_init(&folder);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 31 >> 3);
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        size_t len = 0;
        char *have;
        folder_write(&folder, "from", bytes, lens[i]);
        folder_write(&folder, "to.tmp", bytes, sizeof(bytes)); /* left by a crash */
        ck_ok(fs->copy(fs->self, path("from"), path("to"), &err), err);
        have = folder_read(&folder, "to", &len);
        ck_assert_ptr_nonnull(have);
        ck_assert_uint_eq(len, lens[i]);
        ck_assert_int_eq(memcmp(have, bytes, len), 0);
        ck_assert(!fs->exists(fs->self, path("to.tmp")));
        ck_assert(fs->exists(fs->self, path("from")));
        free(have);
    }
    folder_release(&folder);
}
END_TEST

START_TEST(a_copy_needs_both_ends)
{
    folder_init(&folder);
    folder_write(&folder, "to", "kept", 4);
    ck_refused(fs->copy(fs->self, path("none"), path("to"), &err), err, EVT_E_IO,
               words(EVT_E_IO, "open", "none", "No such file or directory"));
    ck_content("to", "kept");
    ck_refused(fs->copy(fs->self, path("to"), path("no/to"), &err), err, EVT_E_IO,
               words(EVT_E_IO, "open", "no/to.tmp", "No such file or directory"));
    ck_refused(fs->copy(fs->self, path("."), path("to"), &err), err, EVT_E_IO,
               words(EVT_E_IO, "read", ".", "Is a directory"));
    folder_release(&folder);
}
END_TEST

/* The temporary file is led to a device that is always full. */
START_TEST(a_full_disk_leaves_the_old_file)
{
    folder_init(&folder);
    folder_write(&folder, "from", "new", 3);
    folder_write(&folder, "to", "old", 3);
    ck_assert_int_eq(symlink("/dev/full", path("to.tmp")), 0);
    ck_refused(fs->copy(fs->self, path("from"), path("to"), &err), err, EVT_E_DISK_FULL,
               words(EVT_E_DISK_FULL, "write", "to.tmp", "No space left on device"));
    ck_content("to", "old");
    ck_assert(!fs->exists(fs->self, path("to.tmp")));
    folder_release(&folder);
}
END_TEST

START_TEST(a_failed_sync_leaves_the_old_file)
{
    folder_init(&folder);
    folder_write(&folder, "from", "new", 3);
    folder_write(&folder, "to", "old", 3);
    ck_assert_int_eq(symlink("/dev/null", path("to.tmp")), 0);
    ck_assert_int_eq(fs->copy(fs->self, path("from"), path("to"), &err), EVT_E_STORE_FSYNC);
    ck_content("to", "old");
    folder_release(&folder);
}
END_TEST

START_TEST(a_path_has_a_limit)
{
    static char longest[5000];

    memset(longest, 'x', sizeof(longest) - 1);
    ck_assert_int_eq(fs->copy(fs->self, "/dev/null", longest, &err), EVT_E_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "input or output error: copy to xxx"));
    ck_assert_int_eq(fs->rename(fs->self, "/dev/null", longest, &err), EVT_E_IO);
    ck_assert_int_eq(fs->sync(fs->self, longest, &err), EVT_E_IO);
}
END_TEST

START_TEST(remove_takes_what_is_there)
{
    folder_init(&folder);
    folder_write(&folder, "a", "1", 1);
    ck_ok(fs->remove(fs->self, path("a"), &err), err);
    ck_assert(!fs->exists(fs->self, path("a")));
    ck_ok(fs->remove(fs->self, path("a"), &err), err);
    ck_assert_int_eq(mkdir(path("x"), 0700), 0);
    ck_refused(fs->remove(fs->self, path("x"), &err), err, EVT_E_IO,
               words(EVT_E_IO, "remove", "x", "Is a directory"));
    folder_release(&folder);
}
END_TEST

START_TEST(what_must_not_be_written_is_said)
{
    ck_refused(fs->remove(fs->self, "/proc/self/status", &err), err, EVT_E_STORE_READONLY,
               "the store cannot be written: remove /proc/self/status: Operation not permitted");
}
END_TEST

static void count_name(void *arg, const char *name)
{
    unsigned *seen = arg;

    ck_assert_uint_eq(strlen(name), 1);
    ck_assert(name[0] >= 'a' && name[0] <= 'c');
    *seen = *seen * 10 + 1;
}

START_TEST(list_names_all)
{
    unsigned seen = 0;

    folder_init(&folder);
    ck_ok(fs->list(fs->self, folder.path, count_name, &seen, &err), err);
    ck_assert_uint_eq(seen, 0);
    folder_write(&folder, "a", "", 0);
    folder_write(&folder, "b", "", 0);
    folder_write(&folder, "c", "", 0);
    ck_ok(fs->list(fs->self, folder.path, count_name, &seen, &err), err);
    ck_assert_uint_eq(seen, 111);
    ck_refused(fs->list(fs->self, path("no"), count_name, &seen, &err), err, EVT_E_IO,
               words(EVT_E_IO, "open", "no", "No such file or directory"));
    folder_release(&folder);
}
END_TEST

SUITE("fs", a_lock_excludes, a_lock_is_asked_for_without_taking_it,
      a_lock_outlives_other_descriptors, a_lock_ends_with_its_process, another_process_is_excluded,
      a_lock_without_a_folder_fails, a_file_exists_or_not, sync_needs_the_file,
      a_failed_sync_stops_everything, rename_replaces, a_name_without_a_folder_is_here,
      a_copy_is_whole, a_copy_needs_both_ends, a_full_disk_leaves_the_old_file,
      a_failed_sync_leaves_the_old_file, a_path_has_a_limit, remove_takes_what_is_there,
      what_must_not_be_written_is_said, list_names_all)
