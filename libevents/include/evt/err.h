/* Errors: one code per reason, one class per code, one text per code.
 *
 * The class tells the caller what to do, wherever the error arose: RETRY rolls back and applies the
 * same record again, REJECT sends the record to the dead letters and goes on, FATAL stops the shard
 * and tells a person what to do. A business "no" is none of these: it is a reply. */
#ifndef EVT_ERR_H
#define EVT_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

enum evt_class { EVT_CLASS_NONE, EVT_CLASS_RETRY, EVT_CLASS_REJECT, EVT_CLASS_FATAL };

#define EVT_ERR_MAP(X)                                                                             \
    X(OK, NONE, "ok")                                                                              \
    /* The outside world is not ready: the same record will be applied again. */                   \
    X(BUSY, RETRY, "the store is busy")                                                            \
    X(DISK_FULL, RETRY, "the disk is full")                                                        \
    X(IO, RETRY, "input or output error")                                                          \
    X(NOMEM, RETRY, "out of memory")                                                               \
    X(AWAY, RETRY, "Kafka does not do it now")                                                     \
    X(SCHEMA_AWAY, RETRY, "the schema of a subscribed fact is not known to this version yet")      \
    /* The record itself: its value. */                                                            \
    X(VALUE_MISSING, REJECT, "the value is missing")                                               \
    X(VALUE_SIZE, REJECT, "the value is larger than the limit")                                    \
    X(FRAME_SHORT, REJECT, "the value is shorter than its five bytes of framing")                  \
    X(FRAME_MAGIC, REJECT, "the value does not begin with the magic byte 0")                       \
    X(SCHEMA_UNKNOWN, REJECT, "the schema id is not one of the type's")                            \
    X(AVRO_SHORT, REJECT, "the Avro bytes end too early")                                          \
    X(AVRO_VARINT, REJECT, "an Avro number is longer than its type allows")                        \
    X(AVRO_LENGTH, REJECT, "an Avro length is negative or beyond the end")                         \
    X(AVRO_COUNT, REJECT, "an Avro array or map has more items than the limit")                    \
    X(AVRO_DEPTH, REJECT, "the Avro value is nested deeper than the limit")                        \
    X(AVRO_ENUM, REJECT, "an Avro enum index is out of range")                                     \
    X(AVRO_UNION, REJECT, "an Avro union branch is out of range")                                  \
    X(AVRO_BOOLEAN, REJECT, "an Avro boolean is neither 0 nor 1")                                  \
    X(AVRO_UTF8, REJECT, "an Avro string is not UTF-8")                                            \
    X(AVRO_NUL, REJECT, "an Avro string holds a NUL character")                                    \
    X(AVRO_TRAILING, REJECT, "bytes follow the end of the Avro value")                             \
    X(AVRO_RANGE, REJECT, "a number does not fit the field that takes it")                         \
    X(AVRO_RESOLVE, REJECT, "the writer's schema does not resolve to the type that is read")       \
    X(AVRO_ENCODE, REJECT, "the message cannot be encoded")                                        \
    X(JSON, REJECT, "the JSON does not fit the schema")                                            \
    /* The record itself: its envelope and key. */                                                 \
    X(HEADER_MISSING, REJECT, "a required header is missing")                                      \
    X(HEADER_REPEATED, REJECT, "a header is given twice")                                          \
    X(HEADER_SIZE, REJECT, "a header is empty or longer than the limit")                           \
    X(HEADER_UTF8, REJECT, "a header is not UTF-8 text")                                           \
    X(SPECVERSION, REJECT, "ce_specversion is not 1.0")                                            \
    X(SOURCE_FORM, REJECT,                                                                         \
      "ce_source begins with /shop/ but is not /shop/<service>/<partition>/<lineage>")             \
    X(ID_FORM, REJECT, "ce_id is not <destination>.<partition>.<number>-<chain>")                  \
    X(ID_STREAM, REJECT, "ce_id is numbered for another topic or partition")                       \
    X(KEY_MISSING, REJECT, "the key is missing")                                                   \
    X(KEY_SIZE, REJECT, "the key is empty or longer than the limit")                               \
    X(KEY_UTF8, REJECT, "the key is not UTF-8 text")                                               \
    X(KEY_PARTITION, REJECT, "the key belongs to another partition")                               \
    X(KEY_FIELD, REJECT, "the key is not the message's key field")                                 \
    /* The record itself: what it asks for. */                                                     \
    X(TYPE_UNKNOWN, REJECT, "the type is not one that is taken here")                              \
    X(TYPE_SENDER, REJECT, "the type is not taken from this sender")                               \
    X(COMMAND_REUSED, REJECT, "the command id was used before, for another request")               \
    X(INVARIANT, REJECT, "the message breaks an invariant")                                        \
    /* The shard cannot go on: a person decides. */                                                \
    X(LOG_LOST, FATAL, "the log no longer holds the record at the store's position")               \
    X(LOG_DIFFERS, FATAL, "the log holds another record at the store's position")                  \
    X(LOG_BEGIN, FATAL, "the log begins after the store's position")                               \
    X(LOG_NO_BIRTH, FATAL, "the log does not begin with a birth record")                           \
    X(STORE_LOCKED, FATAL, "another process owns the store")                                       \
    X(STORE_CORRUPT, FATAL, "the store is corrupt")                                                \
    X(STORE_READONLY, FATAL, "the store cannot be written")                                        \
    X(STORE_OTHER, FATAL, "the store belongs to another service or partition")                     \
    X(STORE_NEWER, FATAL, "the store belongs to a newer generation")                               \
    X(STORE_MOVED, FATAL, "another process moved the store's position")                            \
    X(STORE_FSYNC, FATAL, "the disk failed to write: what the store holds is not known")           \
    X(STORE_HELD_BACK, FATAL, "the store was being rebuilt with its sends held back")              \
    X(STORE_SQL, FATAL, "the store refuses a statement")                                           \
    X(GENERATION_OLD, FATAL, "records up to the boundary belong to an older generation")           \
    X(GENERATION_NEW, FATAL, "the log belongs to a newer generation")                              \
    X(GENERATION_CHANGED, FATAL, "what the service takes changed without a new generation")        \
    X(PROOF_DIFFERS, FATAL, "the log is not the one whose sends were acknowledged")                \
    X(PURITY, FATAL, "a table breaks a rule of determinism")                                       \
    X(MIGRATION, FATAL, "a migration failed")                                                      \
    X(DENIED, FATAL, "Kafka does not allow it")                                                    \
    X(SERVICE, FATAL, "the service's tables do not fit its declaration")                           \
    X(USAGE, FATAL, "wrong use")

