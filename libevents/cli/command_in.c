/* Command in: every object is parsed by its schema, encoded, and given its envelope, before any is
 * sent: a mistake in the last line of a file leaves nothing half done. */
#include "command_in.h"

#include "cli.h"

#include <evt/codec.h>
#include <evt/envelope.h>
#include <evt/hash.h>
#include <evt/mem.h>
#include <evt/utf8.h>

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define HEADERS     5
#define STDIN_MAX   (64 * 1024 * 1024)
#define SEND_MS_MAX 30000

/* ---- one command ---- */

static const struct evt_header *headers_of(struct cli_commands *all, const char *id,
                                           const char *traceparent, size_t *ret_n)
{
    struct evt_header *headers = evt_arena_alloc(&all->arena, HEADERS * sizeof(*headers));
    size_t n = 0;

    headers[n++] = (struct evt_header){"ce_specversion", "1.0", 3};
    headers[n++] = (struct evt_header){"ce_id", id, strlen(id)};
    headers[n++] = (struct evt_header){"ce_source", all->source, strlen(all->source)};
    headers[n++] = (struct evt_header){"ce_type", all->type->name, strlen(all->type->name)};
    if (traceparent)
        headers[n++] = (struct evt_header){"traceparent", traceparent, strlen(traceparent)};
    *ret_n = n;
    return headers;
}

static void grow(struct cli_commands *all)
{
    if ((all->n & (all->n + 1)) == 0) /* at 0, 1, 3, 7 …: room for as many again and one */
        all->commands = evt_realloc(all->commands, (2 * all->n + 1) * sizeof(*all->commands));
}

enum evt_err cli_commands_add(struct cli_commands *commands, const void *msg, const char *key,
                              int32_t partition, const char *id, const char *traceparent,
                              struct evt_error *err)
{
    struct evt_buf value = {0};
    struct cli_command command = {0};
    enum evt_err rc = evt_type_encode(commands->type, msg, &value, err);

    if (rc != EVT_OK) {
        evt_buf_release(&value);
        return rc;
    }
    command.id = evt_arena_strndup(&commands->arena, id, strlen(id));
    command.send = (struct evt_send){
        .topic = commands->topic->name,
        .partition = partition,
        .key = evt_arena_strndup(&commands->arena, key, strlen(key)),
        .key_len = strlen(key),
        .value = evt_arena_memdup(&commands->arena, value.data, value.len),
        .value_len = value.len,
    };
    command.send.headers = headers_of(commands, command.id, traceparent, &command.send.headers_n);
    evt_buf_release(&value);
    grow(commands);
    commands->commands[commands->n++] = command;
    return EVT_OK;
}

static enum evt_err check_text(const char *what, const char *text, size_t max,
                               struct evt_error *err)
{
    const size_t len = strlen(text);

    if (len == 0 || len > max)
        return evt_fail(err, EVT_E_USAGE, "%s has %zu bytes, from 1 to %zu may be", what, len, max);
    if (!evt_utf8_valid(text, len))
        return evt_fail(err, EVT_E_USAGE, "%s is not UTF-8", what);
    return EVT_OK;
}

static enum evt_err add_json(struct cli_commands *all, const struct evt_conf *conf,
                             const char *json, size_t len, struct evt_error *err)
{
    void *msg = evt_arena_alloc(&all->arena, all->type->size);
    const char *key, *given = evt_conf_text(conf, "id");
    char id[CLI_UUID_LEN + 1];
    enum evt_err rc = evt_type_parse(all->type, json, len, &all->arena, msg, err);

    if (rc != EVT_OK)
        return rc;
    key = evt_conf_text(conf, "key");
    if (!key)
        key = evt_type_text(all->type, msg, all->type->key_field);
    rc = check_text("the key", key, EVT_KEY_MAX, err);
    if (rc == EVT_OK && !given)
        rc = cli_uuid(id, err);
    if (rc != EVT_OK)
        return rc;
    return cli_commands_add(all, msg, key,
                            evt_partition_of(key, strlen(key), all->topic->partitions),
                            given ? given : id, evt_conf_text(conf, "traceparent"), err);
}

/* ---- many ---- */

static int count_lines(const char *text, size_t len)
{
    int n = 1;

    for (size_t i = 0; i < len; i++)
        n += text[i] == '\n';
    return n;
}

/* Where the next object ends, or the rest where it does not parse: the schema's parser then says
 * what is wrong with it. */
static size_t object_len(const char *text, size_t len)
{
    json_error_t why;
    json_t *value = json_loadb(text, len, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, &why);

    if (!value)
        return len;
    json_decref(value);
    return (size_t)why.position;
}

