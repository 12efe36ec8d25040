/* Kafka, the sending side: one message into a producer's queue, and a few sent and waited for. */
#include <evt/clock.h>
#include <evt/kafka.h>
#include <evt/mem.h>

#include <string.h>

static enum evt_err headers_of(const struct evt_send *send, rd_kafka_headers_t **ret_headers,
                               struct evt_error *err)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(send->headers_n);

    for (size_t i = 0; i < send->headers_n; i++) {
        const struct evt_header *header = &send->headers[i];
        rd_kafka_resp_err_t code =
            rd_kafka_header_add(headers, header->name, -1, header->value, (ssize_t)header->len);

        if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_headers_destroy(headers);
            return evt_kafka_fail(err, code, "header %s", header->name);
        }
    }
    *ret_headers = headers;
    return EVT_OK;
}

enum evt_err evt_kafka_produce(rd_kafka_t *producer, const struct evt_send *send, void *opaque,
                               struct evt_error *err)
{
    rd_kafka_headers_t *headers = NULL;
    rd_kafka_error_t *failed;
    rd_kafka_resp_err_t code;
    enum evt_err rc = headers_of(send, &headers, err);

    if (rc != EVT_OK)
        return rc;
    failed = rd_kafka_produceva(producer,
                                (const rd_kafka_vu_t[]){
                                    {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = send->topic},
                                    {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = send->partition},
                                    {.vtype = RD_KAFKA_VTYPE_KEY,
                                     .u.mem = {(void *)(uintptr_t)send->key, send->key_len}},
                                    {.vtype = RD_KAFKA_VTYPE_VALUE,
                                     .u.mem = {(void *)(uintptr_t)send->value, send->value_len}},
                                    {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
                                    {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
                                    {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = opaque},
                                },
                                7);
    if (!failed)
        return EVT_OK;
    code = rd_kafka_error_code(failed);
    rd_kafka_error_destroy(failed);
    rd_kafka_headers_destroy(headers);
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return evt_fail(err, EVT_E_BUSY, "the producer's queue is full");
    if (evt_kafka_fatal(producer, err))
        return err->code; /* what failed it is worth more than that it did */
    return evt_kafka_fail(err, code, "send to %s/%d", send->topic, (int)send->partition);
}

/* One of evt_kafka_send_all's messages. */
struct sent {
    size_t *left;
    int64_t *offset; /* NULL: not asked for */
    rd_kafka_resp_err_t *code;
};

static void reported(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    const struct sent *sent = message->_private;

    (void)rk;
    (void)opaque;
    (*sent->left)--;
    if (message->err)
        *sent->code = message->err;
    else if (sent->offset)
        *sent->offset = message->offset;
}

enum evt_err evt_kafka_sender(const struct evt_kafka *kafka, rd_kafka_t **ret_rk,
                              struct evt_error *err)
{
    rd_kafka_conf_t *conf;
    enum evt_err rc = evt_kafka_conf(kafka, EVT_KAFKA_PRODUCER, &conf, err);

    if (rc != EVT_OK)
        return rc;
    rd_kafka_conf_set_dr_msg_cb(conf, reported);
    return evt_kafka_client(conf, EVT_KAFKA_PRODUCER, ret_rk, err);
}

enum evt_err evt_kafka_send_all(rd_kafka_t *sender, const struct evt_send *sends, size_t n,
                                int timeout_ms, int64_t *ret_offsets, struct evt_error *err)
{
    const int64_t end_ms = evt_clock_ms() + timeout_ms;
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    struct sent *sent = evt_zalloc((n ? n : 1) * sizeof(*sent));
    size_t left = 0, i = 0;
    enum evt_err rc = EVT_OK;

    while (i < n && rc == EVT_OK) {
        sent[i] = (struct sent){&left, ret_offsets ? &ret_offsets[i] : NULL, &code};
        left++;
        rc = evt_kafka_produce(sender, &sends[i], &sent[i], err);
        if (rc == EVT_OK) {
            i++;
            continue;
        }
        left--;
        if (rc == EVT_E_BUSY && evt_clock_ms() < end_ms) {
            rd_kafka_poll(sender, 10);
            rc = EVT_OK;
        }
    }
    while (left > 0 && rc == EVT_OK && code == RD_KAFKA_RESP_ERR_NO_ERROR &&
           evt_clock_ms() < end_ms)
        rd_kafka_poll(sender, 10);
    if (left > 0) { /* their reports would come to memory that is gone */
        rd_kafka_purge(sender, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        while (left > 0)
            rd_kafka_poll(sender, 10);
        if (rc == EVT_OK && code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
            code = RD_KAFKA_RESP_ERR__TIMED_OUT;
        if (rc == EVT_OK && code == RD_KAFKA_RESP_ERR__PURGE_QUEUE)
            code = RD_KAFKA_RESP_ERR__TIMED_OUT;
    }
    evt_free(sent);
    if (rc == EVT_OK && code != RD_KAFKA_RESP_ERR_NO_ERROR)
        rc = evt_kafka_fail(err, code, "send %zu message%s to %s", n, n == 1 ? "" : "s",
                            sends[0].topic);
    return rc;
}
