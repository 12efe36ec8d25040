/* The bus under a backlog: batches whose sends leave as one burst, through the producer that
 * gathers them. */
#include "test/lib/running.h"
#include "test/lib/suite.h"

#include <librdkafka/rdkafka_mock.h>

#define EVENTS          "shop.product.events.v1"
#define ANSWERED        "shop.evt.v1.CommandAnswered"
#define ON_HAND         "SELECT received - committed FROM product"
#define PRODUCE_REQUEST 0 /* Kafka's number of it */
#define BACKLOG         80

static void backlog(struct running *run)
{
    running_init(run);
    running_start(run);
    running_create(run, "tea");
    running_expect_records(run, EVENTS, ANSWERED, 1);
    running_stop(run);
    for (int i = 0; i < BACKLOG; i++)
        running_receive(run, "tea", 1);
}

START_TEST(a_backlog_is_answered)
{
    struct running run;

    backlog(&run);
    running_start(&run);
    running_expect(&run, "tea", ON_HAND, BACKLOG);
    running_expect_records(&run, EVENTS, ANSWERED, 1 + BACKLOG);
    /* Nothing twice but the last message of the stream, which probes the tail at each join. */
    ck_assert_uint_le(running_count(&run, EVENTS, ANSWERED), 1 + BACKLOG + 2);
    running_release(&run);
}
END_TEST

/* The burst's producer fails for good, another takes its place; what comes by ones goes on
 * meanwhile. */
START_TEST(a_burst_that_is_refused_is_sent_again)
{
    struct running run;

    backlog(&run);
    for (int i = 0; i < 3; i++)
        rd_kafka_mock_push_request_errors(evt_stand_in_mock(run.stand_in), PRODUCE_REQUEST, 1,
                                          RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    running_start(&run);
    running_expect(&run, "tea", ON_HAND, BACKLOG);
    running_expect_records(&run, EVENTS, ANSWERED, 1 + BACKLOG);
    running_receive(&run, "tea", 1);
    running_expect(&run, "tea", ON_HAND, BACKLOG + 1);
    running_release(&run);
}
END_TEST

SUITE("bus: bursts", a_backlog_is_answered, a_burst_that_is_refused_is_sent_again)
