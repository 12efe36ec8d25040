/* Conf: the command line, and what a program asks afterwards.
 *
 * Our own parser instead of getopt_long: that one keeps its place in static variables, takes "-3"
 * for an option, and says what is wrong in its own words. */
#include <evt/conf.h>

#include "conf_internal.h"

#include <ctype.h>
#include <evt/mem.h>
#include <string.h>

/* The arguments that are still to be read. */
struct args {
    char **argv;
    int argc, at;
};

bool evt__conf_is_option(const char *arg)
{
    return arg[0] == '-' && arg[1] && !isdigit((unsigned char)arg[1]);
}

const struct evt_option *evt__conf_find(const struct evt_option *options, const char *name,
                                        size_t len)
{
    for (; options->name; options++)
        if (strlen(options->name) == len && memcmp(options->name, name, len) == 0)
            return options;
    return NULL;
}

static const struct evt_option *find_letter(const struct evt_option *options, char letter)
{
    for (; options->name; options++)
        if (options->letter && options->letter == letter)
            return options;
    return NULL;
}

int evt__conf_width(const struct evt_option *options, const char *arg)
{
    const struct evt_option *option;

    if (arg[1] == '-') {
        size_t len = strcspn(arg + 2, "=");
        option = evt__conf_find(options, arg + 2, len);
        if (!option)
            return 0;
        return option->kind == EVT_OPTION_FLAG || arg[2 + len] ? 1 : 2;
    }
    for (arg++; *arg; arg++) {
        option = find_letter(options, *arg);
        if (!option)
            return 0;
        if (option->kind != EVT_OPTION_FLAG)
            return arg[1] ? 1 : 2;
    }
    return 1;
}

/* ---- the command line ---- */

static enum evt_err unknown(const struct evt_option *options, const char *name,
                            struct evt_error *err)
{
    char shown[EVT__SHOWN_SIZE];
    struct evt_near near = {.word = name};

    for (; options->name; options++)
        if (!options->secret)
            evt_near_offer(&near, options->name);
    evt__conf_shown(name, shown);
    if (near.name)
        return evt_fail(err, EVT_E_USAGE, "unknown option --%s; did you mean --%s?", shown,
                        near.name);
    return evt_fail(err, EVT_E_USAGE, "unknown option --%s", shown);
}

static enum evt_err take_flag(struct evt_conf *conf, const struct evt_option *option,
                              const char *value, struct evt_error *err)
{
    struct evt__found found = {value, EVT__ORIGIN_FLAG, NULL};
    char env[EVT__ENV_SIZE];

    if (option->secret) {
        evt__conf_env_name(option->name, env);
        return evt_fail(err, EVT_E_USAGE,
                        "--%s is not taken from the command line, where others can read it: set "
                        "%s or %s_FILE",
                        option->name, env, env);
    }
    return evt__conf_set(conf, option, found, err);
}

/* The value that stands as an argument of its own. */
static enum evt_err next_value(struct args *args, const struct evt_option *option,
                               const char **ret_value, struct evt_error *err)
{
    if (args->at == args->argc)
        return evt_fail(err, EVT_E_USAGE, "--%s needs a value: --%s %s", option->name, option->name,
                        option->value ? option->value : "VALUE");
    *ret_value = args->argv[args->at++];
    return EVT_OK;
}

static enum evt_err take_long(struct evt_conf *conf, struct args *args, const char *name,
                              struct evt_error *err)
{
    size_t len = strcspn(name, "=");
    const struct evt_option *option = evt__conf_find(conf->options, name, len);
    const char *value = name[len] ? name + len + 1 : NULL;
    enum evt_err rc = EVT_OK;

    if (!option)
        return unknown(conf->options, evt_arena_strndup(&conf->arena, name, len), err);
    if (option->kind == EVT_OPTION_FLAG) {
        if (value)
            return evt_fail(err, EVT_E_USAGE, "--%s takes no value", option->name);
        value = "true";
    } else if (!value && !option->secret) {
        rc = next_value(args, option, &value, err);
    }
    return rc == EVT_OK ? take_flag(conf, option, value, err) : rc;
}

static enum evt_err take_letters(struct evt_conf *conf, struct args *args, const char *letters,
                                 struct evt_error *err)
{
    const struct evt_option *option;
    const char *value;
    enum evt_err rc = EVT_OK;
    char text[2] = "", shown[EVT__SHOWN_SIZE];

