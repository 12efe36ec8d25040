/* Type: what the schema compiler knows of every message, as data.
 *
 * The compiler writes one `struct evt_type` per record that is a message, one registry over all of
 * them, and thin typed functions that call the codec with these tables. Nothing here is written by
 * hand. */
#ifndef EVT_TYPE_H
#define EVT_TYPE_H

#include <evt/arena.h>
#include <evt/buf.h>
#include <evt/err.h>
#include <stdbool.h>
#include <stdint.h>

struct evt_ctx;

struct evt_bytes {
    const uint8_t *data;
    size_t len;
};

enum evt_kind {
    EVT_KIND_COMMAND, /* asks its taker for something; imperative */
    EVT_KIND_REPLY,   /* answers a command; goes to its taker's inbox */
    EVT_KIND_FACT,    /* public, on the events topic of the service that says it; past tense */
    EVT_KIND_SYSTEM   /* libevents' own, in any inbox */
};
const char *evt_kind_str(enum evt_kind kind);

enum evt_topic_kind { EVT_TOPIC_INBOX, EVT_TOPIC_EVENTS, EVT_TOPIC_DLT };

struct evt_topic {
    const char *name;    /* "shop.product.inbox.v1" */
    const char *stream;  /* "product.inbox": how a ce_id names it */
    const char *service; /* "product" */
    enum evt_topic_kind kind;
    int32_t partitions;
    int64_t retention_ms; /* -1: for ever */
    const char *compression;
};

/* One committed version of a type's schema. */
struct evt_schema {
    uint32_t id;
    uint32_t version;
    const char *json; /* the original file's bytes */
    size_t json_len;
    const char *sha256; /* of the file, hexadecimal */
};

struct evt_fields; /* the codec's description of a C struct: codec.h */

struct evt_type {
    const char *name;   /* Avro full name, the ce_type: "shop.product.v1.ReserveStock" */
    const char *symbol; /* C name: "product_reserve_stock" */
    enum evt_kind kind;
    const char *taker; /* service whose inbox takes it; NULL for facts and system messages */
    const struct evt_topic *topic; /* where it is sent; NULL for system messages */
    const char *key_field;         /* NULL for system messages */
    const char *const *senders; /* services that may send it, NULL-terminated; "outside" is one */
    const struct evt_schema *schemas; /* by version; the last is today's */
    size_t schemas_n;
    const struct evt_fields *fields; /* of the top-level record */
    size_t size;                     /* of the C struct */
    /* Calls a handler through its own type. */
    enum evt_err (*call)(void (*fn)(void), struct evt_ctx *ctx, const void *msg,
                         struct evt_error *err);
};

/* `service` wants every fact of `source` in its own inbox, under another key. A subscription is a
 * shard per partition of `source`, named "<service>.<source's service>". */
struct evt_subscription_key {
    const struct evt_type *type;
    const char *field;
};
struct evt_subscription {
    const char *name; /* "notify.user" */
    const char *service;
    const struct evt_topic *source;          /* user.events */
    const struct evt_topic *inbox;           /* notify.inbox */
    const struct evt_subscription_key *keys; /* one per fact on `source` */
    size_t keys_n;
};

/* What a service takes, hashed: a store refuses the same generation with another hash. */
struct evt_declaration {
    const char *service;
    uint64_t hash;       /* of the schemas, senders and caps of all that it takes */
    uint32_t parked_max; /* records parked per held stream */
    uint32_t generation; /* not in the hash: with which a log begins that is created today */
};

struct evt_schema_ref {
    uint32_t id;
    const struct evt_type *type;
    const struct evt_schema *schema;
};

struct evt_registry {
    const struct evt_type *const *types; /* by name */
    size_t types_n;
    const struct evt_schema_ref *refs; /* by id */
    size_t refs_n;
    const struct evt_topic *topics; /* by name */
    size_t topics_n;
    const struct evt_subscription *subscriptions; /* by name */
    size_t subscriptions_n;
    const struct evt_declaration *declarations; /* by service */
    size_t declarations_n;
};

/* Generated: everything that the schemas of this build declare. */
extern const struct evt_registry evt_registry;

/* Each returns NULL when there is none. A name given by length may hold any bytes. */
const struct evt_type *evt_registry_type(const struct evt_registry *reg, const char *name,
                                         size_t len);
const struct evt_schema_ref *evt_registry_schema(const struct evt_registry *reg, uint32_t id);
const struct evt_topic *evt_registry_topic(const struct evt_registry *reg, const char *name);
const struct evt_topic *evt_registry_service_topic(const struct evt_registry *reg,
                                                   const char *service, enum evt_topic_kind kind);
const struct evt_subscription *evt_registry_subscription(const struct evt_registry *reg,
                                                         const char *name);
const struct evt_declaration *evt_registry_declaration(const struct evt_registry *reg,
                                                       const char *service);

#endif
