/* Envelope: the CloudEvents headers of a record, read and written.
 *
 * Source and id are read first and alone, because the mark of a numbered stream is looked at before
 * any other check; the rest is checked afterwards. */
#ifndef EVT_ENVELOPE_H
#define EVT_ENVELOPE_H

#include <evt/err.h>
#include <evt/record.h>
#include <stdbool.h>
#include <stdint.h>

#define EVT_HEADER_MAX  255 /* bytes of one of our headers */
#define EVT_KEY_MAX     255 /* bytes of a key */
#define EVT_LINEAGE_LEN 16  /* hexadecimal characters */
#define EVT_NAME_MAX    64  /* of a service, a subscription or a stream */

/* A piece of the record's own memory. */
struct evt_text {
    const char *text; /* not NUL-terminated */
    size_t len;
};

/* Where a numbered message stands: "product.inbox.1.4711-9f3a11c2d4e5b607". */
struct evt_message_id {
    struct evt_text stream; /* "product.inbox" */
    int32_t partition;
    uint64_t number; /* from 1 */
    uint64_t chain;
};

struct evt_envelope {
    struct evt_text source, id, type;
    struct evt_text
        traceparent; /* empty when absent or not W3C's form: a trace is never a reason to refuse */
    /* A numbered source, "/shop/<service>/<partition>/<lineage>"; else `numbered` is false. */
    bool numbered;
    struct evt_text service; /* or the subscription's name */
    int32_t source_partition;
    struct evt_text lineage;
    struct evt_message_id number;
};

/* Source and id only. A source of ours with a malformed id is refused. */
EVT_MUST_USE enum evt_err evt_envelope_identify(const struct evt_record *rec,
                                                struct evt_envelope *ret_env,
                                                struct evt_error *err);
/* The rest: version, type, trace, the key's form (present, length, UTF-8), no header given twice.
 */
EVT_MUST_USE enum evt_err evt_envelope_check(const struct evt_record *rec, struct evt_envelope *env,
                                             struct evt_error *err);
/* The type alone, before any check; empty when there is none. */
struct evt_text evt_envelope_type(const struct evt_record *rec);

EVT_MUST_USE enum evt_err evt_message_id_parse(const char *text, size_t len,
                                               struct evt_message_id *ret_id,
                                               struct evt_error *err);
size_t evt_message_id_print(char *buf, size_t size, const char *stream, int32_t partition,
                            uint64_t number, uint64_t chain);
size_t evt_source_print(char *buf, size_t size, const char *service, int32_t partition,
                        const char *lineage);

bool evt_text_is(struct evt_text text, const char *other);
const struct evt_header *evt_record_header(const struct evt_record *rec, const char *name);

/* The chain of a stream's next message: SipHash of the chain before, type, key and Avro bytes. */
uint64_t evt_chain_first(const char *source, size_t source_len, const char *stream,
                         size_t stream_len, int32_t partition);
uint64_t evt_chain_next(uint64_t before, const char *type, size_t type_len, const void *key,
                        size_t key_len, const void *body, size_t body_len);

/* W3C trace context, 55 characters and a NUL: the trace id is the cause's own, else a hash of
 * `seed`; the parent id is a hash of the causing record's place in the log. */
#define EVT_TRACE_LEN 55
/* Version 00 of W3C's form: "00-<32>-<16>-<2>", lower-case, neither id all zeros. */
bool evt_trace_valid(struct evt_text trace);
void evt_trace_print(char buf[EVT_TRACE_LEN + 1], struct evt_text cause, const void *seed,
                     size_t seed_len, const char *topic, int32_t partition, int64_t offset);

#endif
