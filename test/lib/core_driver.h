/* Core driver: what carries out the timers and calls of the shard under test. It notes what it is
 * told to do: "timer.1;" published, "bank 1 o1 'pay' attempt 1;" called. */
#ifndef TEST_CORE_DRIVER_H
#define TEST_CORE_DRIVER_H

#include "test/lib/core.h"

#include <evt/due.h>

#define CORE_JITTER 1

struct core_driver {
    struct core *core;
    struct evt_due *due;
    int64_t ahead_ms; /* its clock, of the log's */
    bool lost;        /* what is published does not reach the log */
    struct evt_buf did;
};

/* A shard of the fake product that has caught up after one ReserveStock of order o1. */
void core_driver_begin(struct core_driver *driver, const char *sku);
void core_driver_end(struct core_driver *driver);
EVT_MUST_USE enum evt_err core_driver_run(struct core_driver *driver, int64_t now_ms);
/* The same, and it succeeds: what it did. */
const char *core_driver_at(struct core_driver *driver, int64_t now_ms);
void core_driver_ended(struct core_driver *driver, int64_t id, enum evt_call_end end,
                       const char *response, int64_t now_ms);

#endif
