/* Reconcile: our books against the provider's, both ways. Read are ours, theirs, and ours again:
 * what changed meanwhile, or is under way, is in motion and says nothing; but what is under way
 * for long is stuck (its call is parked, perhaps). Of all else both must say the same. The
 * comparison is pure.
 *
 *   reconcile.c          the comparison
 *   reconcile_ours.c     the stores' rows
 *   reconcile_theirs.c   the provider's intents and refunds, page by page
 *   reconcile_command.c  svc-payment reconcile */
#ifndef RECONCILE_H
#define RECONCILE_H

#include "payment.h"

#include <evt/arena.h>
#include <evt/conf.h>

#define RECONCILE_DAYS_MAX 400

struct reconcile_ours {
    const char *order_id;
    enum payment_state state;
    int64_t amount_minor;
    const char *currency;
    const char *intent; /* "": the provider was never asked, or declined */
    int64_t asked_ms, changed_ms;
    bool moving;
};

struct reconcile_theirs {
    const char *id;
    const char *order_id; /* "": it names none */
    const char *status;
    const char *currency;
    int64_t created_ms;
    int64_t amount_minor, received_minor, refunded_minor; /* in our minor units */
    bool odd;   /* some of these have none that is the same: it is no payment of ours */
    bool known; /* our row is for this one */
};

/* A zeroed one is empty. */
struct reconcile_books {
    struct reconcile_ours *ours;
    size_t ours_n, ours_cap;
    struct reconcile_theirs *theirs;
    size_t theirs_n, theirs_cap;
    struct evt_arena arena; /* their texts */
};
void reconcile_books_release(struct reconcile_books *books);
void reconcile_add_ours(struct reconcile_books *books, const struct reconcile_ours *ours);
void reconcile_add_theirs(struct reconcile_books *books, const struct reconcile_theirs *theirs);
/* Adds what went back of an intent; one that is not there is left out. After
 * reconcile_sort_theirs. */
void reconcile_add_refund(struct reconcile_books *books, const char *intent, int64_t amount_minor,
                          bool odd);
void reconcile_sort_theirs(struct reconcile_books *books);

enum reconcile_what {
    RECONCILE_OURS_ONLY,
    RECONCILE_THEIRS_ONLY,
    RECONCILE_STATE,
    RECONCILE_AMOUNT,
    RECONCILE_STUCK
};
const char *reconcile_what_str(enum reconcile_what what); /* "ours_only" */
struct reconcile_difference {
    enum reconcile_what what;
    const char *order_id;
    const struct reconcile_ours *ours;     /* NULL: theirs only, and we never heard of the order */
    const struct reconcile_theirs *theirs; /* NULL: ours only, or stuck */
};

struct reconcile_result {
    size_t agree, different, moving;
};
struct reconcile_options {
    int64_t since_ms; /* what began before is looked up and not missed */
    int64_t stuck_ms; /* what is under way since before is stuck */
    /* Is the order ours to compare? Another machine may have its store. NULL: all are. */
    bool (*is_here)(void *arg, const char *order_id);
    void (*each)(void *arg, const struct reconcile_difference *difference);
    void *arg;
};
/* `before` has ours as they were before theirs were read, `books` has theirs, and ours afterwards.
 */
struct reconcile_result reconcile(const struct reconcile_books *before,
                                  struct reconcile_books *books,
                                  const struct reconcile_options *opt);

/* Adds the rows of every shard under the data folder, and says which shards there are: room for as
 * many flags as the inbox has partitions. */
EVT_MUST_USE enum evt_err reconcile_read_ours(const char *data_dir, struct reconcile_books *books,
                                              bool *shards, size_t *ret_shards_n,
                                              struct evt_error *err);

/* Adds all that was created since; asks `url` under `key`. */
EVT_MUST_USE enum evt_err reconcile_read_theirs(const char *url, const char *key, int64_t since_ms,
                                                struct reconcile_books *books,
                                                struct evt_error *err);

int reconcile_command(const struct evt_conf *conf, void *arg);

#endif
