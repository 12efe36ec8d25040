/* Model: all that the compiler knows of the schemas and of topics.json, and the steps that fill it:
 * topics_read, tree_read, join, lock_read, types_collect; then the emitters only read it. */
#ifndef GEN_MODEL_H
#define GEN_MODEL_H

#include "file.h"
#include "list.h"
#include "place.h"
#include "schema.h"

#include <evt/type.h>

#define SYSTEM_FOLDER "evt"     /* libevents' own messages; no service has this name */
#define OUTSIDE       "outside" /* the sender who is no service */

/* A file of schemas: its exact bytes are what is published, hashed and shown. */
struct source {
    const char *path;
    const char *bytes;
    size_t len;
    char sha256[SHA256_TEXT];
    struct schema *schema; /* NULL: refused */
};

/* Folders of schemas with a topics.json and a schemas.lock of their own. A later root adds to the
 * earlier ones: the shop's, then a test's. */
struct root {
    const char *path;
    const char *topics_path;
    const char *lock_path;
    uint32_t first_id; /* each root has a range of schema ids */
    struct list lock;  /* struct lock_line */
};

struct service {
    const char *name, *doc;
    int64_t parked_max, generation;
    struct evt_topic *inbox, *events, *dlt;
    struct list subscriptions; /* struct subscription */
};

/* A key of a subscription: for one fact, another field than for the others. */
struct subscription_key {
    const char *type, *field;
};

struct subscription {
    const char *name; /* "notify.user" */
    struct service *service, *source;
    const char *key;
    struct list keys; /* struct subscription_key */
    const char *path; /* of the topics.json, for refusals */
    size_t index;     /* in the service's list there */
};

struct version {
    uint32_t number, id;
    struct source *source;
};

struct message {
    const char *name;    /* shop.product.v1.ReserveStock */
    const char *record;  /* ReserveStock */
    const char *symbol;  /* product_reserve_stock */
    const char *folder;  /* product */
    const char *subject; /* TopicRecordName */
    struct root *root;
    struct source *today;
    struct list kept;     /* struct version, by number: the copies of superseded ones, no ids yet */
    struct list versions; /* struct version, by number; the last is today's */

    const json_t *declaration; /* in topics.json */
    enum evt_kind kind;
    struct service *taker; /* commands and replies */
    const char *key;
    struct list senders; /* const char *, sorted */
    struct evt_topic *topic;
};

/* A record or enum of C: by full name, whatever files it stands in. */
struct named {
    const struct schema *schema;
    const char *symbol; /* product_line */
    const char *folder;
    const char *path;              /* the first file that defines it */
    const struct message *message; /* NULL: it is nested */
};

struct model {
    struct evt_arena arena;
    struct refusals refusals;
    struct list roots;         /* struct root */
    struct list folders;       /* const char *, sorted */
    struct list services;      /* struct service, by name */
    struct list topics;        /* struct evt_topic, by name */
    struct list subscriptions; /* struct subscription, by name */
    struct list messages;      /* struct message, by name */
    struct list types;         /* struct named: what a type needs comes before it */
    struct list documents;     /* json_t */
    int64_t partitions, retention_ms, parked_max;
    const char *compression;
};

struct message *model_message(const struct model *m, const char *name);
struct service *model_service(const struct model *m, const char *name);
struct named *model_type(const struct model *m, const char *name);
/* The field of a message, if it can be a key: a plain string. NULL, refused, otherwise. */
const struct schema_field *model_key(struct model *m, const struct place *at,
                                     const struct message *msg, const char *field);
/* Parses a file's JSON, which lives as long as the model. NULL: refused. */
json_t *model_json(struct model *m, const char *path, const char *bytes, size_t len);
/* NULL: refused. */
struct source *model_source(struct model *m, const char *path);
void model_release(struct model *m);

#endif
