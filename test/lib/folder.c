/* Folder: a temporary folder under TMPDIR. */
#include "folder.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATHS 8 /* more than a test names in one expression */

void folder_init(struct folder *folder)
{
    const char *temp = getenv("TMPDIR");
    int len = snprintf(folder->path, sizeof(folder->path), "%s/evt-XXXXXX", temp ? temp : "/tmp");

    if (len < 0 || (size_t)len >= sizeof(folder->path)) /* a very long TMPDIR */
        snprintf(folder->path, sizeof(folder->path), "/tmp/evt-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder->path));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void folder_release(struct folder *folder)
{
    ck_assert_int_eq(nftw(folder->path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

const char *folder_path(const struct folder *folder, const char *name)
{
    static char paths[PATHS][512];
    static unsigned next;
    char *path = paths[next++ % PATHS];

    snprintf(path, sizeof(paths[0]), "%s/%s", folder->path, name);
    return path;
}

void folder_write(const struct folder *folder, const char *name, const void *bytes, size_t len)
{
    FILE *file = fopen(folder_path(folder, name), "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

char *folder_read(const struct folder *folder, const char *name, size_t *ret_len)
{
    FILE *file = fopen(folder_path(folder, name), "r");
    char *bytes;
    long len;

    if (!file)
        return NULL;
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    len = ftell(file);
    ck_assert_int_ge(len, 0);
    rewind(file);
    bytes = calloc(1, (size_t)len + 1);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(fread(bytes, 1, (size_t)len, file), (size_t)len);
    fclose(file);
    if (ret_len)
        *ret_len = (size_t)len;
    return bytes;
}
