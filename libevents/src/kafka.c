/* Kafka: clients of librdkafka with the settings that the rules need, and what it says in our
 * words.
 *
 * A setting that a rule depends on (idempotence, gapless, offset reset) is not a person's to
 * change: it is refused. Everything else may be set by a property. */
#include <evt/kafka.h>
#include <evt/log.h>
#include <evt/mem.h>

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct setting {
    const char *name;
    const char *value;
    bool fixed; /* a rule stands on it */
};

static const struct setting common[] = {
    {"socket.nagle.disable", "true", false},
    {"log.connection.close", "false", false},
    /* Back within a moment, also after a long absence. */
    {"reconnect.backoff.ms", "50", false},
    {"reconnect.backoff.max.ms", "1000", false},
    {"topic.metadata.propagation.max.ms", "5000", false},
    {"allow.auto.create.topics", "false", true},
    {0},
};
static const struct setting producing[] = {
    {"enable.idempotence", "true", true},
    {"enable.gapless.guarantee", "true", true},
    {"message.timeout.ms", "0", true},  /* never: a shard waits, and says so */
    {"delivery.timeout.ms", "0", true}, /* its other name */
    {"linger.ms", "0", false},
    /* A tenth of the default, and faster: messages are heap objects. */
    {"queue.buffering.max.messages", "10000", false},
    {"queue.buffering.max.kbytes", "65536", false},
    {"retry.backoff.ms", "50", false},
    {0},
};
static const struct setting gathering[] = {
    {"linger.ms", "2", false},
    {0},
};
static const struct setting consuming[] = {
    {"enable.auto.commit", "false", true},
    {"enable.auto.offset.store", "false", true},
    {"auto.offset.reset", "error", true},
    {"enable.partition.eof", "true", true},
    {"check.crcs", "true", false},
    {"isolation.level", "read_committed", true},
    {"fetch.wait.max.ms", "20", false},
    {"fetch.error.backoff.ms", "50", false},
    {"socket.timeout.ms", "10000", false},
    {"group.id", "evt", false}, /* needed to make a consumer; the bus sets its own */
    {0},
};
static const struct setting reading[] = {
    {"queued.min.messages", "1", false},
    {"queued.max.messages.kbytes", "256", false},
    {"fetch.message.max.bytes", "131072", false},
    {"fetch.wait.max.ms", "10", false},
    {"socket.timeout.ms", "3000", false}, /* a question about ends knows no other */
    {0},
};
/* Librdkafka 2.0.2 does not know it; where it is known a reader, for which one record is enough,
 * would wait for a second before it looks at another place. */
static const struct setting reading_later[] = {
    {"fetch.queue.backoff.ms", "1", false},
    {0},
};

/* A broker that is away is said once, by the bus; librdkafka says it every second. That we use a
 * setting which it calls experimental is known. */
static bool is_noise(const char *facility)
{
    static const char *const noise[] = {"FAIL",    "ERROR",  "CONFWARN", "AUTOCREATE", "FATAL",
                                        "PARTCNT", "GETPID", "REQTMOUT", NULL};

    for (const char *const *n = noise; *n; n++)
        if (strcmp(facility, *n) == 0)
            return true;
    return false;
}

static void log_line(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    const enum evt_log_level ours = level <= 3   ? EVT_LOG_ERROR
                                    : level <= 4 ? EVT_LOG_WARN
                                    : level <= 6 ? EVT_LOG_INFO
                                                 : EVT_LOG_DEBUG;

    evt_log(is_noise(facility) ? EVT_LOG_DEBUG : ours, text,
            (const struct evt_log_field[]){EVT_FT("kafka", facility),
                                           EVT_FT("client", rk ? rd_kafka_name(rk) : ""),
                                           {0}});
}

static enum evt_err set(rd_kafka_conf_t *conf, const char *name, const char *value,
                        struct evt_error *err)
{
    char why[160];

    if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) == RD_KAFKA_CONF_OK)
        return EVT_OK;
    return evt_fail(err, EVT_E_USAGE, "%s=%s: %s", name, value, why);
}

static bool knows(const rd_kafka_conf_t *conf, const char *name)
{
    size_t size = 0;

    return rd_kafka_conf_get(conf, name, NULL, &size) == RD_KAFKA_CONF_OK;
}

static enum evt_err set_all(rd_kafka_conf_t *conf, const struct setting *settings,
                            struct evt_error *err)
{
    enum evt_err rc = EVT_OK;

    for (; rc == EVT_OK && settings->name; settings++)
        rc = set(conf, settings->name, settings->value, err);
    return rc;
}

