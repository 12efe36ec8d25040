/* Main's resend: messages that a receiver lost are made again by a scratch replay of the shard that
 * decided them, and sent as they were: same id, same chain, same bytes. */
#include "main_internal.h"

#include <evt/arena.h>
#include <evt/envelope.h>
#include <evt/mem.h>
#include <evt/replay.h>
#include <evt/snapshot.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* They are kept until the replay has ended well: as many as a receiver parks of a held stream. More
 * can be sent in steps. */
#define MESSAGES_MAX 10000
#define SEND_MS      60000

struct resend {
    const struct evt_main *main;
    struct evt_main_log log;
    const struct evt_topic *to;
    int32_t to_partition;
    uint64_t from, until;
    struct evt_arena arena;
    struct evt_send *sends;
    size_t n, cap;
    bool too_many;
    struct evt_progress progress;
};

static bool number_of(const struct evt_send *send, uint64_t *ret_number)
{
    const struct evt_record rec = {.headers = send->headers, .headers_n = send->headers_n};
    const struct evt_header *header = evt_record_header(&rec, "ce_id");
    struct evt_message_id id;
    struct evt_error ignored;

    if (!header || evt_message_id_parse(header->value, header->len, &id, &ignored) != EVT_OK)
        return false;
    *ret_number = id.number;
    return true;
}

static struct evt_send copy(struct evt_arena *arena, const struct evt_send *send)
{
    struct evt_header *headers =
        evt_arena_alloc(arena, (send->headers_n ? send->headers_n : 1) * sizeof(*headers));
    struct evt_send copy = *send;

    for (size_t i = 0; i < send->headers_n; i++) {
        headers[i] = send->headers[i];
        headers[i].name = evt_arena_strndup(arena, headers[i].name, strlen(headers[i].name));
        headers[i].value = evt_arena_strndup(arena, headers[i].value, headers[i].len);
    }
    copy.headers = headers;
    copy.key = evt_arena_strndup(arena, send->key, send->key_len);
    copy.value = memcpy(evt_arena_alloc(arena, send->value_len + 1), send->value, send->value_len);
    return copy;
}

static void catch_message(void *arg, const struct evt_send *send)
{
    struct resend *rs = arg;
    uint64_t number;

    if (send->partition != rs->to_partition || strcmp(send->topic, rs->to->name) != 0 ||
        !number_of(send, &number) || number < rs->from || number > rs->until)
        return;
    if (rs->n == MESSAGES_MAX) {
        rs->too_many = true;
        return;
    }
    if (rs->n == rs->cap) {
        rs->cap = rs->cap ? rs->cap * 2 : 64;
        rs->sends = evt_realloc(rs->sends, rs->cap * sizeof(*rs->sends));
    }
    rs->sends[rs->n] = copy(&rs->arena, send);
    rs->sends[rs->n].topic = rs->to->name;
    rs->n++;
}

static void progress(void *arg, int64_t offset, int64_t end)
{
    struct resend *rs = arg;

    evt__progress(&rs->progress, offset, end);
}

/* "product.inbox.1": a stream as ids name it, and a partition. */
enum evt_err evt__stream_parse(const struct evt_registry *registry, const char *text,
                               const struct evt_topic **ret_topic, int32_t *ret_partition,
                               struct evt_error *err)
{
    const char *dot = strrchr(text, '.');
    char *end;
    long partition;

    for (size_t i = 0; dot && i < registry->topics_n; i++) {
        const struct evt_topic *topic = &registry->topics[i];

        if (strlen(topic->stream) != (size_t)(dot - text) ||
            strncmp(topic->stream, text, (size_t)(dot - text)) != 0)
            continue;
        partition = strtol(dot + 1, &end, 10);
        if (dot[1] < '0' || dot[1] > '9' || *end || partition >= topic->partitions)
            return evt_fail(err, EVT_E_USAGE, "'%s': %s has the partitions 0 to %d", text,
                            topic->stream, (int)topic->partitions - 1);
        *ret_topic = topic;
        *ret_partition = (int32_t)partition;
        return EVT_OK;
    }
    return evt_fail(err, EVT_E_USAGE, "'%s' is no stream: say it as ids do, product.inbox.1", text);
}

