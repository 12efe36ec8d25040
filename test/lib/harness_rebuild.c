/* Harness: the proof that a store is a function of its log. It is built once more, in one batch
 * where the first one lived through many, and must send the same bytes and come to the same
 * content. */
#include "harness_internal.h"

#include <evt/hash.h>

#include <string.h>

static void ck_same_send(const struct evt_send *send, const struct evt_send *other)
{
    ck_assert_str_eq(send->topic, other->topic);
    ck_assert_int_eq(send->partition, other->partition);
    ck_assert_uint_eq(send->key_len, other->key_len);
    ck_assert_mem_eq(send->key, other->key, send->key_len);
    ck_assert_uint_eq(send->value_len, other->value_len);
    ck_assert_mem_eq(send->value, other->value, send->value_len);
    ck_assert_uint_eq(send->headers_n, other->headers_n);
    for (size_t i = 0; i < send->headers_n; i++) {
        ck_assert_str_eq(send->headers[i].name, other->headers[i].name);
        ck_assert_uint_eq(send->headers[i].len, other->headers[i].len);
        ck_assert_mem_eq(send->headers[i].value, other->headers[i].value, send->headers[i].len);
    }
}

static uint64_t content_hash(struct evt_shard *shard)
{
    struct evt_error err;
    uint64_t hash;

    ck_ok(evt_store_content_hash(evt_shard_store(shard), &hash, NULL, NULL, &err), err);
    return hash;
}

uint64_t harness_hash(struct harness *h)
{
    struct evt_sip sip;

    evt_sip_init(&sip);
    evt_sip_add_u64(&sip, content_hash(h->shard));
    for (size_t i = 0; i < h->sent_n; i++) {
        const struct evt_send *send = h->sent[i];

        evt_sip_add_field(&sip, send->topic, strlen(send->topic));
        evt_sip_add_u64(&sip, (uint64_t)send->partition);
        evt_sip_add_field(&sip, send->key, send->key_len);
        evt_sip_add_field(&sip, send->value, send->value_len);
        for (size_t j = 0; j < send->headers_n; j++)
            evt_sip_add_field(&sip, send->headers[j].value, send->headers[j].len);
    }
    h->expected_n = h->sent_n;
    return evt_sip_end(&sip);
}

void harness__rebuild(struct harness *h)
{
    struct evt_shard *shard = harness__open(h, h->rebuilt_path, true);
    const struct evt_send *sends;
    size_t n = harness__apply(h, shard, &sends);

    ck_assert_uint_eq(n, h->sent_n);
    for (size_t i = 0; i < n; i++)
        ck_same_send(&sends[i], h->sent[i]);
    harness__commit(shard, n);
    ck_assert_msg(content_hash(shard) == content_hash(h->shard),
                  "the store that was built from the log has other content");
    evt_shard_close(shard);
}