static const struct setting *fixed(const char *name, size_t len)
{
    const struct setting *const tables[] = {common, producing, consuming};

    for (size_t t = 0; t < sizeof(tables) / sizeof(*tables); t++)
        for (const struct setting *s = tables[t]; s->name; s++)
            if (s->fixed && strlen(s->name) == len && memcmp(s->name, name, len) == 0)
                return s;
    return NULL;
}

static bool produces(enum evt_kafka_role role)
{
    return role == EVT_KAFKA_PRODUCER || role == EVT_KAFKA_BURST_PRODUCER;
}

/* Not one of the producer's goes to a consumer, where librdkafka would only warn: a property that
 * belongs to the other role is left out. */
static bool belongs(enum evt_kafka_role role, const char *name)
{
    static const char *const consumers[] = {"fetch.",  "queued.", "auto.offset", "group.",
                                            "session", "check.",  "isolation.",  NULL};
    static const char *const producers[] = {"queue.",      "linger.", "batch.",      "compression.",
                                            "delivery.",   "acks",    "request.req", "message.se",
                                            "transaction", NULL};
    const char *const *others = produces(role) ? consumers : producers;

    for (; *others; others++)
        if (strncmp(name, *others, strlen(*others)) == 0)
            return false;
    return true;
}

static enum evt_err set_property(rd_kafka_conf_t *conf, enum evt_kafka_role role,
                                 const char *property, struct evt_error *err)
{
    const char *equals = strchr(property, '=');
    const struct setting *rule;
    char name[128];

    if (!equals || equals == property || (size_t)(equals - property) >= sizeof(name))
        return evt_fail(err, EVT_E_USAGE, "the property '%s' is not name=value", property);
    snprintf(name, sizeof(name), "%.*s", (int)(equals - property), property);
    rule = fixed(name, strlen(name));
    if (rule && strcmp(rule->value, equals + 1) != 0)
        return evt_fail(err, EVT_E_USAGE, "%s: it is always %s, what is stored depends on it",
                        property, rule->value);
    return rule || !belongs(role, name) ? EVT_OK : set(conf, name, equals + 1, err);
}

enum evt_err evt_kafka_conf(const struct evt_kafka *kafka, enum evt_kafka_role role,
                            rd_kafka_conf_t **ret_conf, struct evt_error *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    enum evt_err rc = set_all(conf, common, err);

    rd_kafka_conf_set_log_cb(conf, log_line);
    if (rc == EVT_OK)
        rc = set_all(conf, produces(role) ? producing : consuming, err);
    if (rc == EVT_OK && role == EVT_KAFKA_BURST_PRODUCER)
        rc = set_all(conf, gathering, err);
    if (rc == EVT_OK && role == EVT_KAFKA_READER)
        rc = set_all(conf, reading, err);
    if (rc == EVT_OK && role == EVT_KAFKA_READER && knows(conf, reading_later[0].name))
        rc = set_all(conf, reading_later, err);
    if (rc == EVT_OK)
        rc = set(conf, "bootstrap.servers", kafka->brokers, err);
    if (rc == EVT_OK && kafka->client)
        rc = set(conf, "client.id", kafka->client, err);
    for (const char *const *p = kafka->properties; rc == EVT_OK && p && *p; p++)
        rc = set_property(conf, role, *p, err);
    if (rc != EVT_OK) {
        rd_kafka_conf_destroy(conf);
        return rc;
    }
    *ret_conf = conf;
    return EVT_OK;
}

enum evt_err evt_kafka_client(rd_kafka_conf_t *conf, enum evt_kafka_role role, rd_kafka_t **ret_rk,
                              struct evt_error *err)
{
    char why[200];
    rd_kafka_t *rk = rd_kafka_new(produces(role) ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf, why,
                                  sizeof(why));

    if (!rk) {
        rd_kafka_conf_destroy(conf);
        return evt_fail(err, EVT_E_USAGE, "Kafka client: %s", why);
    }
    *ret_rk = rk;
    return EVT_OK;
}

static bool compresses_all(rd_kafka_t *rk)
{
    char codec[16];
    size_t size = sizeof(codec);

    return rd_kafka_conf_get(rd_kafka_conf(rk), "compression.codec", codec, &size) ==
               RD_KAFKA_CONF_OK &&
           strcmp(codec, "none") != 0;
}

rd_kafka_topic_t *evt_kafka_topic(rd_kafka_t *rk, enum evt_kafka_role role, const char *name,
                                  const char *compression)
{
    rd_kafka_topic_conf_t *conf = NULL;

    if (role == EVT_KAFKA_BURST_PRODUCER && !compresses_all(rk)) {
        conf = rd_kafka_default_topic_conf_dup(rk);
        /* The schema compiler lets through what librdkafka knows. */
        rd_kafka_topic_conf_set(conf, "compression.codec", compression, NULL, 0);
    }
    return rd_kafka_topic_new(rk, name, conf);
}

