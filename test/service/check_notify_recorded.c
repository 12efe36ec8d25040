/* Recorded: what generation 1 decides, as one number over rows and messages. A store of a
 * generation is rebuilt by every later binary of it, which must come to the same: so when this
 * fails because a decision changed (a handler, its SQL, a message, libevents' core), bump the
 * generation in notify_service.c, and then write the new number here. How a mail reads is no
 * decision. */
#include "test/lib/notify_shop.h"
#include "test/lib/suite.h"

#include "libevents/src/main_internal.h"
#include "svc-notify/notify_service.h"

#include <inttypes.h>

#define RECORDED_GENERATION 1
#define RECORDED            UINT64_C(0x83b0827e173cf978)

#define HOUR_MS (60 * 60 * 1000LL)

/* Every way that a mail can go. */
static void live(struct harness *h)
{
    struct notify_send_mail wrong = notify_shop_mail;

    for (int kind = NOTIFY_MAIL_KIND_OTHER; kind <= NOTIFY_MAIL_KIND_ORDER_REFUNDED; kind++) {
        notify_shop_send(h, MAILED_ORDER, (enum notify_mail_kind)kind);
        (void)harness_hash(h);
    }
    notify_shop_send(h, MAILED_ORDER, CONFIRMED);
    (void)harness_hash(h);
    CALL_OK(h, "mail", "");
    (void)harness_hash(h);
    CALL_REFUSED(h, "mail", "550 No.");
    (void)harness_hash(h);
    CALL_REFUSED(h, "mail", "deferred 451 Later.");
    CALL_REFUSED(h, "mail", "deferred 451 Later.");
    harness_wait(h, HOUR_MS);
    CALL_OK(h, "mail", "");
    (void)harness_hash(h);
    harness_wait(h, 100 * HOUR_MS);
    CALL_REFUSED(h, "mail", "deferred 451 Never.");
    (void)harness_hash(h);
    wrong.email = "nobody";
    harness_give(h, __LINE__, "order", &notify_send_mail_type, &wrong);
    (void)harness_hash(h);
}

START_TEST(its_generation_is_the_declared_one)
{
    struct evt_error err;

    ck_ok(evt__main_generation(&notify_service, &err), err);
}
END_TEST

/* What live() does not give may change unseen. */
START_TEST(it_takes_what_is_recorded)
{
    for (size_t i = 0; i < notify_service.registry->types_n; i++) {
        const struct evt_type *type = notify_service.registry->types[i];

        ck_assert_msg(!evt_service_takes(&notify_service, type) || type == &notify_send_mail_type,
                      "notify takes %s, and live() does not give it", type->name);
    }
}
END_TEST

START_TEST(what_it_decides_is_recorded)
{
    struct harness *h = notify_shop();
    uint64_t hash;

    live(h);
    hash = harness_hash(h);
    ck_assert_msg(notify_service.generation == RECORDED_GENERATION,
                  "generation %u: write it down as RECORDED_GENERATION, and 0x%016" PRIx64
                  " as RECORDED",
                  (unsigned)notify_service.generation, hash);
    ck_assert_msg(hash == RECORDED,
                  "decisions changed (0x%016" PRIx64 "): raise the generation in"
                  " notify_service.c and topics.json; this test then says what to write down",
                  hash);
    harness_end(h);
}
END_TEST

SUITE("notify recorded", its_generation_is_the_declared_one, it_takes_what_is_recorded,
      what_it_decides_is_recorded)
