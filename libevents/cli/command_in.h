/* Command in: JSON from a person or a pipe, as the records that a publication sends. */
#ifndef CLI_COMMAND_IN_H
#define CLI_COMMAND_IN_H

#include <evt/arena.h>
#include <evt/conf.h>
#include <evt/kafka.h>
#include <evt/record.h>
#include <evt/type.h>

#define CLI_COMMANDS_MAX 100000 /* of one publication: they are all checked before one is sent */

struct cli_command {
    struct evt_send send;
    const char *id;
};
struct cli_commands {
    const struct evt_type *type;
    const struct evt_topic *topic;
    char source[128];
    struct evt_arena arena; /* what the commands point to */
    struct cli_command *commands;
    size_t n;
};

/* Options: key, id, source, traceparent. `json` NULL or "-": stdin. Says what is wrong itself, and
 * returns an exit status. */
int cli_commands_read(const struct evt_conf *conf, const struct evt_type *type,
                      const struct evt_topic *topic, const char *json,
                      struct cli_commands *ret_commands);
/* One that is made here: `partition` is given, not found by the key. */
EVT_MUST_USE enum evt_err cli_commands_add(struct cli_commands *commands, const void *msg,
                                           const char *key, int32_t partition, const char *id,
                                           const char *traceparent, struct evt_error *err);
void cli_commands_release(struct cli_commands *commands);

/* Sends all; `ret_offsets` has a place for each. */
EVT_MUST_USE enum evt_err cli_commands_send(const struct evt_kafka *kafka,
                                            const struct cli_commands *commands,
                                            int64_t *ret_offsets, struct evt_error *err);

#endif
