/* Record: every part that a decision may depend on changes the hash, and nothing else does. */
#include <evt/record.h>
#include <string.h>

#include "test/lib/suite.h"

static struct evt_header headers[] = {
    {"ce_id", "product.inbox.1.7-0123456789abcdef", 34},
    {"ce_source", "/shop/order/1/0123456789abcdef", 30},
    {"foreign", NULL, 0},
};

static struct evt_record sample(void)
{
    struct evt_record rec = {
        .topic = "shop.product.inbox.v1",
        .partition = 1,
        .offset = 4711,
        .time_ms = 1700000000000,
        .key = "sku-1",
        .key_len = 5,
        .value = "\0\0\0\0\1value",
        .value_len = 10,
        .headers = headers,
        .headers_n = 3,
    };
    return rec;
}

static void ck_differs(const struct evt_record *rec)
{
    struct evt_record whole = sample();

    ck_assert_uint_ne(evt_record_hash(rec), evt_record_hash(&whole));
}

START_TEST(equal_records_hash_alike)
{
    struct evt_record a = sample(), b = sample();
    char key[] = "sku-1";
    struct evt_header copied[3];

    memcpy(copied, headers, sizeof(copied));
    b.key = key;
    b.headers = copied;
    ck_assert_uint_eq(evt_record_hash(&a), evt_record_hash(&b));
}
END_TEST

/* It is stored as part of the position: a change makes every store look like another log's. */
START_TEST(the_hash_never_changes)
{
    struct evt_record rec = sample();

    ck_assert_uint_eq(evt_record_hash(&rec), UINT64_C(0x5e96e85ccf869e19));
}
END_TEST

START_TEST(time_and_offset_count)
{
    struct evt_record rec = sample();

    rec.offset++;
    ck_differs(&rec);
    rec = sample();
    rec.time_ms++;
    ck_differs(&rec);
}
END_TEST

START_TEST(key_and_value_count)
{
    struct evt_record rec = sample();

    rec.key = "sku-2";
    ck_differs(&rec);
    rec = sample();
    rec.value = "\0\0\0\0\1valuE";
    ck_differs(&rec);
    rec = sample();
    rec.value_len--;
    ck_differs(&rec);
}
END_TEST

START_TEST(absent_is_not_empty)
{
    struct evt_record absent = sample(), empty = sample();

    absent.value = NULL;
    absent.value_len = 0;
    empty.value_len = 0;
    ck_assert_uint_ne(evt_record_hash(&absent), evt_record_hash(&empty));
    ck_differs(&absent);
    ck_differs(&empty);
    absent = empty = sample();
    absent.key = NULL;
    absent.key_len = 0;
    empty.key_len = 0;
    ck_assert_uint_ne(evt_record_hash(&absent), evt_record_hash(&empty));
}
END_TEST

START_TEST(bytes_do_not_move_between_parts)
{
    struct evt_record a = sample(), b = sample();

    a.key = "ab", a.key_len = 2;
    a.value = "c", a.value_len = 1;
    b.key = "a", b.key_len = 1;
    b.value = "bc", b.value_len = 2;
    ck_assert_uint_ne(evt_record_hash(&a), evt_record_hash(&b));
}
END_TEST

START_TEST(every_header_counts)
{
    struct evt_header other[3];
    struct evt_record rec = sample();

    rec.headers = other;
    memcpy(other, headers, sizeof(other));
    other[2].name = "Foreign";
    ck_differs(&rec);
    memcpy(other, headers, sizeof(other));
    other[2].value = "";
    ck_differs(&rec);
    memcpy(other, headers, sizeof(other));
    other[1] = headers[0], other[0] = headers[1];
    ck_differs(&rec);
    rec = sample();
    rec.headers_n = 2;
    ck_differs(&rec);
}
END_TEST

/* The lineage in the birth record tells logs apart; the same record read by another name is it. */
START_TEST(the_topic_does_not_count)
{
    struct evt_record a = sample(), b = sample();

    b.topic = "elsewhere";
    b.partition = 2;
    ck_assert_uint_eq(evt_record_hash(&a), evt_record_hash(&b));
}
END_TEST

SUITE("record", equal_records_hash_alike, the_hash_never_changes, time_and_offset_count,
      key_and_value_count, absent_is_not_empty, bytes_do_not_move_between_parts,
      every_header_counts, the_topic_does_not_count)
