/* The parts of the harness, as they see each other.
 *
 *   harness.c          the shard's life: what is given, time, timers
 *   harness_expect.c   what it sent against what a test expects
 *   harness_call.c     outside calls
 *   harness_rebuild.c  the same store once more, from its log */
#ifndef TEST_HARNESS_INTERNAL_H
#define TEST_HARNESS_INTERNAL_H

#include "test/lib/harness.h"
#include "test/lib/suite.h"

#include <evt/due.h>
#include <evt/shard.h>
#include <evt/sim_log.h>

#define SENDERS_MAX     4
#define SENT_MAX        4000
#define HARNESS_LINEAGE "00000000000000b1"

/* Somebody who sends to the shard: a service, which numbers what it sends, or "outside". */
struct sender {
    const char *name;
    uint64_t number, chain;
};

struct harness {
    const struct evt_service *service;
    const char *key; /* for what has no key of its own */
    const struct evt_topic *inbox;
    int32_t partition;
    char folder[128];
    char lived_path[160], rebuilt_path[160]; /* the stores */
    struct evt_sim_log *log;
    struct evt_sim_partition *part;
    struct evt_shard *shard;
    struct evt_due *due;
    int64_t now_ms;
    struct sender senders[SENDERS_MAX];
    size_t senders_n;
    /* What was given last. */
    const struct evt_type *given_type;
    char given_sender[64], given_key[256], given_source[128], given_id[128];
    bool given_numbered;
    int64_t given_offset;
    /* What the shard has sent, and how much of it was expected. */
    const struct evt_send *sent[SENT_MAX];
    size_t sent_n, expected_n;
};

/* Opens the store at `path`, and joins the log. */
struct evt_shard *harness__open(struct harness *h, const char *path, bool reverse);
/* Applies what the log holds, as one batch; then it is for the caller to take the sends and commit.
 */
size_t harness__apply(struct harness *h, struct evt_shard *shard,
                      const struct evt_send **ret_sends);
void harness__commit(struct evt_shard *shard, size_t sends_n);
/* Appends a record to the inbox; applies and commits all that is new, and keeps what it sent. */
void harness__append(struct harness *h, const char *source, const char *id, const char *type,
                     const char *key, const struct evt_buf *value);
void harness__catch_up(struct harness *h);
void harness__rebuild(struct harness *h);

#endif
