/* Cli: what the verbs of `evt` share. A verb is a file: it reads its options, does one thing,
 * writes data to stdout and words to stderr, and returns an exit status. */
#ifndef CLI_H
#define CLI_H

#include <evt/command.h>
#include <evt/kafka.h>
#include <evt/type.h>

#define CLI_BROKER_FILE "build/run/broker" /* where `evt broker` and `make run` say where it is */
#define CLI_ANSWER_MS   5000               /* a broker that is there has answered by then */

/* ---- verbs ---- */
int cli_publish(const struct evt_conf *conf, void *arg);
int cli_tail(const struct evt_conf *conf, void *arg);
int cli_topics_apply(const struct evt_conf *conf, void *arg);
int cli_topics_diff(const struct evt_conf *conf, void *arg);
int cli_schema_check(const struct evt_conf *conf, void *arg);
int cli_schema_add(const struct evt_conf *conf, void *arg);
int cli_stream_list(const struct evt_conf *conf, void *arg);
int cli_stream_accept(const struct evt_conf *conf, void *arg);
int cli_order_place(const struct evt_conf *conf, void *arg);
int cli_order_show(const struct evt_conf *conf, void *arg);
int cli_order_watch(const struct evt_conf *conf, void *arg);
int cli_order_cancel(const struct evt_conf *conf, void *arg);
int cli_saga_list(const struct evt_conf *conf, void *arg);
int cli_saga_show(const struct evt_conf *conf, void *arg);
int cli_saga_retry(const struct evt_conf *conf, void *arg);
int cli_saga_settle(const struct evt_conf *conf, void *arg);
int cli_call_list(const struct evt_conf *conf, void *arg);
int cli_call_show(const struct evt_conf *conf, void *arg);
int cli_call_settle(const struct evt_conf *conf, void *arg);
int cli_resend(const struct evt_conf *conf, void *arg);
int cli_broker(const struct evt_conf *conf, void *arg);
int cli_doctor(const struct evt_conf *conf, void *arg);
extern const struct evt_option cli_publish_options[], cli_tail_options[], cli_topics_options[],
    cli_schema_options[], cli_stream_options[], cli_accept_options[], cli_resend_options[],
    cli_saga_list_options[], cli_saga_retry_options[], cli_saga_settle_options[],
    cli_call_list_options[], cli_call_settle_options[], cli_order_place_options[],
    cli_order_show_options[], cli_order_watch_options[], cli_order_cancel_options[];
extern const struct evt_example cli_publish_examples[], cli_tail_examples[], cli_apply_examples[],
    cli_diff_examples[], cli_schema_check_examples[], cli_schema_add_examples[],
    cli_list_examples[], cli_accept_examples[], cli_resend_examples[], cli_broker_examples[],
    cli_doctor_examples[], cli_saga_list_examples[], cli_saga_show_examples[],
    cli_saga_retry_examples[], cli_saga_settle_examples[], cli_call_list_examples[],
    cli_call_show_examples[], cli_call_settle_examples[], cli_order_place_examples[],
    cli_order_show_examples[], cli_order_watch_examples[], cli_order_cancel_examples[];
extern const char cli_publish_help[], cli_tail_help[], cli_resend_help[], cli_accept_help[],
    cli_order_place_help[], cli_call_help[], cli_call_settle_help[], cli_saga_settle_help[];

/* ---- the cluster ---- */
/* Which one: -b, KAFKA_BOOTSTRAP_SERVERS, the file that a broker wrote, else 127.0.0.1:9092. The
 * text lives as long as the process. */
struct evt_kafka cli_kafka(const struct evt_conf *conf);

/* A topic's partitions; 0: there is no such topic. Unlike a question about one topic it does not
 * make the stand-in create it. */
EVT_MUST_USE enum evt_err cli_partitions(const struct evt_kafka *kafka, rd_kafka_t *rk,
                                         const char *topic, int32_t *ret_partitions,
                                         struct evt_error *err);

/* ---- words ---- */
/* "evt: …" on stderr; the exit status that fits the error. */
int cli_fail(const struct evt_error *err);
int cli_refuse(int status, const char *fmt, ...) EVT_PRINTF(2, 3);
/* What evt_fail put before our words is said by the exit status. */
const char *cli_words(const struct evt_error *err);

/* What cannot be undone asks, unless --yes was said; nobody there is a no. */
bool cli_confirmed(const struct evt_conf *conf);

/* ---- names ---- */
/* A type by its full name, or by its last part where only one has it. NULL: it is said why. */
const struct evt_type *cli_type(const char *name);
const struct evt_type *cli_type_in(const struct evt_registry *registry, const char *name,
                                   struct evt_buf *why);
/* "product.inbox", "shop.product.inbox.v1"; NULL: there is none. */
const struct evt_topic *cli_topic(const char *name);
/* "product.inbox.1": a topic and one of its partitions. */
bool cli_partition(const char *text, const struct evt_topic **ret_topic, int32_t *ret_partition);
/* "/cli/<user>" */
void cli_source(char *buf, size_t size);
/* A random UUID, 36 characters. */
#define CLI_UUID_LEN 36
EVT_MUST_USE enum evt_err cli_uuid(char ret_uuid[CLI_UUID_LEN + 1], struct evt_error *err);

#endif