    for (; rc == EVT_OK && *letters; letters++) {
        option = find_letter(conf->options, *letters);
        if (!option) {
            text[0] = *letters;
            return evt_fail(err, EVT_E_USAGE, "unknown option -%s", evt__conf_shown(text, shown));
        }
        if (option->kind == EVT_OPTION_FLAG) {
            rc = take_flag(conf, option, "true", err);
            continue;
        }
        value = letters + 1;
        if (!*value && !option->secret)
            rc = next_value(args, option, &value, err);
        return rc == EVT_OK ? take_flag(conf, option, value, err) : rc;
    }
    return rc;
}

static enum evt_err take_all(struct evt_conf *conf, struct args *args, struct evt_error *err)
{
    bool operands_only = false;
    enum evt_err rc = EVT_OK;

    while (rc == EVT_OK && args->at < args->argc) {
        const char *arg = args->argv[args->at++];
        if (operands_only || !evt__conf_is_option(arg))
            conf->operands[conf->operands_n++] = arg;
        else if (strcmp(arg, "--") == 0)
            operands_only = true;
        else if (arg[1] == '-')
            rc = take_long(conf, args, arg + 2, err);
        else
            rc = take_letters(conf, args, arg + 1, err);
    }
    return rc;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0)
            return true;
    return false;
}

enum evt_err evt_conf_parse(const struct evt_option *options, int argc, char **argv,
                            struct evt_conf **ret_conf, struct evt_error *err)
{
    struct evt_conf *conf = evt_zalloc(sizeof(*conf));
    struct args args = {argv, argc, 1};
    enum evt_err rc = EVT_OK;
    size_t size;

    EVT_BUG_ON(argc < 1);
    conf->options = options;
    while (options[conf->options_n].name)
        conf->options_n++;
    size = sizeof(*conf->settings) * (conf->options_n + 1);
    conf->settings = memset(evt_arena_alloc(&conf->arena, size), 0, size);
    conf->values_max = (size_t)argc;
    conf->operands = evt_arena_alloc(&conf->arena, sizeof(*conf->operands) * (size_t)(argc + 1));
    conf->wants_help = asks_for_help(argc, argv);
    if (!conf->wants_help) {
        rc = take_all(conf, &args, err);
        if (rc == EVT_OK)
            rc = evt__conf_fill(conf, err);
        if (rc == EVT_OK)
            rc = evt__conf_kafka(conf, err);
    }
    conf->operands[conf->operands_n] = NULL;
    if (rc == EVT_OK)
        *ret_conf = conf;
    else
        evt_conf_free(conf);
    return rc;
}

void evt_conf_free(struct evt_conf *conf)
{
    if (!conf)
        return;
    evt_arena_release(&conf->arena);
    evt_free(conf);
}

/* ---- what holds ---- */

struct evt__setting *evt__conf_setting(const struct evt_conf *conf, const char *name)
{
    const struct evt_option *option = evt__conf_find(conf->options, name, strlen(name));

    EVT_BUG_ON(!option);
    return &conf->settings[option - conf->options];
}

bool evt_conf_wants_help(const struct evt_conf *conf)
{
    return conf->wants_help;
}

const char *evt_conf_text(const struct evt_conf *conf, const char *name)
{
    return evt__conf_setting(conf, name)->last.value;
}

int64_t evt_conf_number(const struct evt_conf *conf, const char *name)
{
    const struct evt__setting *setting = evt__conf_setting(conf, name);

    EVT_BUG_ON(conf->options[setting - conf->settings].kind != EVT_OPTION_NUMBER);
    return setting->number;
}

bool evt_conf_flag(const struct evt_conf *conf, const char *name)
{
    const struct evt__setting *setting = evt__conf_setting(conf, name);

    EVT_BUG_ON(conf->options[setting - conf->settings].kind != EVT_OPTION_FLAG);
    return setting->flag;
}

bool evt_conf_given(const struct evt_conf *conf, const char *name)
{
    return evt__conf_setting(conf, name)->last.origin > EVT__ORIGIN_DEFAULT;
}

size_t evt_conf_many(const struct evt_conf *conf, const char *name, const char *const **ret_values)
{
    const struct evt__setting *setting = evt__conf_setting(conf, name);

    *ret_values = setting->values;
    return setting->values_n;
}

size_t evt_conf_operands(const struct evt_conf *conf, const char *const **ret_operands)
{
    *ret_operands = conf->operands;
    return conf->operands_n;
}

const char *const *evt_conf_kafka(const struct evt_conf *conf)
{
    return conf->kafka;
}
