/* Envelope, reading: what is taken, and every refusal with its own words. */
#include <evt/envelope.h>
#include <stdio.h>
#include <string.h>

#include "test/lib/suite.h"

#define SOURCE  "/shop/order/3/00112233aabbccdd"
#define ID      "product.inbox.1.4711-9f3a11c2d4e5b607"
#define TYPE    "shop.product.v1.ReserveStock"
#define NAME_65 "a1234567890123456789012345678901234567890123456789012345678901234"
#define TRACE   "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

/* A record under test: its headers are changed by name. */
static struct evt_header headers[8];
static struct evt_record rec;
static struct evt_envelope env;
static struct evt_error err;

static void header_set(const char *name, const void *value, size_t len)
{
    size_t i;

    for (i = 0; i < rec.headers_n && strcmp(headers[i].name, name) != 0; i++)
        ;
    headers[i] = (struct evt_header){name, value, len};
    if (i == rec.headers_n)
        rec.headers_n++;
}

static void header_text(const char *name, const char *value)
{
    header_set(name, value, strlen(value));
}

static void header_again(const char *name, const char *value)
{
    headers[rec.headers_n++] = (struct evt_header){name, value, strlen(value)};
}

static void header_drop(const char *name)
{
    size_t i, n = 0;

    for (i = 0; i < rec.headers_n; i++)
        if (strcmp(headers[i].name, name) != 0)
            headers[n++] = headers[i];
    rec.headers_n = n;
}

static void sample(void)
{
    rec = (struct evt_record){.key = "sku-1", .key_len = 5, .headers = headers};
    header_text("ce_specversion", "1.0");
    header_text("ce_id", ID);
    header_text("ce_source", SOURCE);
    header_text("ce_type", TYPE);
    header_text("traceparent", TRACE);
}

static enum evt_err identify(void)
{
    return evt_envelope_identify(&rec, &env, &err);
}

static enum evt_err check(void)
{
    enum evt_err rc = identify();

    ck_assert_msg(rc == EVT_OK, "%s", err.text);
    return evt_envelope_check(&rec, &env, &err);
}

START_TEST(a_numbered_message_is_read_whole)
{
    sample();
    ck_ok(check(), err);
    ck_assert(evt_text_is(env.source, SOURCE));
    ck_assert(evt_text_is(env.id, ID));
    ck_assert(evt_text_is(env.type, TYPE));
    ck_assert(evt_text_is(env.traceparent, TRACE));
    ck_assert(env.numbered);
    ck_assert(evt_text_is(env.service, "order"));
    ck_assert_int_eq(env.source_partition, 3);
    ck_assert(evt_text_is(env.lineage, "00112233aabbccdd"));
    ck_assert(evt_text_is(env.number.stream, "product.inbox"));
    ck_assert_int_eq(env.number.partition, 1);
    ck_assert_uint_eq(env.number.number, 4711);
    ck_assert_uint_eq(env.number.chain, UINT64_C(0x9f3a11c2d4e5b607));
}
END_TEST

START_TEST(a_subscription_is_a_numbered_source)
{
    sample();
    header_text("ce_source", "/shop/notify.user/0/00112233aabbccdd");
    ck_ok(identify(), err);
    ck_assert(env.numbered);
    ck_assert(evt_text_is(env.service, "notify.user"));
}
END_TEST

START_TEST(outside_any_id_will_do)
{
    static const char *const sources[] = {"/edge/product", "/cli/root@host", "x",
                                          "/shop",         "urn:größe",      "/Shop/order/x"};

    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        sample();
        header_text("ce_source", sources[i]);
        header_text("ce_id", "any text: ü");
        ck_ok(check(), err);
        ck_assert(!env.numbered);
        ck_assert(evt_text_is(env.id, "any text: ü"));
    }
}
END_TEST

START_TEST(a_header_that_is_missing_is_named)
{
    sample();
    header_drop("ce_source");
    ck_refused(identify(), err, EVT_E_HEADER_MISSING, "a required header is missing: ce_source");
    sample();
    header_drop("ce_id");
    ck_refused(identify(), err, EVT_E_HEADER_MISSING, "a required header is missing: ce_id");
    sample();
    header_drop("ce_specversion");
    ck_refused(check(), err, EVT_E_HEADER_MISSING, "a required header is missing: ce_specversion");
    sample();
    header_drop("ce_type");
    ck_refused(check(), err, EVT_E_HEADER_MISSING, "a required header is missing: ce_type");
    rec.headers = NULL;
    rec.headers_n = 0;
    ck_refused(identify(), err, EVT_E_HEADER_MISSING, "a required header is missing: ce_source");
}
END_TEST

START_TEST(a_header_given_twice_is_named)
{
    sample();
    header_again("ce_source", SOURCE);
    ck_refused(identify(), err, EVT_E_HEADER_REPEATED, "a header is given twice: ce_source");
    sample();
    header_again("ce_id", "other");
    ck_refused(identify(), err, EVT_E_HEADER_REPEATED, "a header is given twice: ce_id");
    sample();
    header_again("ce_type", TYPE);
    ck_refused(check(), err, EVT_E_HEADER_REPEATED, "a header is given twice: ce_type");
    sample();
    header_again("ce_specversion", "1.0");
    ck_refused(check(), err, EVT_E_HEADER_REPEATED, "a header is given twice: ce_specversion");
}
END_TEST

