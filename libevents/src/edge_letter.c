/* A command as a record of the log: the envelope that the conventions ask for, the client's own
 * trace where it has one. Two requests are equal when these records are, but for the trace. */
#include "edge_internal.h"
#include "request_hash.h"

#include <evt/codec.h>
#include <string.h>

static struct evt_header header(const char *name, const char *value)
{
    return (struct evt_header){name, value, strlen(value)};
}

static void trace(struct evt__letter *letter, const struct evt_request *req, const char *id,
                  const struct evt_send *send)
{
    const char *own = evt_request_header(req, "traceparent");
    struct evt_text text = {own, own ? strlen(own) : 0};

    if (own && evt_trace_valid(text))
        memcpy(letter->trace, own, sizeof(letter->trace));
    else
        evt_trace_print(letter->trace, (struct evt_text){0}, id, strlen(id), send->topic,
                        send->partition, -1);
}

bool evt__letter_write(struct evt__letter *letter, const struct evt_edge *edge,
                       struct evt_request *req, const struct evt_type *type, const void *msg,
                       struct evt__command *command)
{
    struct evt_send *send = &letter->send;
    struct evt_record rec = {0};
    struct evt_error err;
    enum evt_err rc = evt_type_encode(type, msg, &letter->value, &err);

    if (rc != EVT_OK) {
        evt_reply_problem(req, rc == EVT_E_VALUE_SIZE ? 413 : 400, "%s", err.text);
        return false;
    }
    send->topic = edge->inbox->name;
    send->partition = command->partition;
    send->key = evt_type_text(type, msg, type->key_field);
    send->key_len = strlen(send->key);
    send->value = letter->value.data;
    send->value_len = letter->value.len;
    trace(letter, req, command->id, send);
    letter->headers[0] = header("ce_specversion", "1.0");
    letter->headers[1] = header("ce_id", command->id);
    letter->headers[2] = header("ce_source", edge->source);
    letter->headers[3] = header("ce_type", type->name);
    letter->headers[4] = header("traceparent", letter->trace);
    send->headers = letter->headers;
    send->headers_n = 5;
    rec.key = send->key;
    rec.key_len = send->key_len;
    rec.value = send->value;
    rec.value_len = send->value_len;
    rec.headers = send->headers;
    rec.headers_n = send->headers_n;
    command->request = evt__request_hash(&rec);
    return true;
}