enum evt_err {
#define EVT_ERR_ENUM(code, class, text) EVT_E_##code,
    EVT_ERR_MAP(EVT_ERR_ENUM)
#undef EVT_ERR_ENUM
        EVT_ERR_COUNT
};
#define EVT_OK EVT_E_OK

/* The words of one failure, written where it arose and wrapped on the way out. */
struct evt_error {
    enum evt_err code;
    char text[256];
};

#define EVT_MUST_USE          __attribute__((warn_unused_result))
#define EVT_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

const char *evt_err_str(enum evt_err code);  /* "the disk is full" */
const char *evt_err_name(enum evt_err code); /* "DISK_FULL" */
enum evt_class evt_err_class(enum evt_err code);
const char *evt_class_str(enum evt_class class);

/* Returns `code` and writes "<text of code>: <fmt…>" (or the text alone when fmt is NULL) to `err`,
 * which may be NULL. Nothing is allocated. */
enum evt_err evt_fail(struct evt_error *err, enum evt_err code, const char *fmt, ...)
    EVT_PRINTF(3, 4);
/* Puts "<fmt…>: " before the text that `err` has, and returns its code. */
enum evt_err evt_wrap(struct evt_error *err, enum evt_err code, const char *fmt, ...)
    EVT_PRINTF(3, 4);

#ifdef __clang_analyzer__
/* The analyzer looks into one file at a time: a failure returns its code, which never is EVT_OK. */
static inline enum evt_err evt__failed(enum evt_err rc, enum evt_err code)
{
    if (rc != code || rc == EVT_OK)
        __builtin_unreachable();
    return rc;
}
#define evt_fail(err, code, ...) evt__failed((evt_fail)(err, code, __VA_ARGS__), code)
#define evt_wrap(err, code, ...) evt__failed((evt_wrap)(err, code, __VA_ARGS__), code)
#endif

#endif
