/* Peers: who owns which shard, and what is passed on to whom. One hop: the owner's answer goes back
 * as it came, and a request that was passed on already goes no further. */
#include "edge_internal.h"

#include <evt/hash.h>
#include <evt/mem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void note_peer(struct evt_edge *edge, const char *url)
{
    size_t i;

    for (i = 0; i < edge->peers_n; i++)
        if (strcmp(edge->peers[i], url) == 0)
            return;
    edge->peers = evt_realloc(edge->peers, (edge->peers_n + 1) * sizeof(edge->peers[0]));
    edge->peers[edge->peers_n++] = evt_strdup(url);
}

/* "0=http://127.0.0.1:8081"; a slash at the end goes. */
static enum evt_err parse_one(struct evt_edge *edge, const char *text, size_t len,
                              struct evt_error *err)
{
    const char *equals = memchr(text, '=', len);
    const char *url = equals ? equals + 1 : text;
    size_t url_len = (size_t)(text + len - url);
    struct evt__edge_shard *shard;
    char *end;
    long p = strtol(text, &end, 10);

    while (url_len && url[url_len - 1] == '/')
        url_len--;
    if (!equals || end != equals || end == text || *text < '0' || *text > '9' ||
        (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) || url_len <= 8 ||
        memchr(url, ' ', url_len))
        return evt_fail(err, EVT_E_USAGE,
                        "PEERS: %.*s is not SHARD=URL, as 0=http://127.0.0.1:8081", (int)len, text);
    if (p >= edge->inbox->partitions)
        return evt_fail(err, EVT_E_USAGE, "PEERS: there is no shard %ld, only 0 to %d", p,
                        (int)edge->inbox->partitions - 1);
    shard = &edge->shards[p];
    if (shard->peer)
        return evt_fail(err, EVT_E_USAGE, "PEERS: shard %ld is given twice", p);
    shard->peer = evt_strndup(url, url_len);
    /* All processes may be given the same list: it names ourselves, too. */
    if (!evt_bus_owns(edge->bus, (int32_t)p))
        note_peer(edge, shard->peer);
    return EVT_OK;
}

enum evt_err evt__peers_parse(struct evt_edge *edge, const char *peers, struct evt_error *err)
{
    const char *at = peers ? peers : "";
    enum evt_err rc = EVT_OK;

    while (*at && rc == EVT_OK) {
        size_t len = strcspn(at, ",");

        rc = parse_one(edge, at, len, err);
        at += len + (at[len] == ',');
    }
    return rc;
}

int32_t evt_edge_partitions(const struct evt_edge *edge)
{
    return edge->inbox->partitions;
}

bool evt_edge_owns(const struct evt_edge *edge, int32_t partition)
{
    return evt_bus_owns(edge->bus, partition);
}

int32_t evt_edge_unknown(const struct evt_edge *edge)
{
    int32_t p;

    for (p = 0; p < edge->inbox->partitions; p++)
        if (!edge->shards[p].peer && !evt_bus_owns(edge->bus, p))
            return p;
    return -1;
}

size_t evt_edge_peers(const struct evt_edge *edge)
{
    return edge->peers_n;
}

bool evt_edge_is_hop(const struct evt_request *req)
{
    return evt_request_header(req, EVT__HOP) != NULL;
}

/* The rest is between the client and us. */
size_t evt__passed_headers(const struct evt_request *req, char *texts[EVT__PASSED_MAX])
{
    static const char *const names[] = {"Content-Type", "Idempotency-Key", "Accept",
                                        "If-Match",     "If-None-Match",   "Last-Event-ID",
                                        "traceparent"};
    struct evt_buf text = {0};
    size_t n = 0, i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = evt_request_header(req, names[i]);

        if (!value)
            continue;
        evt_buf_clear(&text);
        /* curl drops "Name:" and sends "Name;" as a header without a value. */
        evt_buf_printf(&text, *value ? "%s: %s" : "%s;", names[i], value);
        texts[n++] = evt_strdup(evt_buf_text(&text));
    }
    evt_buf_release(&text);
    texts[n] = NULL;
    return n;
}

