/* Conf, librdkafka's properties: KAFKA_<PROPERTY> and -X.
 *
 * Which names there are, librdkafka says itself, and each value is tried on a configuration of its
 * own, so that a mistake is told by where it was made. Of the environment's KAFKA_ variables those
 * that are near to no property are other people's: KAFKA_HOME and KAFKA_OPTS of Kafka's own tools,
 * KAFKA_PORT_9092_TCP of Kubernetes. */
#include <evt/conf.h>

#include "conf_internal.h"

#include <ctype.h>
#include <evt/mem.h>
#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREFIX      "KAFKA_"
#define SUFFIX_FILE "_FILE"

/* While properties are read. */
struct reading {
    struct evt_conf *conf;
    char *table; /* librdkafka's own description, its names cut out */
    const char **names;
    size_t names_n;
    rd_kafka_conf_t *scratch;
};

bool evt__conf_property_secret(const char *name)
{
    return strstr(name, "password") || strstr(name, "secret") || strcmp(name, "ssl.key.pem") == 0 ||
           strcmp(name, "sasl.oauthbearer.config") == 0;
}

/* The table's lines are "name   | where | range | …", below a line of dashes. */
static void names_read(struct reading *rd)
{
    size_t size, cap = 0;
    FILE *file = open_memstream(&rd->table, &size);
    char *line, *rest;

    EVT_BUG_ON(!file);
    rd_kafka_conf_properties_show(file);
    EVT_BUG_ON(fclose(file) != 0);
    for (const char *at = rd->table; *at; at++)
        cap += *at == '\n';
    rd->names = evt_arena_alloc(&rd->conf->arena, sizeof(*rd->names) * (cap + 1));
    for (line = strtok_r(rd->table, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        size_t len = strcspn(line, " |");
        if (!strchr(line, '|') || !islower((unsigned char)line[0]))
            continue;
        line[len] = '\0';
        rd->names[rd->names_n++] = line;
    }
}

static void reading_begin(struct reading *rd)
{
    if (rd->scratch)
        return;
    names_read(rd);
    rd->scratch = rd_kafka_conf_new();
    EVT_BUG_ON(!rd->scratch);
}

static void reading_end(struct reading *rd)
{
    if (rd->scratch)
        rd_kafka_conf_destroy(rd->scratch);
    free(rd->table);
}

/* "socket.nagle.disable" → "KAFKA_SOCKET_NAGLE_DISABLE" */
static void variable_name(const char *name, char ret_variable[EVT__ENV_SIZE])
{
    size_t len = (size_t)snprintf(ret_variable, EVT__ENV_SIZE, PREFIX "%s", name);

    EVT_BUG_ON(len >= EVT__ENV_SIZE);
    for (size_t i = 0; i < len; i++)
        ret_variable[i] =
            (char)(isalnum((unsigned char)ret_variable[i]) ? toupper((unsigned char)ret_variable[i])
                                                           : '_');
}

static const char *name_find(const struct reading *rd, const char *variable)
{
    char have[EVT__ENV_SIZE];

    for (size_t i = 0; i < rd->names_n; i++) {
        variable_name(rd->names[i], have);
        if (strcmp(have, variable) == 0)
            return rd->names[i];
    }
    return NULL;
}

static bool is_name(const struct reading *rd, const char *name)
{
    for (size_t i = 0; i < rd->names_n; i++)
        if (strcmp(rd->names[i], name) == 0)
            return true;
    return false;
}

/* Tries it, and keeps it instead of an earlier one of this name. */
static enum evt_err put(struct reading *rd, const char *name, struct evt__found found,
                        const char *subject, struct evt_error *err)
{
    struct evt_conf *conf = rd->conf;
    char why[160], shown[EVT__SHOWN_SIZE];
    size_t i = 0;

    if (rd_kafka_conf_set(rd->scratch, name, found.value, why, sizeof(why)) != RD_KAFKA_CONF_OK)
        return evt_fail(err, EVT_E_USAGE, "%s is '%s': %s", subject,
                        evt__conf_shown(evt__conf_property_secret(name) ? "***" : found.value,
                                        shown),
                        why);
    while (i < conf->properties_n && strcmp(conf->properties[i].name, name) != 0)
        i++;
    conf->properties_n += i == conf->properties_n;
    conf->properties[i] =
        (struct evt__property){.name = evt_arena_strndup(&conf->arena, name, strlen(name)),
                               .found = found};
    return EVT_OK;
}

/* ---- the environment ---- */

static bool is_declared(const struct evt_conf *conf, const char *variable)
{
    char env[EVT__ENV_SIZE];
    size_t len;

    for (size_t i = 0; i < conf->options_n; i++) {
        evt__conf_env_name(conf->options[i].name, env);
        len = strlen(env);
        if (strncmp(variable, env, len) == 0 &&
            (!variable[len] || strcmp(variable + len, SUFFIX_FILE) == 0))
            return true;
    }
    return false;
}

static enum evt_err check_mistyped(const struct reading *rd, const char *variable,
                                   struct evt_error *err)
{
    struct evt_near near = {.word = variable + strlen(PREFIX), .distance = SIZE_MAX};
    char have[EVT__ENV_SIZE], meant[EVT__ENV_SIZE] = "", shown[EVT__SHOWN_SIZE];
    size_t before = near.distance;

    for (size_t i = 0; i < rd->names_n; i++) {
        variable_name(rd->names[i], have);
        evt_near_offer(&near, have + strlen(PREFIX));
        if (near.distance < before) /* `have` is written again */
            memcpy(meant, have, sizeof(meant));
        before = near.distance;
    }
    if (!near.name)
        return EVT_OK;
    return evt_fail(err, EVT_E_USAGE,
                    "%s from the environment is no property of librdkafka; did you mean %s?",
                    evt__conf_shown(variable, shown), meant);
}

/* `entry` is "KAFKA_…=value". */
static enum evt_err take_variable(struct reading *rd, const char *entry, struct evt_error *err)
{
    struct evt_conf *conf = rd->conf;
    size_t len = strcspn(entry, "="), suffix = strlen(SUFFIX_FILE);
    char *variable = evt_arena_strndup(&conf->arena, entry, len);
    struct evt__found found = {entry + len + 1, EVT__ORIGIN_ENVIRONMENT, variable};
    char subject[EVT__SHOWN_SIZE + 24], shown[EVT__SHOWN_SIZE];
    const char *name;
    enum evt_err rc = EVT_OK;

    if (!entry[len] || !*found.value || is_declared(conf, variable))
        return EVT_OK;
    reading_begin(rd);
    name = name_find(rd, variable);
    if (!name && len > suffix && strcmp(variable + len - suffix, SUFFIX_FILE) == 0) {
        name = name_find(rd, evt_arena_strndup(&conf->arena, variable, len - suffix));
        if (name) {
            found.origin = EVT__ORIGIN_FILE;
            found.from = found.value;
            rc = evt__conf_file(conf, variable, found.from, &found.value, err);
        }
    }
    if (rc != EVT_OK || !name)
        return rc == EVT_OK ? check_mistyped(rd, variable, err) : rc;
    snprintf(subject, sizeof(subject), "%s from the environment", evt__conf_shown(variable, shown));
    return put(rd, name, found, subject, err);
}

/* ---- the command line ---- */

static enum evt_err unknown(const struct reading *rd, const char *name, struct evt_error *err)
{
    struct evt_near near = {.word = name};
    char shown[EVT__SHOWN_SIZE];

    for (size_t i = 0; i < rd->names_n; i++)
        evt_near_offer(&near, rd->names[i]);
    evt__conf_shown(name, shown);
    if (near.name)
        return evt_fail(err, EVT_E_USAGE, "-X %s is no property of librdkafka; did you mean %s?",
                        shown, near.name);
    return evt_fail(err, EVT_E_USAGE, "-X %s is no property of librdkafka", shown);
}

/* `pair` is "name=value". */
static enum evt_err take_pair(struct reading *rd, const char *pair, struct evt_error *err)
{
    size_t len = strcspn(pair, "=");
    char *name = evt_arena_strndup(&rd->conf->arena, pair, len);
    struct evt__found found = {pair + len + 1, EVT__ORIGIN_FLAG, NULL};
    char subject[EVT__SHOWN_SIZE + 4], shown[EVT__SHOWN_SIZE], variable[EVT__ENV_SIZE];

    evt__conf_shown(pair, shown);
    if (!pair[len] || !len)
        return evt_fail(err, EVT_E_USAGE, "-X '%s' is not PROPERTY=VALUE", shown);
    reading_begin(rd);
    if (!is_name(rd, name))
        return unknown(rd, name, err);
    if (evt__conf_property_secret(name)) {
        variable_name(name, variable);
        return evt_fail(err, EVT_E_USAGE,
                        "-X %s is not taken from the command line, where others can read it: set "
                        "%s or %s_FILE",
                        name, variable, variable);
    }
    snprintf(subject, sizeof(subject), "-X %s", evt__conf_shown(name, shown));
    return put(rd, name, found, subject, err);
}

static int by_name(const void *a, const void *b)
{
    const struct evt__property *one = a, *other = b;

    return strcmp(one->name, other->name);
}

static void pairs_make(struct evt_conf *conf)
{
    conf->kafka = evt_arena_alloc(&conf->arena, sizeof(*conf->kafka) * (conf->properties_n + 1));
    qsort(conf->properties, conf->properties_n, sizeof(*conf->properties), by_name);
    for (size_t i = 0; i < conf->properties_n; i++) {
        const struct evt__property *property = &conf->properties[i];
        size_t size = strlen(property->name) + strlen(property->found.value) + 2;
        char *pair = evt_arena_alloc(&conf->arena, size);
        snprintf(pair, size, "%s=%s", property->name, property->found.value);
        conf->kafka[i] = pair;
    }
    conf->kafka[conf->properties_n] = NULL;
}

enum evt_err evt__conf_kafka(struct evt_conf *conf, struct evt_error *err)
{
    struct reading rd = {.conf = conf};
    const char *const *pairs = NULL;
    size_t pairs_n = 0, variables_n = 0;
    enum evt_err rc = EVT_OK;

    if (evt__conf_find(conf->options, EVT__PROPERTY, strlen(EVT__PROPERTY)))
        pairs_n = evt_conf_many(conf, EVT__PROPERTY, &pairs);
    while (environ && environ[variables_n])
        variables_n++;
    conf->properties =
        evt_arena_alloc(&conf->arena, sizeof(*conf->properties) * (pairs_n + variables_n + 1));
    for (size_t i = 0; rc == EVT_OK && i < variables_n; i++)
        if (strncmp(environ[i], PREFIX, strlen(PREFIX)) == 0)
            rc = take_variable(&rd, environ[i], err);
    for (size_t i = 0; rc == EVT_OK && i < pairs_n; i++)
        rc = take_pair(&rd, pairs[i], err);
    reading_end(&rd);
    if (rc == EVT_OK)
        pairs_make(conf);
    return rc;
}
