/* Conf, one value: whether it is allowed, and where it comes from if not from the command line. */
#include <evt/conf.h>

#include "conf_internal.h"

#include <ctype.h>
#include <errno.h>
#include <evt/buf.h>
#include <evt/mem.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FILE_MAX ((size_t)64 * 1024) /* a key or a certificate chain; more is another file */

void evt__conf_env_name(const char *name, char ret_name[EVT__ENV_SIZE])
{
    size_t len = strlen(name);

    EVT_BUG_ON(len + sizeof("_FILE") > EVT__ENV_SIZE);
    for (size_t i = 0; i <= len; i++)
        ret_name[i] = name[i] == '-' ? '_' : (char)toupper((unsigned char)name[i]);
}

const char *evt__conf_shown(const char *value, char ret_shown[EVT__SHOWN_SIZE])
{
    size_t len = strlen(value), room = EVT__SHOWN_SIZE - sizeof("...");

    if (len > room) {
        len = room;
        while (len > 0 && ((unsigned char)value[len] & 0xc0) == 0x80)
            len--; /* not within a character */
    }
    for (size_t i = 0; i < len; i++)
        ret_shown[i] = (char)(iscntrl((unsigned char)value[i]) ? '?' : value[i]);
    snprintf(ret_shown + len, EVT__SHOWN_SIZE - len, "%s", value[len] ? "..." : "");
    return ret_shown;
}

/* "LOG_LEVEL from the environment is 'loud'; it is <allowed>" */
static enum evt_err refuse(const struct evt_option *option, struct evt__found found,
                           const char *allowed, struct evt_error *err)
{
    char env[EVT__ENV_SIZE], shown[EVT__SHOWN_SIZE], file[EVT__SHOWN_SIZE];

    evt__conf_env_name(option->name, env);
    evt__conf_shown(option->secret ? "***" : found.value, shown);
    switch (found.origin) {
    case EVT__ORIGIN_FLAG:
        return evt_fail(err, EVT_E_USAGE, "--%s is '%s'; it is %s", option->name, shown, allowed);
    case EVT__ORIGIN_ENVIRONMENT:
        return evt_fail(err, EVT_E_USAGE, "%s from the environment is '%s'; it is %s", env, shown,
                        allowed);
    case EVT__ORIGIN_FILE:
        return evt_fail(err, EVT_E_USAGE, "%s from the file %s is '%s'; it is %s", env,
                        evt__conf_shown(found.from, file), shown, allowed);
    case EVT__ORIGIN_NONE:
    case EVT__ORIGIN_DEFAULT:
        break;
    }
    EVT_BUG_ON(true); /* the table's own default is not allowed */
}

static enum evt_err check_flag(const struct evt_option *option, struct evt__found found,
                               bool *ret_flag, struct evt_error *err)
{
    static const char *const words[] = {"true", "1", "yes", "on", "false", "0", "no", "off"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcasecmp(found.value, words[i]) == 0) {
            *ret_flag = i < 4;
            return EVT_OK;
        }
    return refuse(option, found, "1, true, yes, on or 0, false, no, off", err);
}

static enum evt_err check_number(const struct evt_option *option, struct evt__found found,
                                 int64_t *ret_number, struct evt_error *err)
{
    bool bounded = option->min || option->max;
    int64_t min = bounded ? option->min : INT64_MIN, max = bounded ? option->max : INT64_MAX;
    const char *digits = found.value + (*found.value == '-');
    char allowed[96], *end;
    long long number;

    errno = 0;
    number = strtoll(found.value, &end, 10);
    /* strtoll would let white space and a plus pass. */
    if (!errno && isdigit((unsigned char)*digits) && !*end && number >= min && number <= max) {
        *ret_number = number;
        return EVT_OK;
    }
    snprintf(allowed, sizeof(allowed), "a number from %" PRId64 " to %" PRId64, min, max);
    return refuse(option, found, allowed, err);
}

static enum evt_err check_choice(const struct evt_option *option, struct evt__found found,
                                 struct evt_error *err)
{
    char allowed[128] = "one of ";

    for (size_t i = 0; option->choices[i]; i++) {
        size_t len = strlen(allowed);
        if (strcmp(found.value, option->choices[i]) == 0)
            return EVT_OK;
        snprintf(allowed + len, sizeof(allowed) - len, "%s%s", i ? ", " : "", option->choices[i]);
    }
    return refuse(option, found, allowed, err);
}

