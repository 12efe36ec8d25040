/* Kafka, reading single records: what a partition holds at an offset, and where it begins and ends.
 * The reader is a client of its own, so that nothing that is prefetched elsewhere is disturbed. */
#include <evt/clock.h>
#include <evt/kafka.h>
#include <evt/mem.h>

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define WAKE_MS     4 /* without a record, then twice that, and so on */
#define WAKE_ASK_MS 200
#define ASK_MS      5000 /* one question to the broker; the caller's deadline bounds them all */

struct evt_kafka_reader {
    rd_kafka_t *rk;
    rd_kafka_message_t *message; /* whose memory the last record is */
    struct evt_kafka_record rec;
};

static int left_ms(int64_t end_ms)
{
    const int64_t left = end_ms - evt_clock_ms();

    return left <= 0 ? 1 : left < ASK_MS ? (int)left : ASK_MS;
}

enum evt_err evt_kafka_partitions(rd_kafka_t *rk, const char *topic, int timeout_ms,
                                  int32_t *ret_partitions, struct evt_error *err)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);
    rd_kafka_resp_err_t code;
    enum evt_err rc = EVT_OK;

    if (!rkt)
        return evt_kafka_fail(err, rd_kafka_last_error(), "%s", topic);
    code = rd_kafka_metadata(rk, 0, rkt, &metadata, timeout_ms);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rc = evt_kafka_fail(err, code, "%s", topic);
        goto out;
    }
    if (metadata->topic_cnt != 1) {
        rc = evt_kafka_fail(err, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, "%s", topic);
        goto out;
    }
    code = metadata->topics[0].err;
    if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        *ret_partitions = 0;
    else if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        rc = evt_kafka_fail(err, code, "%s", topic);
    else
        *ret_partitions = metadata->topics[0].partition_cnt;
out:
    if (metadata)
        rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(rkt);
    return rc;
}

/* One end by the question about times, which knows its timeout. rd_kafka_query_watermark_offsets
 * does not: it waits for a broker that is away for as long as it takes (librdkafka 2.0.2). */
static rd_kafka_resp_err_t ask_end(rd_kafka_t *rk, const char *topic, int32_t partition,
                                   int64_t which, int timeout_ms, int64_t *ret_offset)
{
    rd_kafka_topic_partition_list_t *list = evt_kafka_place(topic, partition, which);
    rd_kafka_resp_err_t code;

    code = rd_kafka_offsets_for_times(rk, list, timeout_ms);
    if (!code)
        code = list->elems[0].err;
    if (!code)
        *ret_offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return code;
}

enum evt_err evt_kafka_ends(rd_kafka_t *rk, const char *topic, int32_t partition, int timeout_ms,
                            int64_t *ret_low, int64_t *ret_high, struct evt_error *err)
{
    int64_t low = 0, high = 0;
    rd_kafka_resp_err_t code =
        ask_end(rk, topic, partition, RD_KAFKA_OFFSET_BEGINNING, timeout_ms, &low);

    if (!code)
        code = ask_end(rk, topic, partition, RD_KAFKA_OFFSET_END, timeout_ms, &high);
    if (code)
        return evt_kafka_fail(err, code, "%s/%d", topic, (int)partition);
    *ret_low = low;
    *ret_high = high;
    return EVT_OK;
}

bool evt_kafka_wake(rd_kafka_t *rk, const char *topic, int32_t partition, int timeout_ms,
                    int64_t *ret_low)
{
    struct evt_error ignored;
    int64_t low, high;

    if (evt_kafka_ends(rk, topic, partition, timeout_ms, &low, &high, &ignored) != EVT_OK)
        return false;
    if (ret_low)
        *ret_low = low;
    return true;
}

rd_kafka_topic_partition_list_t *evt_kafka_place(const char *topic, int32_t partition,
                                                 int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
    return list;
}

enum evt_err evt_kafka_reader_new(const struct evt_kafka *kafka,
                                  struct evt_kafka_reader **ret_reader, struct evt_error *err)
{
    struct evt_kafka_reader *reader = evt_zalloc(sizeof(*reader));
    rd_kafka_conf_t *conf;
    enum evt_err rc = evt_kafka_conf(kafka, EVT_KAFKA_READER, &conf, err);

