/* The book, as its two files see it: book.c has transactions and statements, book_open.c the file.
 */
#ifndef PSP_BOOK_INTERNAL_H
#define PSP_BOOK_INTERNAL_H

#include "book.h"

struct psp_book {
    sqlite3 *db;
    sqlite3_stmt *statements[PSP_STATEMENTS_N];
    int lock; /* -1: none */
    bool read_only;
    uint64_t salt;
    int64_t intents, refunds; /* numbers given */
    struct evt_error err;     /* of the transaction; EVT_OK: none */
};

/* Keeps SQLite's words, if nothing has failed before. */
void psp_book_failed(struct psp_book *book);

#endif
