/* Conf: a program's options, from its command line and its environment, by one table.
 *
 * The table feeds the parser, the help and --print-config. A flag wins over the environment, and
 * that over the default. "data-dir" is --data-dir and DATA_DIR; DATA_DIR_FILE names a file that
 * holds the value (a newline at its end is cut). An empty variable counts as none. An unknown
 * option or a bad value is an error that names it, says where it came from and what is allowed.
 *
 *     --data-dir FOLDER  --data-dir=FOLDER  -d FOLDER  -dFOLDER  -qv (two flags)
 *
 * Given twice, the last one holds. "-" and "-3" are operands: no letter is a digit. */
#ifndef EVT_CONF_H
#define EVT_CONF_H

#include <evt/err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum evt_option_kind {
    EVT_OPTION_TEXT,
    EVT_OPTION_FLAG, /* takes no value; from the environment 1, true, yes, on or their opposites */
    EVT_OPTION_NUMBER, /* within min and max, both included */
    EVT_OPTION_CHOICE  /* one of `choices` */
};

struct evt_option {
    const char *name;           /* "data-dir" */
    const char *value;          /* what the help calls its value: "FOLDER"; NULL for a flag */
    const char *fallback;       /* NULL: none */
    const char *help;           /* one line */
    const char *const *choices; /* CHOICE: ends with NULL */
    int64_t min, max;           /* both 0: any number */
    enum evt_option_kind kind;
    char letter;    /* -d; 0: none */
    bool flag_only; /* not from the environment: a verb's own --wait */
    bool secret;    /* not from the command line, where others can read it; never shown */
    bool many;      /* may be given several times */
};

struct evt_conf;

/* `argv[0]` is the program or verb. `options` ends with {0}; it and `argv` are kept. Operands may
 * stand between options; after "--" all are operands. `-h` and `--help` are the caller's: found,
 * they are told by evt_conf_wants_help, and nothing else is checked. A failure is EVT_E_USAGE. */
EVT_MUST_USE enum evt_err evt_conf_parse(const struct evt_option *options, int argc, char **argv,
                                         struct evt_conf **ret_conf, struct evt_error *err);
void evt_conf_free(struct evt_conf *conf); /* NULL is fine */
bool evt_conf_wants_help(const struct evt_conf *conf);

/* By the option's name; one that the table does not have is a bug and aborts. */
const char *evt_conf_text(const struct evt_conf *conf, const char *name); /* NULL: not set */
int64_t evt_conf_number(const struct evt_conf *conf, const char *name);   /* 0: not set */
bool evt_conf_flag(const struct evt_conf *conf, const char *name);
bool evt_conf_given(const struct evt_conf *conf, const char *name); /* not merely its default */
size_t evt_conf_many(const struct evt_conf *conf, const char *name, const char *const **ret_values);
size_t evt_conf_operands(const struct evt_conf *conf, const char *const **ret_operands);

/* librdkafka's properties, "name=value", NULL-terminated: KAFKA_<PROPERTY> or KAFKA_<PROPERTY>_FILE
 * of the environment (dots as underscores) and then every -X, whose option is named "property", has
 * no environment and may be given many times. Names and values were tried on librdkafka; of the
 * environment's, other people's (KAFKA_HOME) are left out, and a mistyped property is an error. */
const char *const *evt_conf_kafka(const struct evt_conf *conf);

/* A line per option and property: name, value, where it came from. A secret is "***". Options that
 * only a flag can set have a line when it did. */
void evt_conf_print(const struct evt_conf *conf, FILE *out);
void evt_conf_help(const struct evt_option *options, FILE *out);

/* Which of several names was meant, when `word` is none of them:
 *     struct evt_near near = {.word = typed}; evt_near_offer(&near, name); … near.name */
struct evt_near {
    const char *word;
    const char *name; /* NULL: none is near enough to be named */
    size_t distance;
};
void evt_near_offer(struct evt_near *near, const char *name);

#endif