static enum evt_err replay(struct resend *rs, const struct evt_conf *conf, struct evt_error *err)
{
    const char *tmp = getenv("TMPDIR");
    char folder[512], out[600];
    char *live = evt__main_store_path(conf, rs->log.name, rs->log.partition);
    struct evt_replay_result result;
    const struct evt_replay_options opt = {
        .service = rs->main->service,
        .subscription = rs->log.subscription,
        .kafka = evt__main_kafka(rs->main, conf),
        .partition = rs->log.partition,
        .out = out,
        .from = live,
        .to_offset = -1,
        .to_ms = -1,
        .sends = catch_message,
        .progress = progress,
        .arg = rs,
    };
    struct evt_error ignored;
    enum evt_err rc;

    snprintf(folder, sizeof(folder), "%s/evt-resend-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (mkdtemp(folder)) {
        snprintf(out, sizeof(out), "%s/scratch.db", folder);
        rc = evt_replay(&opt, &result, err);
        if (rc == EVT_OK)
            evt_content_release(&result.content);
        (void)!evt_store_remove(NULL, out, &ignored);
        rmdir(folder);
    } else {
        rc = evt_fail(err, EVT_E_IO, "a scratch folder %s: %s", folder, strerrordesc_np(errno));
    }
    evt__progress_end(&rs->progress);
    evt_free(live);
    return rc;
}

static enum evt_err publish(struct resend *rs, const struct evt_conf *conf, struct evt_error *err)
{
    const struct evt_kafka kafka = evt__main_kafka(rs->main, conf);
    rd_kafka_t *sender = NULL;
    enum evt_err rc = evt_kafka_sender(&kafka, &sender, err);

    if (rc != EVT_OK)
        return rc;
    rc = evt_kafka_send_all(sender, rs->sends, rs->n, SEND_MS, NULL, err);
    rd_kafka_destroy(sender);
    return rc;
}

static int say(struct resend *rs, const char *verb)
{
    uint64_t first = 0, last = 0;

    EVT_BUG_ON(!number_of(&rs->sends[0], &first) || !number_of(&rs->sends[rs->n - 1], &last));
    printf("%s %zu message%s, %" PRIu64 " to %" PRIu64 ", from %s/%d to %s.%d\n", verb, rs->n,
           rs->n == 1 ? "" : "s", first, last, rs->log.name, (int)rs->log.partition, rs->to->stream,
           (int)rs->to_partition);
    return EVT_EXIT_OK;
}

static int resend(struct resend *rs, const struct evt_conf *conf)
{
    struct evt_error err;
    enum evt_err rc = replay(rs, conf, &err);

    if (rc == EVT_OK && rs->too_many)
        rc = evt_fail(&err, EVT_E_USAGE, "there are more than %d: send them in steps, with --until",
                      MESSAGES_MAX);
    if (rc == EVT_OK && rs->n == 0) {
        fprintf(stderr, "%s: %s/%d never sent such a message to %s.%d\n", rs->main->program,
                rs->log.name, (int)rs->log.partition, rs->to->stream, (int)rs->to_partition);
        return EVT_EXIT_NOT_FOUND;
    }
    if (rc == EVT_OK && evt_conf_flag(conf, "dry-run"))
        return say(rs, "would send");
    if (rc == EVT_OK)
        rc = publish(rs, conf, &err);
    return rc == EVT_OK ? say(rs, "sent") : evt__main_fail(rs->main, &err);
}

int evt__main_resend(const struct evt_conf *conf, void *arg)
{
    struct resend rs = {.main = arg, .until = UINT64_MAX};
    const char *to = evt_conf_text(conf, "to");
    struct evt_error err;
    enum evt_err rc = evt__main_log(rs.main, conf, &rs.log, &err);
    int status;

    if (rc == EVT_OK && (!to || !evt_conf_given(conf, "from")))
        rc = evt_fail(&err, EVT_E_USAGE, "say what is missing: --to product.inbox.1 --from 4711");
    if (rc == EVT_OK)
        rc = evt__stream_parse(rs.main->service->registry, to, &rs.to, &rs.to_partition, &err);
    if (rc == EVT_OK) {
        rs.from = (uint64_t)evt_conf_number(conf, "from");
        if (evt_conf_given(conf, "until"))
            rs.until = (uint64_t)evt_conf_number(conf, "until");
        if (rs.until < rs.from)
            rc = evt_fail(&err, EVT_E_USAGE, "--until %" PRIu64 " comes before --from %" PRIu64,
                          rs.until, rs.from);
    }
    status = rc == EVT_OK ? resend(&rs, conf) : evt__main_fail(rs.main, &err);
    evt_free(rs.sends);
    evt_arena_release(&rs.arena);
    return status;
}
