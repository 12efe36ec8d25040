/* Running: the product service on the bus, in this process, on librdkafka's stand-in: commands go
 * to the topic, answers are read from the events topic. Everything is waited for with a deadline.
 */
#ifndef TEST_RUNNING_H
#define TEST_RUNNING_H

#include "test/lib/folder.h"

#include <evt/bus.h>
#include <evt/stand_in.h>

#define RUNNING_WAIT_MS 30000

struct running {
    struct folder folder;
    struct evt_stand_in *stand_in;
    struct evt_metrics *metrics;
    struct evt_bus_options opt;
    struct evt_bus *bus; /* NULL: stopped */
    rd_kafka_t *sender;
    struct evt_kafka_reader *reader;
    int commands; /* ids already given */
    struct evt_error err;
};

void running_init(struct running *run);
void running_release(struct running *run);

void running_begin(struct running *run);
void running_start(struct running *run); /* and waits until it is ready */
void running_stop(struct running *run);
void running_wait_ready(struct running *run);
/* Until the reasons why it is not ready have these words. */
void running_expect_why(struct running *run, const char *words);

/* Stock for a sku, created when it is new; returns without an answer. */
void running_create(struct running *run, const char *sku);
void running_receive(struct running *run, const char *sku, int64_t quantity);
/* From the service order, whose stream begins here: one command per call. */
void running_reserve(struct running *run, const char *order_id, const char *sku,
                     int64_t deadline_ms);

/* A value of a store, which this waits for: one row, one column. */
void running_expect(struct running *run, const char *sku, const char *sql, int64_t want);
/* How many records of a type a topic holds, with the same ce_id counted once; waited for. */
void running_expect_records(struct running *run, const char *topic, const char *type, size_t want);
/* How many there are now, each counted; `type` NULL: of any. */
size_t running_count(struct running *run, const char *topic, const char *type);

#endif
