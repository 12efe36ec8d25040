/* Fs on the operating system's own files.
 *
 * The lock is an OFD lock on a file of its own: it belongs to our descriptor, so neither SQLite
 * closing its files nor a fork can drop it, and it ends with the process, so a crash leaves nothing
 * to clear away. None of these may touch a database file that is open: closing any descriptor of it
 * would drop SQLite's locks. */
#include <evt/fs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_PIECE (64 * 1024)
#define FILE_MODE  0644 /* as SQLite makes its files */

/* The failure that errno stands for, with what was done to which file. */
static enum evt_err fail(struct evt_error *err, const char *verb, const char *path)
{
    int no = errno;
    const char *why = strerrordesc_np(no);
    enum evt_err code = EVT_E_IO;

    if (no == ENOSPC || no == EDQUOT)
        code = EVT_E_DISK_FULL;
    else if (no == ENOMEM)
        code = EVT_E_NOMEM;
    else if (no == EROFS || no == EACCES || no == EPERM)
        code = EVT_E_STORE_READONLY;
    return evt_fail(err, code, "%s %s: %s", verb, path, why ? why : "unknown reason");
}

/* What a disk holds after a failed fsync is not known, and asking again may say "fine". */
static enum evt_err sync_fd(int fd, const char *path, struct evt_error *err)
{
    int rc;

    do
        rc = fsync(fd);
    while (rc < 0 && errno == EINTR);
    if (rc == 0)
        return EVT_OK;
    return evt_fail(err, EVT_E_STORE_FSYNC, "%s: %s", path, strerrordesc_np(errno));
}

static enum evt_err sync_path(const char *path, int flags, struct evt_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    enum evt_err rc;

    if (fd < 0)
        return fail(err, "open", path);
    rc = sync_fd(fd, path, err);
    close(fd);
    return rc;
}

/* A name is durable once the folder is that holds it. */
static enum evt_err sync_folder_of(const char *path, struct evt_error *err)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    size_t len = slash ? (size_t)(slash - path) : 0;

    if (!slash)
        return sync_path(".", O_DIRECTORY, err);
    if (len == 0)
        return sync_path("/", O_DIRECTORY, err);
    if (len >= sizeof(folder)) {
        errno = ENAMETOOLONG;
        return fail(err, "sync the folder of", path);
    }
    memcpy(folder, path, len);
    folder[len] = '\0';
    return sync_path(folder, O_DIRECTORY, err);
}

static enum evt_err posix_lock(void *self, const char *path, int *ret_lock, struct evt_error *err)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    enum evt_err rc;

    (void)self;
    if (fd < 0)
        return fail(err, "open", path);
    if (fcntl(fd, F_OFD_SETLK, &whole) == 0) {
        *ret_lock = fd;
        return EVT_OK;
    }
    if (errno == EAGAIN || errno == EACCES)
        rc = evt_fail(err, EVT_E_STORE_LOCKED, "%s", path);
    else
        rc = fail(err, "lock", path);
    close(fd);
    return rc;
}

/* The file stays: removing it could take the name from under somebody who is just locking it. */
static void posix_unlock(void *self, int lock)
{
    (void)self;
    close(lock);
}

enum evt_err evt_fs_posix_is_locked(const char *path, bool *ret_locked, struct evt_error *err)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum evt_err rc = EVT_OK;

    if (fd < 0 && errno != ENOENT)
        return fail(err, "open", path);
    if (fd >= 0 && fcntl(fd, F_OFD_GETLK, &whole) != 0)
        rc = fail(err, "lock", path);
    if (rc == EVT_OK)
        *ret_locked = fd >= 0 && whole.l_type != F_UNLCK;
    if (fd >= 0)
        close(fd);
    return rc;
}

static bool posix_exists(void *self, const char *path)
{
    struct stat st;

    (void)self;
    return stat(path, &st) == 0;
}

static enum evt_err posix_sync(void *self, const char *path, struct evt_error *err)
{
    (void)self;
    return sync_path(path, 0, err);
}

static enum evt_err posix_rename(void *self, const char *from, const char *to,
                                 struct evt_error *err)
{
    (void)self;
    if (rename(from, to) < 0)
        return fail(err, "rename to", to);
    return sync_folder_of(to, err);
}

static enum evt_err write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno != EINTR)
            return EVT_E_IO;
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
    return EVT_OK;
}

static enum evt_err copy_bytes(int in, const char *from, int out, const char *to,
                               struct evt_error *err)
{
    char piece[COPY_PIECE];
    ssize_t n;

    for (;;) {
        n = read(in, piece, sizeof(piece));
        if (n == 0)
            return sync_fd(out, to, err);
        if (n < 0 && errno != EINTR)
            return fail(err, "read", from);
        if (n > 0 && write_all(out, piece, (size_t)n) != EVT_OK)
            return fail(err, "write", to);
    }
}

static enum evt_err posix_copy(void *self, const char *from, const char *to, struct evt_error *err)
{
    char temp[PATH_MAX];
    enum evt_err rc;
    int in = -1, out = -1;

    if ((size_t)snprintf(temp, sizeof(temp), "%s.tmp", to) >= sizeof(temp)) {
        errno = ENAMETOOLONG;
        return fail(err, "copy to", to);
    }
    in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return fail(err, "open", from);
    out = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    if (out < 0) {
        rc = fail(err, "open", temp);
        goto out;
    }
    rc = copy_bytes(in, from, out, temp, err);
    if (rc == EVT_OK)
        rc = posix_rename(self, temp, to, err);
    if (rc != EVT_OK)
        unlink(temp);
out:
    if (out >= 0)
        close(out);
    close(in);
    return rc;
}

static enum evt_err posix_remove(void *self, const char *path, struct evt_error *err)
{
    (void)self;
    if (unlink(path) == 0)
        return sync_folder_of(path, err);
    return errno == ENOENT ? EVT_OK : fail(err, "remove", path);
}

static enum evt_err posix_list(void *self, const char *folder,
                               void (*each)(void *arg, const char *name), void *arg,
                               struct evt_error *err)
{
    DIR *dir = opendir(folder);
    enum evt_err rc = EVT_OK;
    struct dirent *entry;

    (void)self;
    if (!dir)
        return fail(err, "open", folder);
    errno = 0;
    while ((entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            each(arg, entry->d_name);
        errno = 0; /* `each` may have set it */
    }
    if (errno)
        rc = fail(err, "read", folder);
    closedir(dir);
    return rc;
}

const struct evt_fs evt_fs_posix = {
    .lock = posix_lock,
    .unlock = posix_unlock,
    .exists = posix_exists,
    .sync = posix_sync,
    .rename = posix_rename,
    .copy = posix_copy,
    .remove = posix_remove,
    .list = posix_list,
};