START_TEST(foreign_headers_are_nobodys_business)
{
    sample();
    header_again("baggage", "\xff");
    header_again("baggage", "twice");
    header_set("empty", NULL, 0);
    ck_ok(check(), err);
}
END_TEST

START_TEST(a_headers_size_has_a_limit)
{
    static char longest[EVT_HEADER_MAX + 1];

    memset(longest, 'x', sizeof(longest));
    sample();
    header_text("ce_source", "/cli/me");
    header_set("ce_id", longest, EVT_HEADER_MAX);
    ck_ok(check(), err);
    header_set("ce_id", longest, EVT_HEADER_MAX + 1);
    ck_refused(identify(), err, EVT_E_HEADER_SIZE,
               "a header is empty or longer than the limit: ce_id has 256 bytes, "
               "from 1 to 255 may be");
    header_set("ce_id", NULL, 0);
    ck_refused(identify(), err, EVT_E_HEADER_SIZE,
               "a header is empty or longer than the limit: ce_id has 0 bytes, "
               "from 1 to 255 may be");
    sample();
    header_set("ce_type", "", 0);
    ck_refused(check(), err, EVT_E_HEADER_SIZE,
               "a header is empty or longer than the limit: ce_type has 0 bytes, "
               "from 1 to 255 may be");
}
END_TEST

START_TEST(a_header_is_text)
{
    sample();
    header_text("ce_source", "/cli/\xc3");
    ck_refused(identify(), err, EVT_E_HEADER_UTF8,
               "a header is not UTF-8 text: ce_source holds invalid bytes");
    sample();
    header_set("ce_type", "shop\0", 5);
    ck_refused(check(), err, EVT_E_HEADER_UTF8,
               "a header is not UTF-8 text: ce_type holds a NUL character");
}
END_TEST

START_TEST(a_malformed_source_of_ours_is_refused)
{
    static const char *const bad[] = {
        "/shop/",
        "/shop/order",
        "/shop/order/3",
        "/shop/order/3/",
        "/shop//3/00112233aabbccdd",
        "/shop/order//00112233aabbccdd",
        "/shop/order/03/00112233aabbccdd",
        "/shop/order/-3/00112233aabbccdd",
        "/shop/order/x/00112233aabbccdd",
        "/shop/order/2147483648/00112233aabbccdd",
        "/shop/order/99999999999999999999/00112233aabbccdd",
        "/shop/order/3/00112233aabbccd",
        "/shop/order/3/00112233aabbccdde",
        "/shop/order/3/00112233AABBCCDD",
        "/shop/order/3/00112233aabbccdg",
        "/shop/Order/3/00112233aabbccdd",
        "/shop/order/3/4/00112233aabbccdd",
        ("/shop/" NAME_65 "/3/00112233aabbccdd"),
    };
    char want[400];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        sample();
        header_text("ce_source", bad[i]);
        snprintf(want, sizeof(want), "%s: %s", evt_err_str(EVT_E_SOURCE_FORM), bad[i]);
        ck_refused(identify(), err, EVT_E_SOURCE_FORM, want);
    }
}
END_TEST

START_TEST(a_malformed_id_of_ours_is_refused)
{
    static const char *const bad[] = {
        "x",
        "-9f3a11c2d4e5b607",
        ".1.4711-9f3a11c2d4e5b607",
        "product.inbox.1.4711",
        "1.4711-9f3a11c2d4e5b607",
        "product.inbox.1.-9f3a11c2d4e5b607",
        "product.inbox.1.0-9f3a11c2d4e5b607",
        "product.inbox.1.04711-9f3a11c2d4e5b607",
        "product.inbox.1.+4711-9f3a11c2d4e5b607",
        "product.inbox.01.4711-9f3a11c2d4e5b607",
        "product.inbox..4711-9f3a11c2d4e5b607",
        "product.inbox.2147483648.4711-9f3a11c2d4e5b607",
        "product.inbox.1.9223372036854775808-9f3a11c2d4e5b607",
        "product.inbox.1.4711-9f3a11c2d4e5b60",
        "product.inbox.1.4711-9f3a11c2d4e5b6070",
        "product.inbox.1.4711-9F3A11C2D4E5B607",
        "product.inbox.1.4711-9f3a11c2d4e5b60x",
        "product.inbox.1.4711_9f3a11c2d4e5b607",
        "Product.inbox.1.4711-9f3a11c2d4e5b607",
        (NAME_65 ".1.1-9f3a11c2d4e5b607"),
    };
    char want[400];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        sample();
        header_text("ce_id", bad[i]);
        snprintf(want, sizeof(want), "%s: %s", evt_err_str(EVT_E_ID_FORM), bad[i]);
        ck_refused(identify(), err, EVT_E_ID_FORM, want);
    }
}
END_TEST

