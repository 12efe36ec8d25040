/* Show: records as text for people and as JSON for programs. */
#include "test/lib/suite.h"

#include "libevents/cli/show.h"

#include <events/product.h>
#include <evt/mem.h>
#include <jansson.h>
#include <string.h>

#define HEADERS_MAX 8

static struct evt_error err;
static struct evt_buf value, out;
static struct evt_header headers[HEADERS_MAX];
static struct evt_record rec;
static struct cli_seen seen;

static void header(const char *name, const char *text)
{
    headers[rec.headers_n++] = (struct evt_header){name, text, text ? strlen(text) : 0};
}

static void begin(void)
{
    const struct product_receive_stock msg = {.sku = "tea", .quantity = 3};

    ck_ok(product_receive_stock_encode(&msg, &value, &err), err);
    rec = (struct evt_record){.topic = "shop.product.inbox.v1",
                              .partition = 1,
                              .offset = 42,
                              .time_ms = 1795255200123LL,
                              .key = "tea",
                              .key_len = 3,
                              .value = value.data,
                              .value_len = value.len,
                              .headers = headers};
    seen = (struct cli_seen){.rec = &rec, .broker = 1, .time_type = "logappend"};
}

static void end(void)
{
    evt_buf_release(&value);
    evt_buf_release(&out);
}

static const char *line(void)
{
    evt_buf_clear(&out);
    cli_show_line(&seen, &out);
    return evt_buf_text(&out);
}

static const char *json(void)
{
    json_t *parsed;

    evt_buf_clear(&out);
    cli_show_json(&seen, &out);
    parsed = json_loadb((const char *)out.data, out.len, 0, NULL);
    ck_assert_msg(parsed != NULL, "no JSON: %s", evt_buf_text(&out));
    json_decref(parsed);
    return evt_buf_text(&out);
}

START_TEST(a_message)
{
    begin();
    header("ce_type", "shop.product.v1.ReceiveStock");
    header("ce_source", "/cli/me");
    ck_assert_str_eq(line(), "product.inbox.1@42 2026-11-21T10:00:00.123Z ReceiveStock key=\"tea\""
                             " from=\"/cli/me\" {\"sku\":\"tea\",\"quantity\":3}");
    ck_assert_str_eq(json(),
                     "{\"topic\":\"shop.product.inbox.v1\",\"partition\":1,\"offset\":42,"
                     "\"tstype\":\"logappend\",\"ts\":1795255200123,\"broker\":1,"
                     "\"headers\":[\"ce_type\",\"shop.product.v1.ReceiveStock\",\"ce_source\","
                     "\"/cli/me\"],\"key\":\"tea\",\"payload\":{\"sku\":\"tea\",\"quantity\":3}}");
    end();
}
END_TEST

START_TEST(without_a_type_by_its_schema_id)
{
    begin();
    rec.topic = "elsewhere";
    ck_assert_str_eq(line(), "elsewhere.1@42 2026-11-21T10:00:00.123Z ReceiveStock key=\"tea\""
                             " {\"sku\":\"tea\",\"quantity\":3}");
    end();
}
END_TEST

START_TEST(a_dead_letter_has_its_reason)
{
    begin();
    header("kafka_dlt-exception-message", "the key is \"x\"");
    ck_assert_ptr_nonnull(strstr(line(), " reason=\"the key is \\\"x\\\"\" {"));
    end();
}
END_TEST

START_TEST(what_cannot_be_decoded)
{
    begin();
    header("ce_type", "shop.product.v1.ReceiveStock");
    rec.value_len -= 1;
    ck_assert_ptr_nonnull(strstr(line(), " [the Avro bytes end too early"));
    ck_assert_ptr_nonnull(strstr(json(), "\"payload\":null,\"problem\":\"the Avro bytes end too"
                                         " early"));
    rec.value = "\xff\x01";
    rec.value_len = 2;
    ck_assert_ptr_nonnull(strstr(line(), " [the value is shorter than its five bytes of framing"));
    ck_assert_str_eq(line() + strlen(line()) - 6, "] ff01");
    ck_assert_ptr_nonnull(strstr(json(), "\"hex\":\"ff01\"}"));
    end();
}
END_TEST

START_TEST(nothing_is_known)
{
    begin();
    header("ce_type", "shop.other.v1.Thing");
    ck_assert_ptr_nonnull(strstr(line(), " \"shop.other.v1.Thing\" key=\"tea\" [the type is not one"
                                         " that is taken here: this build does not know its"
                                         " schema] 00"));
    rec.headers_n = 0;
    rec.value = NULL;
    rec.value_len = 0;
    rec.key = NULL;
    ck_assert_str_eq(line(), "product.inbox.1@42 2026-11-21T10:00:00.123Z ? key=none"
                             " [the value is missing] ");
    ck_assert_ptr_nonnull(strstr(json(), ",\"key\":null,\"payload\":null,"));
    end();
}
END_TEST

START_TEST(a_long_value_is_cut)
{
    char many[400];

    begin();
    memset(many, 'x', sizeof(many));
    header("ce_type", "shop.other.v1.Thing");
    rec.value = many;
    rec.value_len = sizeof(many);
    ck_assert_uint_lt(strlen(line()), 700);
    ck_assert_str_eq(line() + strlen(line()) - strlen("7878…"), "7878…");
    end();
}
END_TEST

START_TEST(hostile_text)
{
    begin();
    rec.key = "a\"\\\n\x7f";
    rec.key_len = 5;
    header("h", NULL);
    headers[1] = (struct evt_header){"raw", "\xff\xfe", 2};
    rec.headers_n = 2;
    ck_assert_ptr_nonnull(strstr(json(), "\"headers\":[\"h\",null,\"raw\",\"\\u00ff\\u00fe\"]"));
    ck_assert_ptr_nonnull(strstr(json(), "\"key\":\"a\\\"\\\\\\u000a\\u007f\""));
    rec.key = "t\xc3\xa9";
    rec.key_len = 3;
    ck_assert_ptr_nonnull(strstr(line(), "key=\"t\xc3\xa9\""));
    rec.time_ms = -1;
    ck_assert_ptr_nonnull(strstr(line(), "@42 - ReceiveStock"));
    end();
}
END_TEST

/* Other people's words stay on their line, and move no cursor. */
START_TEST(words_for_a_screen_have_no_control_characters)
{
    evt_buf_clear(&out);
    cli_show_plain(&out, "a\x1b[2J\r\n\t\x7f \"b\" \\ \xc3\xa4\xc2\x9b"
                         "1m\xc2\xa0");
    ck_assert_str_eq(evt_buf_text(&out), "a\\u001b[2J\\u000d\\u000a\\u0009\\u007f \"b\" \\"
                                         " \xc3\xa4\\u009b"
                                         "1m\xc2\xa0");
    evt_buf_clear(&out);
    cli_show_plain(&out, "no text: \xff");
    ck_assert_str_eq(evt_buf_text(&out), "no text: \\u00ff");
    evt_buf_clear(&out);
    cli_show_text(&out, "\xc2\x9b", 2);
    ck_assert_str_eq(evt_buf_text(&out), "\"\\u009b\"");
    evt_buf_release(&out);
}
END_TEST

SUITE("cli show", a_message, without_a_type_by_its_schema_id, a_dead_letter_has_its_reason,
      what_cannot_be_decoded, nothing_is_known, a_long_value_is_cut, hostile_text,
      words_for_a_screen_have_no_control_characters)
