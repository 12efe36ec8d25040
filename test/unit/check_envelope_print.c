/* Envelope, writing: ids, sources, chains and traces, as they stand in every log for ever. */
#include <evt/envelope.h>
#include <stdio.h>
#include <string.h>

#include "test/lib/mortal.h"
#include "test/lib/suite.h"

START_TEST(an_id_reads_back)
{
    static const struct {
        int32_t partition;
        uint64_t number, chain;
        const char *want;
    } ids[] = {
        {1, 4711, UINT64_C(0x9f3a11c2d4e5b607), "product.inbox.1.4711-9f3a11c2d4e5b607"},
        {0, 1, 0, "product.inbox.0.1-0000000000000000"},
        {INT32_MAX, INT64_MAX, UINT64_MAX,
         "product.inbox.2147483647.9223372036854775807-ffffffffffffffff"},
    };
    char text[EVT_HEADER_MAX + 1];
    struct evt_message_id id;
    struct evt_error err;

    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        size_t len = evt_message_id_print(text, sizeof(text), "product.inbox", ids[i].partition,
                                          ids[i].number, ids[i].chain);
        ck_assert_str_eq(text, ids[i].want);
        ck_assert_uint_eq(len, strlen(text));
        ck_ok(evt_message_id_parse(text, len, &id, &err), err);
        ck_assert(evt_text_is(id.stream, "product.inbox"));
        ck_assert_int_eq(id.partition, ids[i].partition);
        ck_assert_uint_eq(id.number, ids[i].number);
        ck_assert_uint_eq(id.chain, ids[i].chain);
    }
}
END_TEST

START_TEST(a_source_is_printed)
{
    char text[EVT_HEADER_MAX + 1];
    size_t len = evt_source_print(text, sizeof(text), "order", 12, "00112233aabbccdd");

    ck_assert_str_eq(text, "/shop/order/12/00112233aabbccdd");
    ck_assert_uint_eq(len, strlen(text));
}
END_TEST

START_TEST(the_longest_names_fit_a_header)
{
    char name[EVT_NAME_MAX + 1], text[EVT_HEADER_MAX + 1];

    memset(name, 'n', EVT_NAME_MAX);
    name[EVT_NAME_MAX] = '\0';
    ck_assert_uint_lt(evt_message_id_print(text, sizeof(text), name, INT32_MAX, UINT64_MAX,
                                           UINT64_MAX),
                      sizeof(text));
    ck_assert_uint_lt(evt_source_print(text, sizeof(text), name, INT32_MAX, "00112233aabbccdd"),
                      sizeof(text));
}
END_TEST

START_TEST(too_little_room_is_a_bug)
{
    char text[32];

    if (mortal_begin())
        (void)evt_message_id_print(text, sizeof(text), "product.inbox", 1, 1, 1);
    ck_assert_ptr_nonnull(strstr(mortal_end(), "size <"));
    if (mortal_begin())
        (void)evt_source_print(text, sizeof(text), "product", 1, "00112233aabbccdd");
    ck_assert_ptr_nonnull(strstr(mortal_end(), "size <"));
    if (mortal_begin())
        (void)evt_source_print(text, sizeof(text), "p", -1, "0");
    ck_assert_ptr_nonnull(strstr(mortal_end(), "partition < 0"));
}
END_TEST

#define SOURCE "/shop/order/3/00112233aabbccdd"

static uint64_t first(const char *source, const char *stream, int32_t partition)
{
    return evt_chain_first(source, strlen(source), stream, strlen(stream), partition);
}

static uint64_t next(uint64_t before, const char *type, const char *key, const char *body)
{
    return evt_chain_next(before, type, strlen(type), key, strlen(key), body, strlen(body));
}

/* Worked out by a second implementation of SipHash: a change here breaks every log. */
START_TEST(chains_never_change)
{
    uint64_t chain = first(SOURCE, "product.inbox", 1);

    ck_assert_uint_eq(chain, UINT64_C(0x55c774346d6b83a2));
    chain = next(chain, "shop.product.v1.ReserveStock", "sku-1", "avro");
    ck_assert_uint_eq(chain, UINT64_C(0x6f521d23d3c29b61));
}
END_TEST

