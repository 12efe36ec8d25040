/* evt order place: a customer at the command line, by the order service's HTTP edge. */
#include "order.h"

#include <evt/money.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct evt_option cli_order_place_options[] = {
    CLI_ORDER_URL,
    CLI_PRODUCT_URL,
    CLI_TEXT("card", "TOKEN", "pm_card_visa", "the card: what the payment provider gave for it"),
    CLI_TEXT("email", "ADDRESS", "ada@example.org", "where mails go"),
    CLI_TEXT("name", "NAME", "Ada Lovelace", "who receives the goods"),
    CLI_TEXT("street", "STREET", "12 St James's Square", "and where"),
    CLI_TEXT("postcode", "CODE", "SW1Y 4JH", "its postcode"),
    CLI_TEXT("city", "CITY", "London", "its city"),
    CLI_TEXT("country", "XX", "GB", "its country, two letters"),
    CLI_TEXT("total", "MINOR", NULL,
             "what was seen, in minor units; else what the catalogue says now"),
    CLI_TEXT("currency", "XXX", NULL, "with --total: its currency"),
    CLI_TEXT("key", "TEXT", NULL, "the Idempotency-Key; else one that is new"),
    {.name = "no-watch",
     .help = "do not follow it to its end",
     .kind = EVT_OPTION_FLAG,
     .flag_only = true},
    CLI_TIMEOUT,
    {0},
};
const struct evt_example cli_order_place_examples[] = {
    {"order place tea=2 mug", "two packets of tea and a mug, at today's prices"},
    {"order place tea --card pm_card_chargeDeclined", "and the bank says no"},
    {"order place tea=3 --total 1200 --currency EUR", "at a price that is not today's"},
    {0},
};
const char cli_order_place_help[] =
    "LINE is a sku, or sku=quantity. Exits 0 when the order is "
    "confirmed, 1 when it ends otherwise, 4\n"
    "when it has no end within --timeout. A service that restarts is waited for; what is\n"
    "made again has the same key, so it is one order.";

/* "tea=2" */
static bool parse_line(const char *text, json_t **ret_line)
{
    const char *equals = strrchr(text, '=');
    const size_t len = equals ? (size_t)(equals - text) : strlen(text);
    char *end = NULL;
    const long long quantity = equals ? strtoll(equals + 1, &end, 10) : 1;

    if (len == 0 || quantity < 1 || (equals && (*end || end == equals + 1)))
        return false;
    *ret_line = json_pack("{s:s%, s:I}", "sku", text, (int)len, "quantity", (json_int_t)quantity);
    return *ret_line != NULL;
}

static int parse_lines(const struct evt_conf *conf, json_t *lines)
{
    const char *const *operands;
    const size_t n = evt_conf_operands(conf, &operands);

    for (size_t i = 0; i < n; i++) {
        json_t *line = NULL;

        if (!parse_line(operands[i], &line))
            return cli_refuse(EVT_EXIT_USAGE, "%s: a line is a sku, or sku=quantity", operands[i]);
        json_array_append_new(lines, line);
    }
    return EVT_EXIT_OK;
}

/* Adds a line at the catalogue's price. */
static int add_price(const char *base, const json_t *line, int64_t *total, char currency[4])
{
    const char *sku = json_string_value(json_object_get(line, "sku"));
    const json_int_t quantity = json_integer_value(json_object_get(line, "quantity"));
    struct cli_web_answer answer;
    struct evt_buf path = {0};
    json_int_t amount = 0;
    const char *in = NULL;
    int64_t price;
    int status;

    evt_buf_printf(&path, "/v1/products/%s", sku);
    status = cli_web_ask(&(const struct cli_web_request){.method = "GET",
                                                         .base = base,
                                                         .path = evt_buf_text(&path),
                                                         .timeout_ms = 10000},
                         &answer);
    evt_buf_release(&path);
    if (status == EVT_EXIT_OK && json_unpack(answer.json, "{s:{s:I, s:s}}", "price", "amount",
                                             &amount, "currency", &in) != 0)
        status = cli_refuse(EVT_EXIT_FAILURE, "%s has no price", sku);
    if (status == EVT_EXIT_OK && *currency && strcmp(currency, in) != 0)
        status = cli_refuse(EVT_EXIT_FAILURE, "%s is sold in %s, what is before it in %s", sku, in,
                            currency);
    if (status == EVT_EXIT_OK && (__builtin_mul_overflow(amount, quantity, &price) ||
                                  __builtin_add_overflow(*total, price, total)))
        status = cli_refuse(EVT_EXIT_USAGE, "%s: the total is more than there is", sku);
    if (status == EVT_EXIT_OK)
        snprintf(currency, 4, "%s", in);
    cli_web_answer_release(&answer);
    return status;
}

static int find_total(const struct evt_conf *conf, const json_t *lines, int64_t *ret_total,
                      char currency[4])
{
    const char *given = evt_conf_text(conf, "total");
    int status = EVT_EXIT_OK;
    char *end;

    *ret_total = 0;
    *currency = '\0';
    if (given) {
        *ret_total = strtoll(given, &end, 10);
        snprintf(currency, 4, "%s",
                 evt_conf_text(conf, "currency") ? evt_conf_text(conf, "currency") : "EUR");
        return *given && !*end ? EVT_EXIT_OK
                               : cli_refuse(EVT_EXIT_USAGE,
                                            "--total %s: a number of minor units, as 1999", given);
    }
    for (size_t i = 0; i < json_array_size(lines) && status == EVT_EXIT_OK; i++)
        status = add_price(evt_conf_text(conf, "product-url"), json_array_get(lines, i), ret_total,
                           currency);
    return status;
}

static json_t *order_body(const struct evt_conf *conf, json_t *lines, int64_t total,
                          const char *currency)
{
    return json_pack("{s:O, s:{s:I, s:s}, s:{s:s}, s:s, s:{s:s, s:s, s:s, s:s, s:s}}", "lines",
                     lines, "total", "amount", (json_int_t)total, "currency", currency, "payment",
                     "token", evt_conf_text(conf, "card"), "email", evt_conf_text(conf, "email"),
                     "address", "name", evt_conf_text(conf, "name"), "street",
                     evt_conf_text(conf, "street"), "postcode", evt_conf_text(conf, "postcode"),
                     "city", evt_conf_text(conf, "city"), "country",
                     evt_conf_text(conf, "country"));
}

int cli_order_place(const struct evt_conf *conf, void *arg)
{
    json_t *lines = json_array(), *body = NULL;
    char currency[4], money[EVT_MONEY_MAX], said[EVT_MONEY_MAX + 8], same[64];
    int64_t total;
    int status = parse_lines(conf, lines);

    (void)arg;
    if (status == EVT_EXIT_OK)
        status = find_total(conf, lines, &total, currency);
    if (status == EVT_EXIT_OK) {
        evt_money_print(money, total, currency);
        snprintf(said, sizeof(said), " over %s", money);
        snprintf(same, sizeof(same), " --total %" PRId64 " --currency %s", total, currency);
        body = order_body(conf, lines, total, currency);
        status = cli_order_post(conf, "/v1/orders", body, said, same, NULL);
    }
    json_decref(body);
    json_decref(lines);
    return status;
}
