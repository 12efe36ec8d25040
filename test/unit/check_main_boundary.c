/* Main's boundaries, on librdkafka's stand-in: found in a log, appended to it, and a broker that
 * gives nothing is given up. */
#include "libevents/src/main_internal.h"
#include "test/lib/fake_product.h"
#include "test/lib/suite.h"

#include <evt/stand_in.h>

#include <librdkafka/rdkafka_mock.h>
#include <string.h>

#define FETCH_REQUEST 1 /* Kafka's number of it */
#define LONG_MS       20000

static struct evt_error err;
static struct evt_stand_in *stand_in;
static struct evt_kafka kafka;
static const struct evt_topic *inbox;

static void begin(void)
{
    ck_ok(evt_stand_in_new(&fake_registry, &stand_in, &err), err);
    kafka = (struct evt_kafka){.brokers = evt_stand_in_brokers(stand_in), .client = "test"};
    inbox = evt_registry_service_topic(&fake_registry, "product", EVT_TOPIC_INBOX);
}

static int64_t find(int64_t from, uint32_t above, uint32_t *ret_generation)
{
    int64_t offset = 7;

    ck_ok(evt__boundary_find(&kafka, inbox, 0, from, above, LONG_MS, &offset, ret_generation, &err),
          err);
    return offset;
}

START_TEST(a_boundary_is_found_where_it_was_appended)
{
    uint32_t generation = 0;
    int64_t at = -1;

    begin();
    ck_assert_int_eq(find(0, 1, &generation), -1);
    ck_ok(evt__boundary_append(&kafka, inbox, 0, 2, &at, &err), err);
    ck_assert_int_eq(find(0, 1, &generation), at);
    ck_assert_uint_eq(generation, 2);
    ck_assert_int_eq(find(0, 2, &generation), -1); /* it is not above */
    ck_assert_int_eq(find(at + 1, 1, &generation), -1);
    evt_stand_in_free(stand_in);
}
END_TEST

START_TEST(a_broker_that_gives_nothing_is_given_up)
{
    uint32_t generation;
    int64_t offset;

    begin();
    for (int i = 0; i < 1000; i++)
        rd_kafka_mock_push_request_errors(evt_stand_in_mock(stand_in), FETCH_REQUEST, 1,
                                          RD_KAFKA_RESP_ERR_POLICY_VIOLATION);
    ck_assert_int_eq(evt__boundary_find(&kafka, inbox, 0, 0, 1, 500, &offset, &generation, &err),
                     EVT_E_AWAY);
    ck_assert_msg(strstr(err.text, ": shop.product.inbox.v1/0 does not answer") != NULL, "%s",
                  err.text);
    evt_stand_in_free(stand_in);
}
END_TEST

SUITE("main_boundary", a_boundary_is_found_where_it_was_appended,
      a_broker_that_gives_nothing_is_given_up)