START_TEST(all_that_a_message_is_changes_its_chain)
{
    uint64_t one = next(1, "type", "key", "body");

    ck_assert_uint_eq(next(1, "type", "key", "body"), one);
    ck_assert_uint_ne(next(2, "type", "key", "body"), one);
    ck_assert_uint_ne(next(1, "typf", "key", "body"), one);
    ck_assert_uint_ne(next(1, "type", "kez", "body"), one);
    ck_assert_uint_ne(next(1, "type", "key", "bodz"), one);
    ck_assert_uint_ne(next(1, "typek", "ey", "body"), one);
    ck_assert_uint_ne(next(1, "type", "keyb", "ody"), one);
}
END_TEST

START_TEST(every_stream_has_its_own_beginning)
{
    uint64_t one = first(SOURCE, "product.inbox", 1);

    ck_assert_uint_ne(first(SOURCE, "product.inbox", 2), one);
    ck_assert_uint_ne(first(SOURCE, "product.events", 1), one);
    ck_assert_uint_ne(first("/shop/order/3/00112233aabbccde", "product.inbox", 1), one);
}
END_TEST

static struct evt_text text_of(const char *text)
{
    return (struct evt_text){text, strlen(text)};
}

/* Parses what was printed as a receiver would. */
static void ck_trace_fits(const char *trace)
{
    struct evt_header headers[] = {
        {"ce_specversion", "1.0", 3},
        {"ce_type", "t", 1},
        {"traceparent", trace, strlen(trace)},
    };
    struct evt_record rec = {.key = "k", .key_len = 1, .headers = headers, .headers_n = 3};
    struct evt_envelope env = {0};
    struct evt_error err;

    ck_ok(evt_envelope_check(&rec, &env, &err), err);
    ck_assert(evt_text_is(env.traceparent, trace));
}

START_TEST(a_trace_keeps_its_cause)
{
    const char *cause = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    char a[EVT_TRACE_LEN + 1], b[EVT_TRACE_LEN + 1];

    evt_trace_print(a, text_of(cause), "seed", 4, "shop.order.inbox.v1", 1, 7);
    ck_assert_uint_eq(strlen(a), EVT_TRACE_LEN);
    ck_assert_mem_eq(a, cause, 36);                      /* the trace is the cause's */
    ck_assert_int_ne(memcmp(a + 36, cause + 36, 16), 0); /* the parent is the record */
    ck_assert_str_eq(a + 52, "-00");                     /* not sampled stays so */
    ck_trace_fits(a);
    evt_trace_print(b, text_of(cause), "other seed", 10, "shop.order.inbox.v1", 1, 7);
    ck_assert_str_eq(a, b);
    evt_trace_print(b, text_of(cause), "seed", 4, "shop.order.inbox.v1", 1, 8);
    ck_assert_str_ne(a, b);
    evt_trace_print(b, text_of(cause), "seed", 4, "shop.order.inbox.v1", 2, 7);
    ck_assert_str_ne(a, b);
    evt_trace_print(b, text_of(cause), "seed", 4, "shop.order.inbox.v2", 1, 7);
    ck_assert_str_ne(a, b);
}
END_TEST

START_TEST(a_trace_begins_with_its_seed)
{
    const struct evt_text none = {0};
    char a[EVT_TRACE_LEN + 1], b[EVT_TRACE_LEN + 1];

    evt_trace_print(a, none, "order-1", 7, "shop.order.inbox.v1", 1, 7);
    ck_assert_str_eq(a + 52, "-01");
    ck_trace_fits(a);
    ck_assert_int_ne(memcmp(a + 3, a + 19, 16), 0); /* its halves are two hashes */
    evt_trace_print(b, none, "order-1", 7, "shop.order.inbox.v1", 1, 9);
    ck_assert_mem_eq(a, b, 36);
    evt_trace_print(b, none, "order-2", 7, "shop.order.inbox.v1", 1, 7);
    ck_assert_int_ne(memcmp(a + 3, b + 3, 32), 0);
}
END_TEST

SUITE("envelope_print", an_id_reads_back, a_source_is_printed, the_longest_names_fit_a_header,
      too_little_room_is_a_bug, chains_never_change, all_that_a_message_is_changes_its_chain,
      every_stream_has_its_own_beginning, a_trace_keeps_its_cause, a_trace_begins_with_its_seed)