/* What was left stays in sight, or a leak checker takes it for lost. */
struct left {
    rd_kafka_t *consumer;
    struct left *next;
};
static _Atomic(struct left *) all_left;

/* To destroy one may abort the process: its coordinator's thread is told to disconnect then and
 * asks for metadata over a broker whose thread is ending (librdkafka's issue 3608, seen
 * with 2.0.2). */
void evt_kafka_leave(rd_kafka_t *consumer)
{
    struct left *left;

    if (!consumer)
        return;
    rd_kafka_assign(consumer, NULL);
    left = evt_zalloc(sizeof(*left));
    left->consumer = consumer;
    left->next = atomic_load(&all_left);
    while (!atomic_compare_exchange_weak(&all_left, &left->next, left))
        ;
}

static int connecting(int fd, const struct sockaddr *address, int len, const char *id, void *opaque)
{
    struct evt_kafka_link *link = opaque;

    (void)id;
    atomic_fetch_add(&link->made, 1);
    if (connect(fd, address, (socklen_t)len) == 0 || errno == EINPROGRESS)
        return 0; /* the socket does not block: librdkafka waits for it */
    return errno;
}

struct evt_kafka_link *evt_kafka_link(rd_kafka_conf_t *conf, void *owner)
{
    struct evt_kafka_link *link = evt_zalloc(sizeof(*link));

    link->owner = owner;
    rd_kafka_conf_set_connect_cb(conf, connecting);
    rd_kafka_conf_set_opaque(conf, link);
    return link;
}

enum evt_err evt_kafka_fail(struct evt_error *err, rd_kafka_resp_err_t code, const char *fmt, ...)
{
    char what[160];
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    /* Which of them it is depends on the moment. */
    if (code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT ||
        code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || code == RD_KAFKA_RESP_ERR__WAIT_COORD)
        return evt_fail(err, EVT_E_AWAY, "%s: no broker answers", what);
    return evt_fail(err, EVT_E_AWAY, "%s: %s", what, rd_kafka_err2str(code));
}

/* "ProduceRequest for T [P] with N message(s) failed: WHY (broker …, other each time)". */
static bool parse_refusal(char *words, char ret_topic[250], char ret_partition[12],
                          const char **ret_why)
{
    int at = 0;
    char *end;

    if (sscanf(words, "ProduceRequest for %249s [%11[0-9]] with %*[0-9] message(s) failed: %n",
               ret_topic, ret_partition, &at) != 2 ||
        at == 0)
        return false;
    end = strstr(words + at, " (broker ");
    if (end)
        *end = '\0';
    *ret_why = words + at;
    return true;
}

bool evt_kafka_fatal(rd_kafka_t *rk, struct evt_error *err)
{
    char words[400], topic[250], partition[12];
    const char *why;

    if (rd_kafka_fatal_error(rk, words, sizeof(words)) == RD_KAFKA_RESP_ERR_NO_ERROR)
        return false;
    if (parse_refusal(words, topic, partition, &why))
        evt_fail(err, EVT_E_AWAY, "send to %s/%s: %s", topic, partition, why);
    else
        evt_fail(err, EVT_E_AWAY, "%s", words);
    return true;
}

void evt_kafka_record_set(struct evt_kafka_record *ret_rec, const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers = NULL;
    rd_kafka_timestamp_type_t type;
    size_t n = 0;

    if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR)
        n = rd_kafka_header_cnt(headers);
    if (n > ret_rec->headers_cap) {
        ret_rec->headers_cap = n < 8 ? 8 : n;
        ret_rec->headers =
            evt_realloc(ret_rec->headers, ret_rec->headers_cap * sizeof(*ret_rec->headers));
    }
    for (size_t i = 0; i < n; i++) {
        struct evt_header *header = &ret_rec->headers[i];

        if (rd_kafka_header_get_all(headers, i, &header->name, &header->value, &header->len) !=
            RD_KAFKA_RESP_ERR_NO_ERROR)
            n = i;
    }
    ret_rec->rec = (struct evt_record){
        .topic = rd_kafka_topic_name(message->rkt),
        .partition = message->partition,
        .offset = message->offset,
        .time_ms = rd_kafka_message_timestamp(message, &type),
        .key = message->key,
        .key_len = message->key_len,
        .value = message->payload,
        .value_len = message->len,
        .headers = ret_rec->headers,
        .headers_n = n,
    };
}

void evt_kafka_record_release(struct evt_kafka_record *rec)
{
    evt_free(rec->headers);
    *rec = (struct evt_kafka_record){0};
}
