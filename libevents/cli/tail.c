/* evt tail: the records of topics, decoded. */
#include "cli.h"
#include "offsets.h"
#include "show.h"
#include "watch.h"

#include <evt/clock.h>
#include <evt/envelope.h>
#include <evt/mem.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOPICS_MAX 64
#define LOOK_MS    200 /* how soon Ctrl-C is noticed */

const struct evt_option cli_tail_options[] = {
    {.name = "key",
     .letter = 'k',
     .value = "KEY",
     .help = "only records with this key",
     .kind = EVT_OPTION_TEXT,
     .flag_only = true},
    {.name = "type",
     .letter = 't',
     .value = "TYPE",
     .help = "only messages of this type",
     .kind = EVT_OPTION_TEXT,
     .flag_only = true},
    {.name = "trace",
     .value = "ID",
     .help = "only messages of this trace (32 characters)",
     .kind = EVT_OPTION_TEXT,
     .flag_only = true},
    {.name = "partition",
     .letter = 'p',
     .value = "P",
     .help = "only this partition",
     .kind = EVT_OPTION_NUMBER,
     .max = INT32_MAX,
     .flag_only = true},
    {.name = "count",
     .letter = 'c',
     .value = "N",
     .help = "stop after so many",
     .kind = EVT_OPTION_NUMBER,
     .min = 1,
     .max = INT64_MAX,
     .flag_only = true},
    {.name = "follow",
     .letter = 'f',
     .help = "go on with what comes, until Ctrl-C",
     .kind = EVT_OPTION_FLAG,
     .flag_only = true},
    {0},
};
const struct evt_example cli_tail_examples[] = {
    {"tail product.inbox", "the last ten of each partition"},
    {"tail product.inbox,product.events end", "what comes from now on"},
    {"tail product.events start --key tea", "all that happened to one product"},
    {"tail product.inbox 10:20 -p 0 --json", "offsets 10 to 19, with kcat's keys"},
    {"tail product.inbox.dlt @-1h", "the dead letters of the last hour, with their reasons"},
    {0},
};
const char cli_tail_help[] =
    "TOPIC is product.inbox, shop.product.inbox.v1 or any other; several with commas.\n"
    "OFFSETS is start, end (and what comes from then on), -3 (the last three of each\n"
    "partition), +3 (the first three), 47, 10:20 (up to but without 20), @2026-11-21,\n"
    "@10:20, @-1h (from that time on), or two of these as FROM:UNTIL: @-1h:end. Without it: -10,\n"
    "or start when only some records are wanted.\n"
    "What cannot be decoded is shown with the reason and as hexadecimal.";

static volatile sig_atomic_t stop;

static void on_signal(int signal)
{
    (void)signal;
    stop = 1;
}

struct tail {
    const struct evt_conf *conf;
    struct evt_kafka kafka;
    struct cli_watch *watch;
    struct cli_range range;
    const struct evt_type *type;
    bool follow;
    int status; /* of a failure */
};

/* ---- where to begin and end ---- */

static enum evt_err at_time(struct tail *tail, const char *topic, int32_t partition,
                            int64_t time_ms, int64_t high, int64_t *ret_offset,
                            struct evt_error *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_resp_err_t code;

    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = time_ms;
    code = rd_kafka_offsets_for_times(cli_watch_client(tail->watch), list, CLI_ANSWER_MS);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        code = list->elems[0].err;
    /* Nothing is as late as that: the end. */
    *ret_offset = list->elems[0].offset >= 0 ? list->elems[0].offset : high;
    rd_kafka_topic_partition_list_destroy(list);
    return code ? evt_kafka_fail(err, code, "%s/%d by time", topic, (int)partition) : EVT_OK;
}

struct place {
    const char *topic;
    int32_t partition;
    int64_t low, high;
};

static enum evt_err resolve(struct tail *tail, const struct place *place,
                            const struct cli_offset *offset, int64_t *ret_offset,
                            struct evt_error *err)
{
    switch (offset->kind) {
    case CLI_OFFSET_START:
        *ret_offset = place->low;
        return EVT_OK;
    case CLI_OFFSET_END:
        *ret_offset = place->high;
        return EVT_OK;
    case CLI_OFFSET_AT:
        *ret_offset = offset->number;
        return EVT_OK;
    case CLI_OFFSET_BEFORE:
        *ret_offset = place->high - offset->number;
        return EVT_OK;
    case CLI_OFFSET_TIME:
        return at_time(tail, place->topic, place->partition, offset->number, place->high,
                       ret_offset, err);
    }
    return EVT_OK;
}

static enum evt_err add_partition(struct tail *tail, const char *topic, int32_t partition,
                                  struct evt_error *err)
{
    struct place place = {.topic = topic, .partition = partition};
    int64_t from = 0, until = -1;
    enum evt_err rc = evt_kafka_ends(cli_watch_client(tail->watch), topic, partition, CLI_ANSWER_MS,
                                     &place.low, &place.high, err);

    if (rc == EVT_OK)
        rc = resolve(tail, &place, &tail->range.from, &from, err);
    if (rc == EVT_OK && tail->range.bounded)
        rc = resolve(tail, &place, &tail->range.until, &until, err);
    else if (!tail->follow)
        until = place.high;
    if (rc != EVT_OK)
        return rc;
    /* What is not there yet or not any more is not waited for. */
    if (!tail->follow && until > place.high)
        until = place.high;
    if (from < place.low)
        from = place.low;
    if (from > place.high)
        from = place.high;
    if (tail->range.count >= 0 && (until < 0 || until > from + tail->range.count))
        until = from + tail->range.count;
    cli_watch_add(tail->watch, topic, partition, from, until);
    return EVT_OK;
}