void evt__pass_back(struct evt_request *req, void *arg, const struct evt__outcome *outcome)
{
    const char *type = NULL, *at = (const char *)outcome->headers.data;
    const char *end = at + outcome->headers.len, *value;
    const char *peer = arg;

    if (outcome->status == 0) {
        evt__reply_later(req, outcome->unreachable ? 503 : 502,
                         "the process that owns the shard, %s, gave no answer: %s; try again", peer,
                         outcome->why);
        return;
    }
    for (; at < end; at = value + strlen(value) + 1) {
        value = at + strlen(at) + 1;
        if (strcasecmp(at, "Content-Type") == 0)
            type = value;
        else
            evt_reply_header(req, at, value);
    }
    evt_reply_text(req, outcome->status, type, evt_buf_text(&outcome->body), outcome->body.len);
}

static void pass_on(struct evt_edge *edge, struct evt_request *req, char *peer)
{
    const int64_t wait_ms = evt__wait_hint_ms(req);
    char *headers[EVT__PASSED_MAX];
    struct evt__errand errand = {
        .method = evt_request_method(req),
        .base = peer,
        .target = evt_request_target(req),
        .headers = (const char *const *)headers,
        .wait_ms = edge->answer_ms + EVT__MARGIN_MS + (wait_ms > 0 ? wait_ms : 0),
        .lingers = wait_ms > 0,
    };
    size_t n = evt__passed_headers(req, headers), i;

    errand.body = evt_request_body(req, &errand.body_len);
    evt__relay_run(edge->relay, req, &errand, evt__pass_back, NULL, peer);
    for (i = 0; i < n; i++)
        evt_free(headers[i]);
}

bool evt__is_passed_on(struct evt_edge *edge, struct evt_request *req, const char *key,
                       char **ret_peer)
{
    int32_t partition = evt_partition_of(key, strlen(key), edge->inbox->partitions);
    char *peer = edge->shards[partition].peer;

    if (evt_bus_owns(edge->bus, partition))
        return false;
    *ret_peer = NULL;
    if (evt_edge_is_hop(req))
        evt_reply_problem(
            req, 508,
            "the request was passed on to a process that does not own shard %d: PEERS "
            "differ between processes",
            (int)partition);
    else if (!peer)
        evt__reply_later(req, 503, "no process is known for shard %d: name its owner in PEERS",
                         (int)partition);
    else
        *ret_peer = peer;
    return true;
}

bool evt_edge_passed_on(struct evt_edge *edge, struct evt_request *req, const char *key)
{
    char *peer;

    if (!evt__is_passed_on(edge, req, key, &peer))
        return false;
    if (peer)
        pass_on(edge, req, peer);
    return true;
}

struct question {
    void (*answered)(struct evt_request *req, void *arg, int status, const char *body, size_t len);
    void (*gone)(void *arg);
    void *arg;
};

static void answer_question(struct evt_request *req, void *arg, const struct evt__outcome *outcome)
{
    struct question question = *(struct question *)arg;

    evt_free(arg);
    if (outcome->status)
        question.answered(req, question.arg, outcome->status, evt_buf_text(&outcome->body),
                          outcome->body.len);
    else
        question.answered(req, question.arg, 0, outcome->why, strlen(outcome->why));
}

static void drop_question(void *arg)
{
    struct question *question = arg;

    question->gone(question->arg);
    evt_free(question);
}

void evt_edge_ask(struct evt_edge *edge, struct evt_request *req, size_t peer, const char *target,
                  void (*answered)(struct evt_request *req, void *arg, int status, const char *body,
                                   size_t len),
                  void (*gone)(void *arg), void *arg)
{
    static const char *const no_headers[] = {NULL};
    const struct evt__errand errand = {
        .method = "GET",
        .base = edge->peers[peer],
        .target = target,
        .headers = no_headers,
        .wait_ms = edge->answer_ms + EVT__MARGIN_MS,
    };
    struct question *question = evt_zalloc(sizeof(*question));

    *question = (struct question){answered, gone, arg};
    evt__relay_run(edge->relay, req, &errand, answer_question, drop_question, question);
}
