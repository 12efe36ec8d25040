/* Watch: the records of some partitions, as they come, each between its own bounds. */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include <evt/kafka.h>
#include <stdbool.h>

struct cli_watch;
EVT_MUST_USE enum evt_err cli_watch_new(const struct evt_kafka *kafka, struct cli_watch **ret_watch,
                                        struct evt_error *err);
void cli_watch_free(struct cli_watch *watch); /* NULL is fine */
rd_kafka_t *cli_watch_client(struct cli_watch *watch);

/* From `from` on, up to but without `until`; -1: no end. Before the start only. */
void cli_watch_add(struct cli_watch *watch, const char *topic, int32_t partition, int64_t from,
                   int64_t until);
EVT_MUST_USE enum evt_err cli_watch_start(struct cli_watch *watch, struct evt_error *err);
/* The next record, borrowed until the next call; NULL: none within `timeout_ms`. `ret_broker` and
 * `ret_type` say from which broker and whose its time is. */
struct cli_seen {
    const struct evt_record *rec;
    int32_t broker;
    const char *time_type; /* as kcat says it */
};
EVT_MUST_USE enum evt_err cli_watch_next(struct cli_watch *watch, int timeout_ms,
                                         struct cli_seen *ret_seen, struct evt_error *err);
/* Every partition has reached its bound. */
bool cli_watch_done(const struct cli_watch *watch);

#endif
