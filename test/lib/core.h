/* Core: one shard of a fake service on a log in memory, for tests of the shard core itself. Unlike
 * the harness it leaves every step to the test: records are made and appended one by one, in any
 * order and in any shape, and batches are applied, sent and committed when the test says so.
 *
 *     struct core *core = core_new(&fake_product);       a born partition, joined, the birth
 * applied struct core_sender order; core_sender(core, &order, "order"); core_append(core,
 * RESERVE(core, &order, "tea", "o1")); core_run(core); ck_assert_str_eq(core_told(core), "1
 * applied"); ck_assert_str_eq(core_sent(core), "order.inbox.0.1 StockReserved"); core_free(core);
 */
#ifndef TEST_CORE_H
#define TEST_CORE_H

#include "test/lib/fake_order.h"
#include "test/lib/fake_product.h"
#include "test/lib/folder.h"
#include "test/lib/suite.h"

#include <events/evt.h>
#include <events/product.h>
#include <evt/hash.h>
#include <evt/shard.h>
#include <evt/sim_log.h>

#define CORE_NOW       1700000000000LL /* when a test begins; each record is a millisecond later */
#define CORE_LINEAGE   "00000000000000c1"
#define CORE_PARTITION 1
#define CORE_SENT_MAX  4096

struct core {
    struct folder folder;
    struct evt_sim_log *log;
    struct evt_sim_partition *part;
    struct evt_shard_options opt;
    const char *store; /* its name in the folder */
    struct evt_shard *sh;
    int64_t now_ms;
    struct evt_error err;
    struct evt_buf told;
    /* All that was sent and acknowledged, and how much of it core_sent has shown. */
    const struct evt_send *sent[CORE_SENT_MAX];
    size_t sent_n, shown_n;
};

/* Somebody who numbers what it sends here. */
struct core_sender {
    char source[128];
    uint64_t number, chain;
};

/* Life. core_new_log stops before the store is opened, core_new goes on to the applied birth. */
struct core *core_new(const struct evt_service *service);
struct core *core_new_log(const struct evt_service *service, const struct evt_subscription *sub);
void core_free(struct core *core);
enum evt_err core_open(struct core *core);           /* words in core->err */
enum evt_err core_join(struct core *core);           /* all that is asked for */
void core_start(struct core *core);                  /* both, and they succeed */
void core_restart(struct core *core);                /* closes, and starts again */
void core_use(struct core *core, const char *store); /* closes; the next open takes this one */
/* Puts its snapshot in the place of the store, which must be closed. */
void core_restore(struct core *core, uint32_t generation, int64_t offset);

/* Batches. */
enum evt_err core_apply(struct core *core); /* what waits, up to the end or a boundary */
enum evt_err core_apply_some(struct core *core, size_t n);
enum evt_err core_commit(struct core *core); /* keeps what is sent, acknowledges, commits */
void core_run(struct core *core);            /* both, and they succeed */

/* Records, in the log's memory. */
void core_sender(struct core *core, struct core_sender *sender, const char *service);
const struct evt_send *core_number(struct core *core, struct core_sender *sender,
                                   const struct evt_type *type, const void *msg);
/* Under another key than the type's own field, as a subscription does. */
const struct evt_send *core_number_as(struct core *core, struct core_sender *sender,
                                      const char *key, const struct evt_type *type,
                                      const void *msg);
const struct evt_send *core_outside(struct core *core, const char *source, const char *id,
                                    const struct evt_type *type, const void *msg);
const struct evt_send *core_boundary(struct core *core, const char *id, int32_t generation);
/* Copies with one thing changed. A header's value NULL: without it. */
const struct evt_send *core_with_header(struct core *core, const struct evt_send *send,
                                        const char *name, const char *value);
const struct evt_send *core_with_key(struct core *core, const struct evt_send *send,
                                     const char *key);
const struct evt_send *core_with_value(struct core *core, const struct evt_send *send,
                                       const void *value, size_t len);
int64_t core_append(struct core *core, const struct evt_send *send);
/* `prefix`, or `prefix`-1, -2 …: the first that belongs to the partition `here`, or to another. */
const char *core_key(const struct core *core, const char *prefix, bool here);

/* What happened since it was asked last, a line each: "3 parked: gap: …". */
const char *core_told(struct core *core);
/* What was sent since, a line each: "order.inbox.0.1 StockReserved", "product.inbox.dlt.1 3:
 * <why>". */
const char *core_sent(struct core *core);
const char *core_header(const struct evt_send *send, const char *name); /* "" for none */
/* A message that was sent, from 0, as JSON. */
const char *core_message(struct core *core, size_t i);
/* Rows of a query, columns by "|" and rows by ";". */
const char *core_rows(struct core *core, const char *sql);
uint64_t core_hash(struct core *core);
size_t core_lines(const char *text); /* how many */

#define core_ok(core, call) ck_assert_msg((call) == EVT_OK, "%s", (core)->err.text)

/* The messages that most tests use. */
#define RESERVE(core, sender, prefix, order)                                                       \
    core_number(core, sender, &product_reserve_stock_type,                                         \
                &(const struct product_reserve_stock){.sku = core_key(core, prefix, true),         \
                                                      .order_id = (order),                         \
                                                      .line = 1,                                   \
                                                      .quantity = 1,                               \
                                                      .deadline = CORE_NOW + 60000})
#define CREATE(core, source, id, named)                                                            \
    core_outside(core, source, id, &product_create_product_type,                                   \
                 &(const struct product_create_product){.sku = core_key(core, "tea", true),        \
                                                        .name = (named),                           \
                                                        .currency = "EUR"})

#endif
