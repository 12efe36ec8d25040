/* Book open: the folder, the lock, the file and its tables. */
#include "book_internal.h"

#include <evt/buf.h>
#include <evt/fs.h>
#include <evt/mem.h>

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#define VERSION 1
/* A write-ahead log without fsync: what was written is the kernel's, and a kill takes nothing of
 * it. Only a power cut could, and the books of a stand-in need not outlive that; the fsync of a
 * checkpoint would be felt in the answers. */
#define SETTINGS                                                                                   \
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA cache_size=-2000;"                    \
    "PRAGMA journal_size_limit=8388608"
#define BUSY_MS 2000 /* a reader may hold a checkpoint up for a moment */

static int version(struct psp_book *book)
{
    sqlite3_stmt *stmt = NULL;
    int number = -1;

    if (sqlite3_prepare_v2(book->db, "PRAGMA user_version", -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        number = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return number;
}

static enum evt_err create(struct psp_book *book, struct evt_error *err)
{
    uint64_t salt;

    EVT_BUG_ON(getrandom(&salt, sizeof(salt), 0) != (ssize_t)sizeof(salt));
    psp_book_begin(book, true);
    if (sqlite3_exec(book->db, PSP_SCHEMA "PRAGMA user_version=1", NULL, NULL, NULL) != SQLITE_OK)
        psp_book_failed(book);
    psp_book_run(book, PSP_BOOK_ADD, "l", (int64_t)salt);
    return psp_book_end(book, true, err) ? EVT_OK : err->code;
}

static enum evt_err look(struct psp_book *book, struct evt_error *err)
{
    sqlite3_stmt *row;

    psp_book_begin(book, false);
    row = psp_book_query(book, PSP_BOOK_SALT, "");
    book->salt = row ? (uint64_t)sqlite3_column_int64(row, 0) : 0;
    psp_book_done(row);
    row = psp_book_query(book, PSP_BOOK_LAST, "");
    if (row) {
        book->intents = sqlite3_column_int64(row, 0);
        book->refunds = sqlite3_column_int64(row, 1);
    }
    psp_book_done(row);
    return psp_book_end(book, false, err) ? EVT_OK : err->code;
}

static enum evt_err open_file(struct psp_book *book, const char *path, struct evt_error *err)
{
    const int flags =
        book->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    enum evt_err rc = EVT_OK;
    int number;

    if (sqlite3_open_v2(path, &book->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return evt_fail(err, EVT_E_IO, "%s: %s%s", path, sqlite3_errmsg(book->db),
                        book->read_only ? ": say where the book lies (--data-dir)" : "");
    sqlite3_busy_timeout(book->db, BUSY_MS);
    number = version(book);
    if (number != VERSION && (number != 0 || book->read_only))
        return evt_fail(err, EVT_E_STORE_OTHER,
                        "%s is no book of this version of psp: give it another --data-dir, or "
                        "remove the file",
                        path);
    if (!book->read_only && sqlite3_exec(book->db, SETTINGS, NULL, NULL, NULL) != SQLITE_OK)
        return evt_fail(err, EVT_E_IO, "%s: %s", path, sqlite3_errmsg(book->db));
    if (number == 0)
        rc = create(book, err);
    return rc == EVT_OK ? look(book, err) : rc;
}

/* As mkdir -p does. */
static enum evt_err make_folder(const char *folder, struct evt_error *err)
{
    char *path = evt_strdup(folder);
    enum evt_err rc = EVT_OK;

    for (char *at = path + 1; rc == EVT_OK && at[-1]; at++) {
        const char was = *at;

        if (was != '/' && was != '\0')
            continue;
        *at = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            rc = evt_fail(err, EVT_E_IO, "make the folder %s: %s", path, strerrordesc_np(errno));
        *at = was;
    }
    evt_free(path);
    return rc;
}

static enum evt_err lock(struct psp_book *book, const char *path, struct evt_error *err)
{
    struct evt_buf name = {0};
    enum evt_err rc;

    evt_buf_printf(&name, "%s.lock", path);
    rc = evt_fs_posix.lock(evt_fs_posix.self, evt_buf_text(&name), &book->lock, err);
    evt_buf_release(&name);
    return rc == EVT_OK ? rc : evt_wrap(err, rc, "another psp has this --data-dir");
}

enum evt_err psp_book_open(const char *folder, bool read_only, struct psp_book **ret_book,
                           struct evt_error *err)
{
    struct psp_book *book = evt_zalloc(sizeof(*book));
    struct evt_buf path = {0};
    enum evt_err rc = EVT_OK;

    book->read_only = read_only;
    book->lock = -1;
    evt_buf_printf(&path, "%s/psp.db", folder);
    if (!read_only)
        rc = make_folder(folder, err);
    if (rc == EVT_OK && !read_only)
        rc = lock(book, evt_buf_text(&path), err);
    if (rc == EVT_OK)
        rc = open_file(book, evt_buf_text(&path), err);
    evt_buf_release(&path);
    if (rc != EVT_OK)
        psp_book_close(book);
    else
        *ret_book = book;
    return rc;
}

void psp_book_close(struct psp_book *book)
{
    if (!book)
        return;
    for (size_t i = 0; i < PSP_STATEMENTS_N; i++)
        sqlite3_finalize(book->statements[i]);
    sqlite3_close_v2(book->db);
    if (book->lock >= 0)
        evt_fs_posix.unlock(evt_fs_posix.self, book->lock);
    evt_free(book);
}
