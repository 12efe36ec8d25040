/* Recorded: what generation 1 decides, as one number over rows and messages. A store of a
 * generation is rebuilt by every later binary of it, which must come to the same: so when this
 * fails because a decision changed (a handler, its SQL, a message, libevents' core), bump the
 * generation in payment_service.c, and then write the new number here. */
#include "test/lib/payment_shop.h"
#include "test/lib/suite.h"

#include "libevents/src/main_internal.h"
#include "svc-payment/payment_service.h"

#include <evt/hash.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define RECORDED_GENERATION 1
#define RECORDED            UINT64_C(0x935c69b501e00d65)

/* How a payment comes to each state: a letter for a command, + and - for the end of what is under
 * way then. */
static const char *const ways[] = {"",    "a",    "a+",    "a-",     "a+c", "a+c+", "a+c-",
                                   "a+v", "a+v+", "a+c+r", "a+c+r+", "v",   "c",    "r"};
static const char commands[] = "acvr";

static const struct evt_type *const types[] = {&payment_authorise_payment_type,
                                               &payment_capture_payment_type,
                                               &payment_void_payment_type,
                                               &payment_refund_payment_type};

static void command(struct harness *h, const char *order_id, char letter)
{
    const struct payment_authorise_payment authorise = {order_id, PAID_AMOUNT, "EUR", "tok_visa"};
    const struct payment_capture_payment other = {order_id}; /* all three are an order's id */
    const size_t i = (size_t)(strchr(commands, letter) - commands);

    harness_give(h, __LINE__, "order", types[i], i == 0 ? (const void *)&authorise : &other);
}

static void end(struct harness *h, bool ok)
{
    static const char *const calls[] = {"authorise", "capture", "void", "refund"};

    for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
        char sql[128];

        snprintf(sql, sizeof(sql), "SELECT count(*) FROM evt_calls WHERE name = '%s'", calls[i]);
        if (harness_query(h, sql) == 0)
            continue;
        if (ok)
            CALL_OK(h, calls[i], PAID_INTENT);
        else
            CALL_REFUSED(h, calls[i], "card_declined No.");
        return;
    }
}

static void go(struct harness *h, const char *order_id, const char *way)
{
    for (; *way; way++) {
        if (strchr(commands, *way))
            command(h, order_id, *way);
        else
            end(h, *way == '+');
        (void)harness_hash(h);
    }
}

/* The next order of this shard. */
static const char *next_order(void)
{
    static char order_id[16];
    static int n;

    do
        snprintf(order_id, sizeof(order_id), "o-%d", ++n);
    while (evt_partition_of(order_id, strlen(order_id), 2) !=
           evt_partition_of(PAID_ORDER, strlen(PAID_ORDER), 2));
    return order_id;
}

/* Every state, every command in it, twice, and both ends of what is under way then. */
static void live(struct harness *h)
{
    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
        for (const char *letter = commands; *letter; letter++)
            for (int ok = 0; ok < 2; ok++) {
                const char *order_id = next_order();

                go(h, order_id, ways[i]);
                go(h, order_id, (const char[]){*letter, *letter, '\0'});
                go(h, order_id, ok ? "++" : "--");
            }
}

START_TEST(its_generation_is_the_declared_one)
{
    struct evt_error err;

    ck_ok(evt__main_generation(&payment_service, &err), err);
}
END_TEST

/* What live() does not give may change unseen. */
/* What live() does not give may change unseen. */
START_TEST(it_takes_what_is_recorded)
{
    for (size_t i = 0; i < payment_service.registry->types_n; i++) {
        const struct evt_type *type = payment_service.registry->types[i];
        size_t known = 0;

        while (known < sizeof(types) / sizeof(*types) && types[known] != type)
            known++;
        ck_assert_msg(!evt_service_takes(&payment_service, type) ||
                          known < sizeof(types) / sizeof(*types),
                      "payment takes %s, and live() does not give it", type->name);
    }
}
END_TEST

START_TEST(what_it_decides_is_recorded)
{
    struct harness *h = payment_shop();
    uint64_t hash;

    live(h);
    for (int state = PAYMENT_AUTHORISED; state < PAYMENT_STATES_N; state++) {
        char sql[128];

        snprintf(sql, sizeof(sql), "SELECT count(*) FROM payment WHERE state = '%s'",
                 payment_state_str((enum payment_state)state));
        ck_assert(strstr(sql, "ing'") || harness_query(h, sql) > 0);
    }
    hash = harness_hash(h);
    ck_assert_msg(payment_service.generation == RECORDED_GENERATION,
                  "generation %u: write it down as RECORDED_GENERATION, and 0x%016" PRIx64
                  " as RECORDED",
                  (unsigned)payment_service.generation, hash);
    ck_assert_msg(hash == RECORDED,
                  "decisions changed (0x%016" PRIx64 "): raise the generation in"
                  " payment_service.c and topics.json; this test then says what to write down",
                  hash);
    harness_end(h);
}
END_TEST

SUITE("payment recorded", its_generation_is_the_declared_one, it_takes_what_is_recorded,
      what_it_decides_is_recorded)