static int add_all(struct cli_commands *all, const struct evt_conf *conf, const char *text,
                   size_t len)
{
    size_t at = 0;

    for (;;) {
        struct evt_error err;
        size_t size;

        at += strspn(text + at, " \t\r\n");
        if (at >= len)
            return all->n ? EVT_EXIT_OK : cli_refuse(EVT_EXIT_USAGE, "there is no JSON in it");
        if (all->n == CLI_COMMANDS_MAX)
            return cli_refuse(EVT_EXIT_USAGE, "more than %d commands at once: cut the file",
                              CLI_COMMANDS_MAX);
        if (all->n == 1 && evt_conf_given(conf, "id"))
            return cli_refuse(EVT_EXIT_USAGE, "several commands cannot have one --id");
        size = object_len(text + at, len - at);
        if (add_json(all, conf, text + at, size, &err) != EVT_OK)
            return cli_refuse(EVT_EXIT_USAGE, "line %d: %s", count_lines(text, at),
                              cli_words(&err));
        at += size;
    }
}

static bool read_stdin(struct evt_buf *buf)
{
    while (buf->len <= STDIN_MAX) {
        const size_t n = fread(evt_buf_grow(buf, 65536), 1, 65536, stdin);

        buf->len += n;
        if (n == 0)
            break;
    }
    evt_buf_add(buf, "", 1);
    buf->len--;
    return !ferror(stdin);
}

static int check_options(const struct evt_conf *conf, const struct cli_commands *all)
{
    static const char *const names[] = {"id", "key", "source", "traceparent"};
    struct evt_error err;

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const char *text = evt_conf_text(conf, names[i]);

        if (text && check_text(names[i], text, EVT_HEADER_MAX, &err) != EVT_OK)
            return cli_fail(&err);
    }
    if (strncmp(all->source, "/shop/", 6) == 0)
        return cli_refuse(EVT_EXIT_USAGE, "a source /shop/… is a service's own: take another");
    return EVT_EXIT_OK;
}

int cli_commands_read(const struct evt_conf *conf, const struct evt_type *type,
                      const struct evt_topic *topic, const char *json,
                      struct cli_commands *ret_commands)
{
    struct cli_commands all = {.type = type, .topic = topic};
    const char *source = evt_conf_text(conf, "source");
    struct evt_buf in = {0};
    int status;

    if (source)
        snprintf(all.source, sizeof(all.source), "%s", source);
    else
        cli_source(all.source, sizeof(all.source));
    *ret_commands = all;
    status = check_options(conf, ret_commands);
    if (status == EVT_EXIT_OK && (!json || strcmp(json, "-") == 0)) {
        if (!read_stdin(&in))
            status = cli_refuse(EVT_EXIT_FAILURE, "read stdin: %s", strerror(errno));
        else if (in.len > STDIN_MAX)
            status =
                cli_refuse(EVT_EXIT_USAGE, "stdin has more than %d bytes: cut the file", STDIN_MAX);
        else
            status = add_all(ret_commands, conf, evt_buf_text(&in), in.len);
    } else if (status == EVT_EXIT_OK) {
        status = add_all(ret_commands, conf, json, strlen(json));
    }
    evt_buf_release(&in);
    return status;
}

void cli_commands_release(struct cli_commands *commands)
{
    evt_arena_release(&commands->arena);
    evt_free(commands->commands);
    commands->commands = NULL;
}

/* ---- sending ---- */

enum evt_err cli_commands_send(const struct evt_kafka *kafka, const struct cli_commands *commands,
                               int64_t *ret_offsets, struct evt_error *err)
{
    struct evt_send *sends = evt_alloc((commands->n + 1) * sizeof(*sends));
    rd_kafka_topic_t *held = NULL;
    rd_kafka_t *sender = NULL;
    int32_t partitions = 0;
    enum evt_err rc = evt_kafka_sender(kafka, &sender, err);

    if (rc == EVT_OK) {
        /* Held, so that what the next question learns of it is kept: else the first one waits. */
        held = rd_kafka_topic_new(sender, commands->topic->name, NULL);
        rc = cli_partitions(kafka, sender, commands->topic->name, &partitions, err);
    }
    if (rc == EVT_OK && partitions != commands->topic->partitions)
        rc = evt_fail(err, EVT_E_USAGE, "%s has %d partitions, not %d: see `evt topics diff`",
                      commands->topic->name, (int)partitions, (int)commands->topic->partitions);
    for (size_t i = 0; i < commands->n; i++)
        sends[i] = commands->commands[i].send;
    if (rc == EVT_OK)
        rc = evt_kafka_send_all(sender, sends, commands->n, SEND_MS_MAX, ret_offsets, err);
    if (held)
        rd_kafka_topic_destroy(held);
    if (sender)
        rd_kafka_destroy(sender);
    evt_free(sends);
    return rc;
}
