/* Mail box: written to `tmp`, on the disk, and only then seen in `new`. */
#include "mail_box.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_MODE 0700
#define FILE_MODE   0600 /* mails are private */

static enum evt_err fail(struct evt_error *err, const char *verb, const char *path)
{
    return evt_fail(err, errno == ENOSPC ? EVT_E_DISK_FULL : EVT_E_IO, "%s %s: %s", verb, path,
                    strerrordesc_np(errno));
}

static enum evt_err make_folder(const char *path, struct evt_error *err)
{
    return mkdir(path, FOLDER_MODE) == 0 || errno == EEXIST ? EVT_OK : fail(err, "create", path);
}

/* "new/x" in the folder; too long a path is refused by whoever opens it. */
static void print_path(char path[PATH_MAX], const char *folder, const char *part, const char *name)
{
    snprintf(path, PATH_MAX, "%s/%s%s%s", folder, part, *name ? "/" : "", name);
}

static enum evt_err make(const char *folder, struct evt_error *err)
{
    static const char *const parts[] = {"tmp", "new", "cur"};
    enum evt_err rc = make_folder(folder, err);

    for (size_t i = 0; rc == EVT_OK && i < sizeof(parts) / sizeof(*parts); i++) {
        char path[PATH_MAX];

        print_path(path, folder, parts[i], "");
        rc = make_folder(path, err);
    }
    return rc;
}

/* A mail program moves what was read to `cur`, and adds ":2," and letters to its name. */
static bool was_read(const char *folder, const char *name)
{
    const size_t len = strlen(name);
    char path[PATH_MAX];
    struct dirent *entry;
    bool found = false;
    DIR *dir;

    print_path(path, folder, "cur", "");
    dir = opendir(path);
    if (!dir)
        return false;
    while (!found && (entry = readdir(dir)) != NULL)
        found = strncmp(entry->d_name, name, len) == 0 &&
                (entry->d_name[len] == '\0' || entry->d_name[len] == ':');
    closedir(dir);
    return found;
}

static bool is_there(const char *folder, const char *name)
{
    struct stat st;
    char path[PATH_MAX];

    print_path(path, folder, "new", name);
    return stat(path, &st) == 0 || was_read(folder, name);
}

static bool write_all(int fd, const char *at, size_t left)
{
    while (left) {
        const ssize_t n = write(fd, at, left);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        at += n;
        left -= (size_t)n;
    }
    return fsync(fd) == 0;
}

static enum evt_err write_file(const char *path, const void *mail, size_t len,
                               struct evt_error *err)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    enum evt_err rc = EVT_OK;

    if (fd < 0)
        return fail(err, "create", path);
    if (!write_all(fd, mail, len))
        rc = fail(err, "write", path);
    close(fd);
    return rc;
}

/* A name is durable once the folder is that holds it. */
static enum evt_err sync_folder(const char *path, struct evt_error *err)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum evt_err rc = EVT_OK;

    if (fd < 0)
        return fail(err, "open", path);
    if (fsync(fd) != 0)
        rc = fail(err, "sync", path);
    close(fd);
    return rc;
}

enum evt_err mail_box_put(const char *folder, const char *name, const void *mail, size_t len,
                          struct evt_error *err)
{
    char from[PATH_MAX], to[PATH_MAX], seen[PATH_MAX];
    enum evt_err rc = make(folder, err);

    if (rc != EVT_OK || is_there(folder, name))
        return rc;
    print_path(from, folder, "tmp", name);
    print_path(to, folder, "new", name);
    print_path(seen, folder, "new", "");
    rc = write_file(from, mail, len, err);
    if (rc == EVT_OK && rename(from, to) != 0)
        rc = fail(err, "rename", from);
    return rc == EVT_OK ? sync_folder(seen, err) : rc;
}
