/* File: see file.h. */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_read(const char *path, struct evt_buf *ret_content)
{
    struct evt_buf buf = {0};
    size_t got;
    FILE *in = fopen(path, "rb");
    if (!in)
        return false;
    do {
        got = fread(evt_buf_grow(&buf, BUFSIZ), 1, BUFSIZ, in);
        buf.len += got;
    } while (got && buf.len <= FILE_MAX);
    int failed = ferror(in) ? (errno ? errno : EIO) : buf.len > FILE_MAX ? EFBIG : 0;
    fclose(in);
    if (failed) {
        evt_buf_release(&buf);
        errno = failed;
        return false;
    }
    *ret_content = buf;
    return true;
}

static bool make_folders(const char *path)
{
    struct evt_buf buf = {0};
    bool ok = true;
    evt_buf_add_text(&buf, path);
    for (char *slash = strchr((char *)buf.data + 1, '/'); ok && slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        ok = mkdir((char *)buf.data, 0777) == 0 || errno == EEXIST;
        *slash = '/';
    }
    evt_buf_release(&buf);
    return ok;
}

static bool same(const char *path, const struct evt_buf *content)
{
    struct evt_buf old = {0};
    if (!file_read(path, &old))
        return false;
    bool is = old.len == content->len && (!old.len || !memcmp(old.data, content->data, old.len));
    evt_buf_release(&old);
    return is;
}

bool file_write(const char *path, const struct evt_buf *content)
{
    struct evt_buf temp = {0};
    bool ok = false;
    FILE *out = NULL;
    if (same(path, content))
        return true;
    if (!make_folders(path))
        return false;
    evt_buf_printf(&temp, "%s.tmp", path);
    out = fopen(evt_buf_text(&temp), "wb");
    if (!out)
        goto out;
    ok = !content->len || fwrite(content->data, 1, content->len, out) == content->len;
    ok = fclose(out) == 0 && ok;
    /* Renamed, so that a build which is stopped leaves no half of a file. */
    ok = ok && rename(evt_buf_text(&temp), path) == 0;
    if (!ok)
        unlink(evt_buf_text(&temp));
out:
    evt_buf_release(&temp);
    return ok;
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool file_is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool file_list(struct evt_arena *arena, const char *folder, struct list *ret_names)
{
    struct list names = {0};
    DIR *dir = opendir(folder);
    if (!dir)
        return false;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] != '.')
            list_add(arena, &names, text_dup(arena, entry->d_name));
    }
    closedir(dir);
    list_sort(&names, by_text);
    *ret_names = names;
    return true;
}

void file_sha256(const void *bytes, size_t len, char ret_text[SHA256_TEXT])
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, bytes, len);
    sodium_bin2hex(ret_text, SHA256_TEXT, hash, sizeof(hash));
}
