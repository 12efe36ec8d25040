/* Book: the provider's file, in which all lies that must outlive a kill: intents, refunds, the
 * ledger's entries, the answers under idempotency keys.
 *
 * A failure is kept until the transaction ends: what follows in it does nothing, a query finds no
 * row, and the end says that it failed. So those who read and write in between need not ask. */
#ifndef PSP_BOOK_H
#define PSP_BOOK_H

#include "statements.h"

#include <evt/err.h>

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct psp_book;

/* Makes the folder and the file. Read-only: the file must be there, and may be in use. */
EVT_MUST_USE enum evt_err psp_book_open(const char *folder, bool read_only,
                                        struct psp_book **ret_book, struct evt_error *err);
void psp_book_close(struct psp_book *book); /* NULL is fine */
uint64_t psp_book_salt(const struct psp_book *book);
int64_t psp_book_next_intent(struct psp_book *book);
int64_t psp_book_next_refund(struct psp_book *book);

void psp_book_begin(struct psp_book *book, bool write);
/* Commits, or rolls back what is not to be kept or failed; false: it failed, and `err` says why. */
EVT_MUST_USE bool psp_book_end(struct psp_book *book, bool keep, struct evt_error *err);

/* `types` has a letter per value: l int64_t, t const char * (NULL: null). */
void psp_book_run(struct psp_book *book, enum psp_statement statement, const char *types, ...);
/* The first row; NULL: there is none. Stopping early needs psp_book_done. */
sqlite3_stmt *psp_book_query(struct psp_book *book, enum psp_statement statement, const char *types,
                             ...);
sqlite3_stmt *psp_book_next(struct psp_book *book, sqlite3_stmt *row);
void psp_book_done(sqlite3_stmt *row);                   /* NULL is fine */
const char *psp_row_text(sqlite3_stmt *row, int column); /* NULL: null */

#endif
