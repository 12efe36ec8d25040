/* File: whole files in, whole files out. A file is only written when its content changes, so that
 * make does not build again what depends on it. */
#ifndef GEN_FILE_H
#define GEN_FILE_H

#include "list.h"

#include <evt/buf.h>
#include <stdbool.h>

#define FILE_MAX    (16 * 1024 * 1024) /* no schema is larger: a wrong path may be */
#define SHA256_TEXT 65

/* False: it is not there (or cannot be read), errno says why. */
bool file_read(const char *path, struct evt_buf *ret_content);
/* False, with errno, when it cannot be written. Missing folders are made. */
bool file_write(const char *path, const struct evt_buf *content);
bool file_exists(const char *path);
/* Names in a folder, sorted; false when it cannot be read. */
bool file_list(struct evt_arena *arena, const char *folder, struct list *ret_names);
bool file_is_folder(const char *path);
void file_sha256(const void *bytes, size_t len, char ret_text[SHA256_TEXT]);

#endif
