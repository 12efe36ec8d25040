/* Recorded: what generation 1 decides, as one number over rows and messages. A store of a
 * generation is rebuilt by every later binary of it, which must come to the same: so when this
 * fails because a decision changed (a handler, its SQL, the saga's functions, a message, libevents'
 * core), bump the generation in order_service.c, and then write the new number here. */
#include "test/lib/order_shop.h"
#include "test/lib/suite.h"

#include "libevents/src/main_internal.h"
#include "svc-order/order_service.h"

#include <evt/hash.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define RECORDED_GENERATION 1
#define RECORDED            UINT64_C(0x636678224f2e1a86)

#define SECOND_MS 1000LL
#define HOUR_MS   (60 * 60 * SECOND_MS)

/* How an order comes to where something may happen to it: a letter for a message (give), a small
 * one for the first line. All that is asked for and answered on its way to each end. */
static const char *const ways[] = {
    "",        "P",         "PrR",        "PrF",        "PrRd",         "PrRdlLm",
    "PrX",     "PrRaX",     "PrRaXculLv", "PrRa",       "PrRae",        "PrRac",
    "PrRack",  "PrRacX",    "PrRacg",     "PrRacgu",    "PrRacgulLv",   "PrRacgulLvs",
    "PrRackK", "PrRackKmX", "PrRackKXn",  "PrRackKXnt", "PrRackKmXulL", "PrRackKmXulLvs",
    "PrXlLvm", "prRa",      "PrS",        "PrSlLv",     "PrFlvs",
};
static const char letters[] = "PpXrRSfFlLkKgGadcevunmsyt";

static const char *const skus[] = {"tea", "mug"};

/* What order takes and is not among these, which the letters stand for, may change unseen. */
static const struct evt_type *const types[] = {
    &order_place_order_type,        &order_cancel_order_type,
    &product_stock_reserved_type,   &product_stock_refused_type,
    &product_stock_released_type,   &product_stock_committed_type,
    &product_stock_gone_type,       &payment_payment_authorised_type,
    &payment_payment_declined_type, &payment_payment_captured_type,
    &payment_capture_refused_type,  &payment_payment_voided_type,
    &payment_payment_refunded_type, &payment_refund_refused_type,
    &notify_mail_accepted_type,     &notify_mail_sent_type,
    &notify_mail_given_up_type,
};

/* One order of a shard. */
struct life {
    struct harness *h;
    char order_id[16];
};

static void place(const struct life *life, int64_t total_minor)
{
    struct order_order_line lines[] = {{"tea", 2}, {"mug", 1}};

    GIVE(life->h, "outside", order_place_order, .order_id = life->order_id, .lines = lines,
         .lines_n = 2, .total_minor = total_minor, .currency = "EUR", .payment_token = "tok_visa",
         .email = "ada@example.org",
         .address = {.name = "Ada",
                     .street = "Main Street 1",
                     .postcode = "12345",
                     .city = "London",
                     .country = "GB"});
}

static void give_product(const struct life *life, char letter)
{
    const int32_t line = letter >= 'a' ? 1 : 2;
    const char *sku = skus[line - 1];

    switch (letter) {
    case 'r':
    case 'R':
        GIVE(life->h, "product", product_stock_reserved, .order_id = life->order_id, .line = line,
             .sku = sku, .quantity = 3 - line, .price_minor = line == 1 ? 499 : 1200,
             .currency = "EUR", .deadline = HARNESS_NOW + HOUR_MS);
        break;
    case 'S': /* in another currency */
        GIVE(life->h, "product", product_stock_reserved, .order_id = life->order_id, .line = line,
             .sku = sku, .quantity = 1, .price_minor = 1200, .currency = "USD",
             .deadline = HARNESS_NOW + HOUR_MS);
        break;
    case 'f':
    case 'F':
        GIVE(life->h, "product", product_stock_refused, .order_id = life->order_id, .line = line,
             .sku = sku, .reason = PRODUCT_REFUSAL_REASON_NOT_ENOUGH);
        break;
    case 'l':
    case 'L':
        GIVE(life->h, "product", product_stock_released, .order_id = life->order_id, .line = line,
             .sku = sku);
        break;
    case 'k':
    case 'K':
        GIVE(life->h, "product", product_stock_committed, .order_id = life->order_id, .line = line,
             .sku = sku);
        break;
    default:
        GIVE(life->h, "product", product_stock_gone, .order_id = life->order_id, .line = line,
             .sku = sku, .reason = PRODUCT_GONE_REASON_EXPIRED);
        break;
    }
}

static void give_payment(const struct life *life, char letter)
{
    switch (letter) {
    case 'a':
        GIVE(life->h, "payment", payment_payment_authorised, .order_id = life->order_id,
             .amount_minor = ORDER_TOTAL, .currency = "EUR");
        break;
    case 'd':
        GIVE(life->h, "payment", payment_payment_declined, .order_id = life->order_id,
             .code = "card_declined", .reason = "No.");
        break;
    case 'c':
        GIVE(life->h, "payment", payment_payment_captured, .order_id = life->order_id,
             .amount_minor = ORDER_TOTAL, .currency = "EUR");
        break;
    case 'e':
        GIVE(life->h, "payment", payment_capture_refused, .order_id = life->order_id,
             .code = "expired", .reason = "Too late.");
        break;
    case 'v':
        GIVE(life->h, "payment", payment_payment_voided, .order_id = life->order_id);
        break;
    case 'u':
        GIVE(life->h, "payment", payment_payment_refunded, .order_id = life->order_id,
             .amount_minor = ORDER_TOTAL, .currency = "EUR");
        break;
    default:
        GIVE(life->h, "payment", payment_refund_refused, .order_id = life->order_id,
             .code = "closed", .reason = "The account is closed.");
        break;
    }
}