    if (rc == EVT_OK)
        rc = evt_kafka_client(conf, EVT_KAFKA_READER, &reader->rk, err);
    if (rc != EVT_OK) {
        evt_free(reader);
        return rc;
    }
    rd_kafka_poll_set_consumer(reader->rk);
    *ret_reader = reader;
    return EVT_OK;
}

void evt_kafka_reader_free(struct evt_kafka_reader *reader)
{
    if (!reader)
        return;
    if (reader->message)
        rd_kafka_message_destroy(reader->message);
    evt_kafka_record_release(&reader->rec);
    evt_kafka_leave(reader->rk);
    evt_free(reader);
}

rd_kafka_t *evt_kafka_reader_client(struct evt_kafka_reader *reader)
{
    return reader->rk;
}

static enum evt_err point_at(struct evt_kafka_reader *reader, const char *topic, int32_t partition,
                             int64_t offset, struct evt_error *err)
{
    rd_kafka_topic_partition_list_t *list = evt_kafka_place(topic, partition, offset);
    rd_kafka_resp_err_t code;

    code = rd_kafka_assign(reader->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR
               ? EVT_OK
               : evt_kafka_fail(err, code, "read %s/%d at %" PRId64, topic, (int)partition, offset);
}

/* The next record, or none when there are only holes up to `high`. What is left of an earlier
 * assignment is skipped. */
static enum evt_err next(struct evt_kafka_reader *reader, const char *topic, int32_t partition,
                         int64_t offset, int64_t high, int64_t end_ms, struct evt_error *err)
{
    for (int wait_ms = WAKE_MS;; wait_ms = wait_ms < ASK_MS / 2 ? wait_ms * 2 : ASK_MS) {
        const int left = left_ms(end_ms);
        rd_kafka_message_t *message =
            rd_kafka_consumer_poll(reader->rk, wait_ms < left ? wait_ms : left);
        const rd_kafka_resp_err_t code = message ? message->err : RD_KAFKA_RESP_ERR_NO_ERROR;
        const bool ours = message && message->rkt && message->partition == partition &&
                          strcmp(rd_kafka_topic_name(message->rkt), topic) == 0;
        const bool at_end =
            ours && code == RD_KAFKA_RESP_ERR__PARTITION_EOF && message->offset >= high;

        if (message && !code && ours && message->offset >= offset) {
            reader->message = message;
            return EVT_OK;
        }
        if (message)
            rd_kafka_message_destroy(message);
        else
            evt_kafka_wake(reader->rk, topic, partition, WAKE_ASK_MS, NULL);
        if (at_end)
            return EVT_OK;
        /* The end moved back while we asked: nothing is there. */
        if (ours && (code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
                     code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE))
            return EVT_OK;
        if (ours && code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
            return evt_kafka_fail(err, code, "read %s/%d", topic, (int)partition);
        if (evt_clock_ms() >= end_ms)
            return evt_kafka_fail(err, code ? code : RD_KAFKA_RESP_ERR__TIMED_OUT,
                                  "read %s/%d at %" PRId64, topic, (int)partition, offset);
    }
}

enum evt_err evt_kafka_read(struct evt_kafka_reader *reader, const char *topic, int32_t partition,
                            int64_t offset, int timeout_ms, const struct evt_record **ret_rec,
                            int64_t *ret_low, int64_t *ret_high, struct evt_error *err)
{
    const int64_t end_ms = evt_clock_ms() + timeout_ms;
    int64_t low = 0, high = 0;
    enum evt_err rc;

    if (reader->message)
        rd_kafka_message_destroy(reader->message);
    reader->message = NULL;
    rc = evt_kafka_ends(reader->rk, topic, partition, left_ms(end_ms), &low, &high, err);
    if (rc != EVT_OK)
        return rc;
    if (offset < low)
        offset = low;
    if (offset < high) {
        rc = point_at(reader, topic, partition, offset, err);
        if (rc == EVT_OK)
            rc = next(reader, topic, partition, offset, high, end_ms, err);
        rd_kafka_assign(reader->rk, NULL);
    }
    if (rc != EVT_OK)
        return rc;
    if (reader->message)
        evt_kafka_record_set(&reader->rec, reader->message);
    *ret_rec = reader->message ? &reader->rec.rec : NULL;
    *ret_low = low;
    *ret_high = high;
    return EVT_OK;
}
