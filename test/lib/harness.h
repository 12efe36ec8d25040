/* Harness: one shard of a service on a log in memory: given messages, expect messages.
 *
 *     struct harness *h = harness_new(&product_service, "tea");
 *     GIVE(h, "outside", product_receive_stock, .sku = "tea", .quantity = 5);
 *     EXPECT(h, product_stock_changed, .sku = "tea", .delta = 5, .on_hand = 5);
 *     EXPECT_DONE(h, "{\"on_hand\":5}");
 *     harness_end(h);
 *
 * Handlers, store and shard are the real ones; the time is virtual. A message is given, applied and
 * committed at once; what it sends is expected in the order in which it was sent. At the end the
 * store is built a second time from the log alone, in one batch and with rows that have no order
 * coming backwards: it must send the same bytes and have the same content. */
#ifndef TEST_HARNESS_H
#define TEST_HARNESS_H

#include <events/evt.h>
#include <evt/service.h>
#include <stdint.h>

#define HARNESS_NOW 1700000000000LL /* when a test begins */

struct harness;

/* The shard that owns `key`; every key of a test must be the same shard's. */
struct harness *harness_new(const struct evt_service *service, const char *key);
/* Expects that nothing more was sent; rebuilds and compares; frees. */
void harness_end(struct harness *h);

/* `sender` is a service, whose messages are numbered, or "outside". */
void harness_give(struct harness *h, int at, const char *sender, const struct evt_type *type,
                  const void *msg);
/* Time passes; timers fire when they are due. */
void harness_wait(struct harness *h, int64_t ms);
/* Time passes while the driver does not look: what is due fires at the next wait. */
void harness_skip(struct harness *h, int64_t ms);

/* An outside call of this name with this request is pending. */
void harness_expect_call(struct harness *h, int at, const char *name, const char *request);
void harness_expect_no_call(struct harness *h, int at);
/* The oldest pending call of this name ends: OK or REFUSED, and what the handler is told. */
void harness_call_ends(struct harness *h, int at, const char *name, enum evt_call_end end,
                       const char *response);

/* The next message that was sent: type, topic, key and every field. */
void harness_expect(struct harness *h, int at, const struct evt_type *type, const void *msg);
/* The next is the answer to the command that came from outside last. */
void harness_expect_answer(struct harness *h, int at, enum evt_command_outcome outcome,
                           const char *reason, const char *detail);
/* The message that was given last is in the dead letters, with these words, and its sender was
 * told. */
void harness_expect_rejected(struct harness *h, int at, const char *words);
void harness_expect_nothing(struct harness *h, int at);
/* `by` rejects the message of this type that was sent last, and says so. */
void harness_reject_sent(struct harness *h, int at, const char *by, const struct evt_type *type,
                         const char *words);
/* The next `n` are what they are. */
void harness_skip_sent(struct harness *h, size_t n);

/* For tests that look into the tables: the first column of the first row. */
int64_t harness_query(struct harness *h, const char *sql);

/* What the store holds and all that was sent, as a number: nothing more of it is expected. */
uint64_t harness_hash(struct harness *h);

#define GIVE(h, sender, symbol, ...)                                                               \
    harness_give(h, __LINE__, sender, &symbol##_type, &(const struct symbol){__VA_ARGS__})
#define EXPECT(h, symbol, ...)                                                                     \
    harness_expect(h, __LINE__, &symbol##_type, &(const struct symbol){__VA_ARGS__})
#define EXPECT_DONE(h, detail)                                                                     \
    harness_expect_answer(h, __LINE__, EVT_COMMAND_OUTCOME_DONE, NULL, detail)
#define EXPECT_REFUSED(h, reason)                                                                  \
    harness_expect_answer(h, __LINE__, EVT_COMMAND_OUTCOME_REFUSED, reason, NULL)
#define EXPECT_CALL(h, name, request) harness_expect_call(h, __LINE__, name, request)
#define EXPECT_NO_CALL(h)             harness_expect_no_call(h, __LINE__)
#define CALL_OK(h, name, response)    harness_call_ends(h, __LINE__, name, EVT_CALL_END_OK, response)
#define CALL_REFUSED(h, name, response)                                                            \
    harness_call_ends(h, __LINE__, name, EVT_CALL_END_REFUSED, response)
#define EXPECT_REJECTED(h, words) harness_expect_rejected(h, __LINE__, words)
#define REJECT_SENT(h, by, symbol, words)                                                          \
    harness_reject_sent(h, __LINE__, by, &symbol##_type, words)
#define EXPECT_NOTHING(h) harness_expect_nothing(h, __LINE__)

#endif