START_TEST(the_largest_numbers_are_taken)
{
    struct evt_message_id id;
    const char *text = "a.2147483647.9223372036854775807-ffffffffffffffff";

    ck_ok(evt_message_id_parse(text, strlen(text), &id, &err), err);
    ck_assert_int_eq(id.partition, INT32_MAX);
    ck_assert_uint_eq(id.number, INT64_MAX);
    ck_assert_uint_eq(id.chain, UINT64_MAX);
    ck_assert(evt_text_is(id.stream, "a"));
}
END_TEST

START_TEST(a_failure_leaves_the_result_alone)
{
    struct evt_message_id id = {.number = 7};

    memset(&env, 'x', sizeof(env));
    sample();
    header_text("ce_id", "bad");
    ck_assert_int_eq(identify(), EVT_E_ID_FORM);
    ck_assert_mem_eq(&env.numbered, "x", 1);
    ck_assert_int_eq(evt_message_id_parse("bad", 3, &id, NULL), EVT_E_ID_FORM);
    ck_assert_uint_eq(id.number, 7);
}
END_TEST

START_TEST(only_version_one_is_taken)
{
    static const char *const bad[] = {"0.3", "1", "1.0 ", "1.1"};
    char want[100];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        sample();
        header_text("ce_specversion", bad[i]);
        snprintf(want, sizeof(want), "ce_specversion is not 1.0: %s", bad[i]);
        ck_refused(check(), err, EVT_E_SPECVERSION, want);
    }
}
END_TEST

START_TEST(a_key_is_short_text)
{
    static char longest[EVT_KEY_MAX + 1];

    memset(longest, 'k', sizeof(longest));
    sample();
    rec.key = longest;
    rec.key_len = EVT_KEY_MAX;
    ck_ok(check(), err);
    rec.key_len++;
    ck_refused(check(), err, EVT_E_KEY_SIZE,
               "the key is empty or longer than the limit: it has 256 bytes, from 1 to 255 may be");
    rec.key_len = 0;
    ck_refused(check(), err, EVT_E_KEY_SIZE,
               "the key is empty or longer than the limit: it has 0 bytes, from 1 to 255 may be");
    rec.key = NULL;
    ck_refused(check(), err, EVT_E_KEY_MISSING, "the key is missing");
    rec.key = "\xed\xa0\x80";
    rec.key_len = 3;
    ck_refused(check(), err, EVT_E_KEY_UTF8, "the key is not UTF-8 text: it holds invalid bytes");
    rec.key = "a\0b";
    ck_refused(check(), err, EVT_E_KEY_UTF8, "the key is not UTF-8 text: it holds a NUL character");
}
END_TEST

/* A trace is never a reason to refuse. */
START_TEST(a_trace_of_another_form_is_absent)
{
    static const char *const bad[] = {
        "",
        "junk",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-B7AD6B7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331_01",
        "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        sample();
        header_text("traceparent", bad[i]);
        ck_ok(check(), err);
        ck_assert_uint_eq(env.traceparent.len, 0);
    }
    sample();
    header_drop("traceparent");
    ck_ok(check(), err);
    ck_assert_uint_eq(env.traceparent.len, 0);
    sample();
    header_again("traceparent", TRACE);
    ck_ok(check(), err);
    ck_assert_uint_eq(env.traceparent.len, 0);
}
END_TEST

START_TEST(a_trace_with_half_an_id_of_zeros_is_taken)
{
    const char *trace = "00-00000000000000000000000000000001-0000000000000001-00";

    sample();
    header_text("traceparent", trace);
    ck_ok(check(), err);
    ck_assert(evt_text_is(env.traceparent, trace));
}
END_TEST

START_TEST(the_type_alone_needs_no_check)
{
    sample();
    header_drop("ce_id");
    ck_assert(evt_text_is(evt_envelope_type(&rec), TYPE));
    header_drop("ce_type");
    ck_assert_uint_eq(evt_envelope_type(&rec).len, 0);
    header_set("ce_type", NULL, 0);
    ck_assert(evt_text_is(evt_envelope_type(&rec), ""));
}
END_TEST

START_TEST(a_header_is_found_by_its_whole_name)
{
    sample();
    ck_assert_ptr_eq(evt_record_header(&rec, "ce_id"), &headers[1]);
    ck_assert_ptr_null(evt_record_header(&rec, "ce_i"));
    ck_assert_ptr_null(evt_record_header(&rec, "CE_ID"));
}
END_TEST

SUITE("envelope", a_numbered_message_is_read_whole, a_subscription_is_a_numbered_source,
      outside_any_id_will_do, a_header_that_is_missing_is_named, a_header_given_twice_is_named,
      foreign_headers_are_nobodys_business, a_headers_size_has_a_limit, a_header_is_text,
      a_malformed_source_of_ours_is_refused, a_malformed_id_of_ours_is_refused,
      the_largest_numbers_are_taken, a_failure_leaves_the_result_alone, only_version_one_is_taken,
      a_key_is_short_text, a_trace_of_another_form_is_absent,
      a_trace_with_half_an_id_of_zeros_is_taken, the_type_alone_needs_no_check,
      a_header_is_found_by_its_whole_name)
