/* Folder: a temporary one for a test, removed with all that is in it. */
#ifndef TEST_FOLDER_H
#define TEST_FOLDER_H

#include <stddef.h>

struct folder {
    char path[64];
};

void folder_init(struct folder *folder);
void folder_release(struct folder *folder);
/* The path of a name in it, in one of a few static buffers. */
const char *folder_path(const struct folder *folder, const char *name);
void folder_write(const struct folder *folder, const char *name, const void *bytes, size_t len);
/* The file's bytes, NUL-terminated; the caller frees them. NULL: there is none. */
char *folder_read(const struct folder *folder, const char *name, size_t *ret_len);

#endif
