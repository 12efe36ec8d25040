/* Conf, inside: what its files share.
 *
 *     conf.c        the command line, and what a program asks afterwards
 *     conf_value.c  one value: is it allowed; from the environment or a file
 *     conf_kafka.c  librdkafka's properties
 *     conf_show.c   --print-config and the help
 *     conf_near.c   mistyped names */
#ifndef EVT_CONF_INTERNAL_H
#define EVT_CONF_INTERNAL_H

#include <evt/arena.h>
#include <evt/conf.h>

#define EVT__ENV_SIZE   96 /* of a variable's name, _FILE included */
#define EVT__SHOWN_SIZE 72 /* of a value in an error's text, which has 256 bytes */
#define EVT__PROPERTY   "property"

enum evt__origin {
    EVT__ORIGIN_NONE,
    EVT__ORIGIN_DEFAULT,
    EVT__ORIGIN_FLAG,
    EVT__ORIGIN_ENVIRONMENT,
    EVT__ORIGIN_FILE
};

/* One value and where it was found. */
struct evt__found {
    const char *value;
    enum evt__origin origin;
    const char *from; /* the variable's name, or the file's */
};

/* What one option became; `values` has room for as many as there were arguments. */
struct evt__setting {
    struct evt__found last;
    const char **values;
    size_t values_n;
    int64_t number;
    bool flag;
};

struct evt__property {
    const char *name;
    struct evt__found found;
};

struct evt_conf {
    struct evt_arena arena;
    const struct evt_option *options;
    size_t options_n;
    struct evt__setting *settings; /* one per option */
    size_t values_max;
    const char **operands;
    size_t operands_n;
    struct evt__property *properties;
    size_t properties_n;
    const char **kafka;
    bool wants_help;
};

/* How many arguments the option at `arg` takes, its value included; 0: it is none of these. */
int evt__conf_width(const struct evt_option *options, const char *arg);
bool evt__conf_is_option(const char *arg);
const struct evt_option *evt__conf_find(const struct evt_option *options, const char *name,
                                        size_t len);
struct evt__setting *evt__conf_setting(const struct evt_conf *conf, const char *name);

/* "data-dir" → "DATA_DIR" */
void evt__conf_env_name(const char *name, char ret_name[EVT__ENV_SIZE]);
/* A value for an error's text: short, printable. */
const char *evt__conf_shown(const char *value, char ret_shown[EVT__SHOWN_SIZE]);
EVT_MUST_USE enum evt_err evt__conf_set(struct evt_conf *conf, const struct evt_option *option,
                                        struct evt__found found, struct evt_error *err);
EVT_MUST_USE enum evt_err evt__conf_fill(struct evt_conf *conf, struct evt_error *err);
EVT_MUST_USE enum evt_err evt__conf_file(struct evt_conf *conf, const char *variable,
                                         const char *path, const char **ret_value,
                                         struct evt_error *err);
EVT_MUST_USE enum evt_err evt__conf_kafka(struct evt_conf *conf, struct evt_error *err);
bool evt__conf_property_secret(const char *name);
size_t evt__conf_columns(const char *text); /* how wide it shows: characters, not bytes */

#endif