static enum evt_err check(const struct evt_option *option, struct evt__found found,
                          struct evt__setting *ret_setting, struct evt_error *err)
{
    switch (option->kind) {
    case EVT_OPTION_TEXT:
        return EVT_OK;
    case EVT_OPTION_FLAG:
        return check_flag(option, found, &ret_setting->flag, err);
    case EVT_OPTION_NUMBER:
        return check_number(option, found, &ret_setting->number, err);
    case EVT_OPTION_CHOICE:
        return check_choice(option, found, err);
    }
    EVT_BUG_ON(true);
}

enum evt_err evt__conf_set(struct evt_conf *conf, const struct evt_option *option,
                           struct evt__found found, struct evt_error *err)
{
    struct evt__setting *setting = &conf->settings[option - conf->options];
    enum evt_err rc = check(option, found, setting, err);

    if (rc != EVT_OK)
        return rc;
    if (!setting->values)
        setting->values =
            evt_arena_alloc(&conf->arena, sizeof(*setting->values) * conf->values_max);
    if (!option->many)
        setting->values_n = 0;
    EVT_BUG_ON(setting->values_n == conf->values_max);
    setting->values[setting->values_n++] = found.value;
    setting->last = found;
    return EVT_OK;
}

/* ---- environment and files ---- */

enum evt_err evt__conf_file(struct evt_conf *conf, const char *variable, const char *path,
                            const char **ret_value, struct evt_error *err)
{
    char shown[EVT__SHOWN_SIZE], *bytes = evt_alloc(FILE_MAX + 1);
    FILE *file = fopen(path, "re");
    const char *why = NULL;
    size_t len = 0;

    if (file)
        len = fread(bytes, 1, FILE_MAX + 1, file);
    if (!file || ferror(file))
        why = strerror(errno);
    else if (len > FILE_MAX)
        why = "it is larger than 64 KiB";
    if (file)
        fclose(file);
    if (!why && len && bytes[len - 1] == '\n')
        len -= len > 1 && bytes[len - 2] == '\r' ? 2 : 1;
    if (!why && !len)
        why = "it is empty";
    if (!why && memchr(bytes, 0, len))
        why = "it holds a NUL character";
    if (!why)
        *ret_value = evt_arena_strndup(&conf->arena, bytes, len);
    evt_free(bytes);
    if (!why)
        return EVT_OK;
    return evt_fail(err, EVT_E_USAGE, "%s from the environment names %s: %s", variable,
                    evt__conf_shown(path, shown), why);
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

/* Another option may be called so: "log" beside "log-file". */
static bool is_option_env(const struct evt_conf *conf, const char *name)
{
    char env[EVT__ENV_SIZE];

    for (size_t i = 0; i < conf->options_n; i++) {
        evt__conf_env_name(conf->options[i].name, env);
        if (strcmp(env, name) == 0)
            return true;
    }
    return false;
}

static enum evt_err from_environment(struct evt_conf *conf, const struct evt_option *option,
                                     struct evt_error *err)
{
    char env[EVT__ENV_SIZE], env_file[EVT__ENV_SIZE + sizeof("_FILE")];
    struct evt__found found = {0};
    const char *path;
    enum evt_err rc;

    evt__conf_env_name(option->name, env);
    snprintf(env_file, sizeof(env_file), "%s_FILE", env);
    found.value = variable(env);
    path = is_option_env(conf, env_file) ? NULL : variable(env_file);
    if (!found.value && !path)
        return EVT_OK;
    if (found.value && path)
        return evt_fail(err, EVT_E_USAGE, "%s and %s are both set in the environment: unset one",
                        env, env_file);
    if (path) {
        rc = evt__conf_file(conf, env_file, path, &found.value, err);
        if (rc != EVT_OK)
            return rc;
    }
    found.origin = path ? EVT__ORIGIN_FILE : EVT__ORIGIN_ENVIRONMENT;
    found.from = path ? path : evt_arena_strndup(&conf->arena, env, strlen(env));
    return evt__conf_set(conf, option, found, err);
}

/* What the command line left open: the environment, then the defaults. */
enum evt_err evt__conf_fill(struct evt_conf *conf, struct evt_error *err)
{
    enum evt_err rc = EVT_OK;

    for (size_t i = 0; rc == EVT_OK && i < conf->options_n; i++) {
        const struct evt_option *option = &conf->options[i];
        const struct evt__setting *setting = &conf->settings[i];
        struct evt__found fallback = {option->fallback, EVT__ORIGIN_DEFAULT, NULL};
        EVT_BUG_ON(option->secret && option->flag_only);
        if (setting->last.origin == EVT__ORIGIN_NONE && !option->flag_only)
            rc = from_environment(conf, option, err);
        if (rc == EVT_OK && setting->last.origin == EVT__ORIGIN_NONE && option->fallback)
            rc = evt__conf_set(conf, option, fallback, err);
    }
    return rc;
}
