/* Stand-in: librdkafka's mock cluster as a broker on loopback, with all declared topics born. For a
 * first look without a JVM, and for tests.
 *
 * It keeps nothing, holds 5 MiB a partition, knows no settings, and its records carry their
 * producer's time. What it shows says nothing about Kafka. */
#ifndef EVT_STAND_IN_H
#define EVT_STAND_IN_H

#include <evt/err.h>
#include <evt/type.h>

struct evt_stand_in;
EVT_MUST_USE enum evt_err evt_stand_in_new(const struct evt_registry *registry,
                                           struct evt_stand_in **ret_stand_in,
                                           struct evt_error *err);
/* "127.0.0.1:41234": the port is the system's choice. */
const char *evt_stand_in_brokers(const struct evt_stand_in *stand_in);
/* For tests: what else rdkafka_mock.h can do to it. */
struct rd_kafka_mock_cluster_s *evt_stand_in_mock(struct evt_stand_in *stand_in);
void evt_stand_in_free(struct evt_stand_in *stand_in); /* NULL is fine */

#endif