/* About the mail that an order in this state was sent. */
static void give_notify(const struct life *life, char letter)
{
    char sql[128];
    enum notify_mail_kind kind;

    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM orders WHERE order_id = '%s' AND status = 'refunded'",
             life->order_id);
    kind = harness_query(life->h, sql) ? NOTIFY_MAIL_KIND_ORDER_REFUNDED
                                       : NOTIFY_MAIL_KIND_ORDER_CONFIRMED;
    if (letter == 'm')
        GIVE(life->h, "notify", notify_mail_accepted, .order_id = life->order_id, .kind = kind);
    else if (letter == 's')
        GIVE(life->h, "notify", notify_mail_sent, .order_id = life->order_id, .kind = kind);
    else
        GIVE(life->h, "notify", notify_mail_given_up, .order_id = life->order_id, .kind = kind,
             .reason = "550 No such user.");
}

static void give(const struct life *life, char letter)
{
    if (letter == 'P')
        place(life, ORDER_TOTAL);
    else if (letter == 'p') /* the page showed another price */
        place(life, ORDER_TOTAL - 1);
    else if (letter == 'X')
        GIVE(life->h, "outside", order_cancel_order, .order_id = life->order_id,
             .reason = "too slow");
    else if (letter == 't')
        harness_wait(life->h, 40 * SECOND_MS);
    else if (strchr("rRSfFlLkKgG", letter))
        give_product(life, letter);
    else if (strchr("adcevun", letter))
        give_payment(life, letter);
    else
        give_notify(life, letter);
    (void)harness_hash(life->h); /* whatever was sent is in the number */
}

/* How each order stood in the end, and where its saga did. */
static const char *const ends[] = {"confirmed", "rejected", "cancelled", "refunded"};
static int64_t seen[sizeof(ends) / sizeof(*ends)], parked;

static void see(struct harness *h)
{
    char sql[128];

    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        snprintf(sql, sizeof(sql), "SELECT count(*) FROM orders WHERE status = '%s'", ends[i]);
        seen[i] += harness_query(h, sql);
    }
    parked += harness_query(h, "SELECT count(*) FROM evt_sagas WHERE parked > 0");
}

/* The next order of this shard. */
static void life_begin(struct life *life, struct harness *h, int *n)
{
    life->h = h;
    do
        snprintf(life->order_id, sizeof(life->order_id), "o-%d", ++*n);
    while (evt_partition_of(life->order_id, strlen(life->order_id), 2) !=
           evt_partition_of(ORDER_ID, strlen(ORDER_ID), 2));
}

/* For each letter an order that goes to where the way leads, and is given it twice; and then nobody
 * answers any more. */
static uint64_t live(const char *way)
{
    struct harness *h = order_shop_empty();
    uint64_t hash;
    int n = 0;

    for (const char *letter = letters; *letter; letter++) {
        struct life life;

        life_begin(&life, h, &n);
        for (const char *at = way; *at; at++)
            give(&life, *at);
        give(&life, *letter);
        give(&life, *letter);
    }
    harness_wait(h, HOUR_MS);
    see(h);
    hash = harness_hash(h);
    harness_end(h);
    return hash;
}

static uint64_t live_all(void)
{
    struct evt_sip sip;

    evt_sip_init(&sip);
    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
        evt_sip_add_u64(&sip, live(ways[i]));
    return evt_sip_end(&sip);
}

START_TEST(its_generation_is_the_declared_one)
{
    struct evt_error err;

    ck_ok(evt__main_generation(&order_service, &err), err);
}
END_TEST

START_TEST(it_takes_what_is_recorded)
{
    for (size_t i = 0; i < order_service.registry->types_n; i++) {
        const struct evt_type *type = order_service.registry->types[i];
        size_t known = 0;

        while (known < sizeof(types) / sizeof(*types) && types[known] != type)
            known++;
        ck_assert_msg(!evt_service_takes(&order_service, type) ||
                          known < sizeof(types) / sizeof(*types),
                      "order takes %s, and live() does not give it: add a letter for it",
                      type->name);
    }
}
END_TEST

START_TEST(what_it_decides_is_recorded)
{
    const uint64_t hash = live_all();

    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
        ck_assert_msg(seen[i] > 0, "no order was %s", ends[i]);
    ck_assert_int_gt(parked, 0);
    ck_assert_msg(order_service.generation == RECORDED_GENERATION,
                  "generation %u: write it down as RECORDED_GENERATION, and 0x%016" PRIx64
                  " as RECORDED",
                  (unsigned)order_service.generation, hash);
    ck_assert_msg(hash == RECORDED,
                  "decisions changed (0x%016" PRIx64 "): raise the generation in order_service.c"
                  " and topics.json; this test then says what to write down",
                  hash);
}
END_TEST

SUITE("order recorded", its_generation_is_the_declared_one, it_takes_what_is_recorded,
      what_it_decides_is_recorded)
