/* Cli, names: types and topics as people write them, and the names that a command gets. */
#include "cli.h"

#include <evt/buf.h>
#include <evt/utf8.h>

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* ---- types ---- */

static const char *last_part(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot ? dot + 1 : name;
}

const struct evt_type *cli_type_in(const struct evt_registry *registry, const char *name,
                                   struct evt_buf *why)
{
    const struct evt_type *found = evt_registry_type(registry, name, strlen(name));
    struct evt_buf others = {0};
    size_t n = 0;

    if (found)
        return found;
    for (size_t i = 0; i < registry->types_n; i++) {
        const struct evt_type *type = registry->types[i];

        if (strcasecmp(last_part(type->name), name) != 0)
            continue;
        evt_buf_printf(&others, "%s%s", n ? ", " : "", type->name);
        found = type;
        n++;
    }
    if (n == 0)
        evt_buf_printf(why, "no message is called %s: docs/events.md lists them", name);
    else if (n > 1)
        evt_buf_printf(why, "%s may be %s: say which", name, evt_buf_text(&others));
    evt_buf_release(&others);
    return n == 1 ? found : NULL;
}

const struct evt_type *cli_type(const char *name)
{
    struct evt_buf why = {0};
    const struct evt_type *type = cli_type_in(&evt_registry, name, &why);

    if (!type)
        cli_refuse(0, "%s", evt_buf_text(&why));
    evt_buf_release(&why);
    return type;
}

/* ---- topics ---- */

const struct evt_topic *cli_topic(const char *name)
{
    for (size_t i = 0; i < evt_registry.topics_n; i++) {
        const struct evt_topic *topic = &evt_registry.topics[i];

        if (strcmp(topic->name, name) == 0 || strcmp(topic->stream, name) == 0)
            return topic;
    }
    return NULL;
}

bool cli_partition(const char *text, const struct evt_topic **ret_topic, int32_t *ret_partition)
{
    const char *dot = strrchr(text, '.');
    const struct evt_topic *topic;
    char name[256], *end;
    long partition;

    if (!dot || dot[1] < '0' || dot[1] > '9' || (size_t)(dot - text) >= sizeof(name))
        return false;
    snprintf(name, sizeof(name), "%.*s", (int)(dot - text), text);
    topic = cli_topic(name);
    partition = strtol(dot + 1, &end, 10);
    if (!topic || *end || partition >= topic->partitions)
        return false;
    *ret_topic = topic;
    *ret_partition = (int32_t)partition;
    return true;
}

/* ---- a command's ---- */

void cli_source(char *buf, size_t size)
{
    const struct passwd *user = getpwuid(getuid());

    if (user && *user->pw_name && evt_utf8_valid(user->pw_name, strlen(user->pw_name)))
        snprintf(buf, size, "/cli/%s", user->pw_name);
    else
        snprintf(buf, size, "/cli/%u", (unsigned)getuid());
}

enum evt_err cli_uuid(char ret_uuid[CLI_UUID_LEN + 1], struct evt_error *err)
{
    uint8_t b[16];

    if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
        return evt_fail(err, EVT_E_IO, "the system gives no random numbers");
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40); /* version 4: random */
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    snprintf(ret_uuid, CLI_UUID_LEN + 1,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
             b[15]);
    return EVT_OK;
}
