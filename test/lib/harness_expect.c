/* Harness: what the shard sent, against what a test expects. Messages are compared as JSON, so that
 * a failed test shows both in words. */
#include "harness_internal.h"

#include <evt/codec.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *header(const struct evt_send *send, const char *name, char buf[256])
{
    buf[0] = '\0';
    for (size_t i = 0; i < send->headers_n; i++)
        if (strcmp(send->headers[i].name, name) == 0)
            snprintf(buf, 256, "%.*s", (int)send->headers[i].len,
                     (const char *)send->headers[i].value);
    return buf;
}

static const struct evt_send *take_sent(struct harness *h, int at, const char *what)
{
    ck_assert_msg(h->expected_n < h->sent_n, "line %d: %s expected, nothing was sent", at, what);
    return h->sent[h->expected_n++];
}

static void print(const struct harness *h, const struct evt_send *send, struct evt_buf *buf)
{
    char name[256];
    const struct evt_type *type;
    struct evt_arena arena = {0};
    struct evt_error err;
    void *msg;

    header(send, "ce_type", name);
    type = evt_registry_type(h->service->registry, name, strlen(name));
    ck_assert_msg(type, "a message of unknown type %s was sent", name);
    msg = evt_arena_alloc(&arena, type->size);
    ck_ok(evt_type_decode(h->service->registry, type, send->value, send->value_len, &arena, msg,
                          &err),
          err);
    evt_buf_printf(buf, "%s to %s key %.*s: ", name, send->topic, (int)send->key_len,
                   (const char *)send->key);
    evt_type_print(type, msg, buf);
    evt_arena_release(&arena);
}

static void expect(struct harness *h, int at, const struct evt_type *type, const char *topic,
                   const char *key, const void *msg)
{
    const struct evt_send *send = take_sent(h, at, type->name);
    struct evt_buf got = {0}, want = {0};

    print(h, send, &got);
    evt_buf_printf(&want, "%s to %s key %s: ", type->name, topic, key);
    evt_type_print(type, msg, &want);
    ck_assert_msg(strcmp(evt_buf_text(&got), evt_buf_text(&want)) == 0,
                  "line %d:\n  expected %s\n  but sent %s", at, evt_buf_text(&want),
                  evt_buf_text(&got));
    evt_buf_release(&got);
    evt_buf_release(&want);
}

void harness_expect(struct harness *h, int at, const struct evt_type *type, const void *msg)
{
    expect(h, at, type, type->topic->name, evt_type_text(type, msg, type->key_field), msg);
}

static const char *topic_of(const struct harness *h, const char *service, enum evt_topic_kind kind)
{
    return evt_registry_service_topic(h->service->registry, service, kind)->name;
}

void harness_expect_answer(struct harness *h, int at, enum evt_command_outcome outcome,
                           const char *reason, const char *detail)
{
    const struct evt_command_answered answer = {
        .command_source = h->given_source,
        .command_id = h->given_id,
        .command_type = h->given_type->name,
        .outcome = outcome,
        .reason = reason,
        .detail = detail,
    };

    expect(h, at, &evt_command_answered_type, topic_of(h, h->service->name, EVT_TOPIC_EVENTS),
           h->given_key, &answer);
}

static void expect_dead(struct harness *h, int at, const char *words)
{
    const struct evt_send *send = take_sent(h, at, "a dead letter");
    char text[256], offset[24];

    snprintf(offset, sizeof(offset), "%" PRId64, h->given_offset);
    ck_assert_str_eq(send->topic, topic_of(h, h->service->name, EVT_TOPIC_DLT));
    ck_assert_str_eq(header(send, "ce_id", text), h->given_id);
    ck_assert_str_eq(header(send, "kafka_dlt-original-offset", text), offset);
    ck_assert_msg(strcmp(header(send, "kafka_dlt-exception-message", text), words) == 0,
                  "line %d:\n  expected %s\n  but it was rejected with %s", at, words, text);
}

void harness_expect_rejected(struct harness *h, int at, const char *words)
{
    const struct evt_rejected rejected = {
        .message_id = h->given_id,
        .message_type = h->given_type->name,
        .topic = h->inbox->name,
        .partition = h->partition,
        .offset = h->given_offset,
        .code = evt_err_name(EVT_E_INVARIANT),
        .reason = words,
    };

    expect_dead(h, at, words);
    if (h->given_numbered)
        expect(h, at, &evt_rejected_type, topic_of(h, h->given_sender, EVT_TOPIC_INBOX),
               h->given_key, &rejected);
    else
        harness_expect_answer(h, at, EVT_COMMAND_OUTCOME_REJECTED, words, NULL);
}

void harness_expect_nothing(struct harness *h, int at)
{
    struct evt_buf got = {0};

    if (h->expected_n < h->sent_n)
        print(h, h->sent[h->expected_n], &got);
    ck_assert_msg(h->expected_n == h->sent_n, "line %d: nothing expected, but sent %s", at,
                  evt_buf_text(&got));
}

void harness_skip_sent(struct harness *h, size_t n)
{
    ck_assert_uint_le(h->expected_n + n, h->sent_n);
    h->expected_n += n;
}

void harness_reject_sent(struct harness *h, int at, const char *by, const struct evt_type *type,
                         const char *words)
{
    size_t i = h->sent_n;
    char text[256];

    while (i > 0 && strcmp(header(h->sent[i - 1], "ce_type", text), type->name) != 0)
        i--;
    ck_assert_msg(i > 0, "line %d: no %s was sent", at, type->name);
    header(h->sent[i - 1], "ce_id", text);
    harness_give(h, at, by, &evt_rejected_type,
                 &(const struct evt_rejected){.message_id = text,
                                              .message_type = type->name,
                                              .topic = "",
                                              .code = "EVT_E_INVARIANT",
                                              .reason = words});
}