static enum evt_err add_topic(struct tail *tail, const char *name, struct evt_error *err)
{
    const struct evt_topic *known = cli_topic(name);
    const char *topic = known ? known->name : name;
    const bool one = evt_conf_given(tail->conf, "partition");
    const int64_t only = one ? evt_conf_number(tail->conf, "partition") : 0;
    int32_t partitions = 0;
    enum evt_err rc =
        cli_partitions(&tail->kafka, cli_watch_client(tail->watch), topic, &partitions, err);

    if (rc == EVT_OK && partitions == 0) {
        tail->status = EVT_EXIT_NOT_FOUND;
        rc = evt_fail(err, EVT_E_USAGE,
                      "%s has no topic %s; `evt topics diff` says which are missing",
                      tail->kafka.brokers, topic);
    }
    if (rc == EVT_OK && one && only >= partitions)
        rc = evt_fail(err, EVT_E_USAGE, "%s has no partition %d, the last is %d", topic, (int)only,
                      (int)partitions - 1);
    for (int32_t p = 0; rc == EVT_OK && p < partitions; p++)
        if (!one || p == only)
            rc = add_partition(tail, topic, p, err);
    return rc;
}

/* ---- what to show ---- */

static bool has_trace(const struct evt_record *rec, const char *trace)
{
    const struct evt_header *header = evt_record_header(rec, "traceparent");

    return header && header->value && header->len == EVT_TRACE_LEN &&
           strncasecmp((const char *)header->value + 3, trace, 32) == 0 && strlen(trace) == 32;
}

static bool wanted(const struct tail *tail, const struct evt_record *rec)
{
    const char *key = evt_conf_text(tail->conf, "key"), *trace = evt_conf_text(tail->conf, "trace");

    if (key &&
        (!rec->key || rec->key_len != strlen(key) || memcmp(rec->key, key, rec->key_len) != 0))
        return false;
    if (tail->type && cli_show_type(rec) != tail->type)
        return false;
    return !trace || has_trace(rec, trace);
}

static enum evt_err show_all(struct tail *tail, struct evt_error *err)
{
    const int64_t count =
        evt_conf_given(tail->conf, "count") ? evt_conf_number(tail->conf, "count") : INT64_MAX;
    const bool json = evt_conf_flag(tail->conf, "json");
    struct evt_buf line = {0};
    enum evt_err rc = EVT_OK;

    for (int64_t shown = 0;
         rc == EVT_OK && shown < count && !stop && !cli_watch_done(tail->watch);) {
        struct cli_seen seen;

        rc = cli_watch_next(tail->watch, LOOK_MS, &seen, err);
        if (rc != EVT_OK || !seen.rec || !wanted(tail, seen.rec))
            continue;
        evt_buf_clear(&line);
        if (json)
            cli_show_json(&seen, &line);
        else
            cli_show_line(&seen, &line);
        evt_buf_add_byte(&line, '\n');
        if (fwrite(line.data, 1, line.len, stdout) != line.len)
            break; /* whoever read has gone */
        if (tail->follow)
            fflush(stdout);
        shown++;
    }
    evt_buf_release(&line);
    return rc;
}

static enum evt_err add_topics(struct tail *tail, const char *list, struct evt_error *err)
{
    char *names = evt_strdup(list), *rest = NULL;
    enum evt_err rc = EVT_OK;

    for (char *name = strtok_r(names, ",", &rest); rc == EVT_OK && name;
         name = strtok_r(NULL, ",", &rest))
        rc = add_topic(tail, name, err);
    evt_free(names);
    return rc;
}

static enum evt_err run(struct tail *tail, const char *topics, const char *offsets,
                        struct evt_error *err)
{
    enum evt_err rc = cli_range_parse(offsets, evt_clock_wall_ms(), &tail->range, err);

    if (rc == EVT_OK)
        rc = cli_watch_new(&tail->kafka, &tail->watch, err);
    if (rc != EVT_OK)
        return rc;
    tail->follow = evt_conf_flag(tail->conf, "follow") ||
                   (tail->range.from.kind == CLI_OFFSET_END && !tail->range.bounded);
    rc = add_topics(tail, topics, err);
    if (rc == EVT_OK)
        rc = cli_watch_start(tail->watch, err);
    return rc == EVT_OK ? show_all(tail, err) : rc;
}

/* Of ten records none may pass a filter, so it looks at all. */
static bool is_filtered(const struct evt_conf *conf)
{
    return evt_conf_given(conf, "key") || evt_conf_given(conf, "type") ||
           evt_conf_given(conf, "trace");
}

int cli_tail(const struct evt_conf *conf, void *arg)
{
    struct tail tail = {.conf = conf, .kafka = cli_kafka(conf)};
    const struct sigaction action = {.sa_handler = on_signal};
    const char *const *operands;
    const char *type = evt_conf_text(conf, "type");
    struct evt_error err;
    enum evt_err rc;
    size_t n = evt_conf_operands(conf, &operands);

    (void)arg;
    if (type && !(tail.type = cli_type(type)))
        return EVT_EXIT_NOT_FOUND;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    rc = run(&tail, operands[0], n > 1 ? operands[1] : is_filtered(conf) ? "start" : "-10", &err);
    cli_watch_free(tail.watch);
    if (rc == EVT_OK)
        return EVT_EXIT_OK;
    return tail.status ? cli_refuse(tail.status, "%s", cli_words(&err)) : cli_fail(&err);
}
