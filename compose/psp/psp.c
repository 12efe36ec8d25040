/* Psp: opening, listening and closing. */
#include "operations.h"
#include "psp_internal.h"

#include <evt/buf.h>
#include <evt/mem.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* Requests that wait on purpose hold their connections, all from one address. */
#define CONNECTIONS 1024
/* A client's pool keeps its connections for longer than it may go without a payment. */
#define IDLE_S      120

/* Whoever can reach it can have money back. */
static enum evt_err check_address(const char *address, struct evt_error *err)
{
    const char *colon = strrchr(address, ':');
    struct in_addr ip;
    char host[64] = "";

    if (colon && (size_t)(colon - address) < sizeof(host))
        snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
    if (strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
        (inet_pton(AF_INET, host, &ip) == 1 && ntohl(ip.s_addr) >> 24 == 127))
        return EVT_OK;
    return evt_fail(err, EVT_E_USAGE,
                    "http-addr '%.80s': it listens on loopback only, as 127.0.0.1:12111", address);
}

/* Which of the options was wrong, before why. */
static enum evt_err say_which(const char *text, struct evt_error *err)
{
    const struct evt_error why = *err;

    return evt_fail(err, why.code, "fault '%.60s': %s", text,
                    why.text + strlen(evt_err_str(why.code)) + 2);
}

/* "latency ms=20-80 on=capture" */
static enum evt_err set_fault(struct psp *psp, const char *text, struct evt_error *err)
{
    const char *words[16];
    char *copy = evt_strdup(text), *at = copy, *word;
    struct psp_fault fault;
    enum evt_err rc = EVT_OK;
    json_t *json = NULL;
    size_t n = 0;

    while ((word = strsep(&at, " ")) && n < sizeof(words) / sizeof(words[0]))
        if (*word)
            words[n++] = word;
    if (n == 0)
        rc = evt_fail(err, EVT_E_USAGE, "it is empty; say one as 'latency ms=20-80'");
    else if (!(json = psp_fault_words(words, n, err)))
        rc = err->code;
    if (rc == EVT_OK)
        rc = psp_fault_parse(json, &fault, err);
    if (rc == EVT_OK && fault.refuses)
        rc = evt_fail(err, EVT_E_USAGE,
                      "how=refuse is for one that runs: it has not begun to listen");
    if (rc == EVT_OK)
        rc = psp_faults_add(psp->faults, &fault, err);
    json_decref(json);
    evt_free(copy);
    return rc == EVT_OK ? rc : say_which(text, err);
}

/* Stripe's operations first, so that a route's index is its operation's. */
static void make_routes(struct psp *psp)
{
    size_t n = 0, control_n = 0;

    while (psp_operations[n].method)
        n++;
    while (psp_control_routes[control_n].method)
        control_n++;
    psp->routes = evt_zalloc((n + control_n + 1) * sizeof(*psp->routes));
    for (size_t i = 0; i < n; i++)
        psp->routes[i] = (struct evt_route){.method = psp_operations[i].method,
                                            .path = psp_operations[i].path,
                                            .fn = psp_serve,
                                            .summary = psp_operations[i].summary};
    memcpy(psp->routes + n, psp_control_routes, control_n * sizeof(*psp->routes));
}

enum evt_err psp_open(const struct psp_options *opt, struct psp **ret_psp, struct evt_error *err)
{
    struct psp *psp = evt_zalloc(sizeof(*psp));
    enum evt_err rc = check_address(opt->address, err);

    psp->opt = *opt;
    psp->faults = psp_faults_new(opt->seed);
    snprintf(psp->address, sizeof(psp->address), "%s", opt->address);
    make_routes(psp);
    for (size_t i = 0; rc == EVT_OK && i < opt->faults_n; i++)
        rc = set_fault(psp, opt->faults[i], err);
    if (rc == EVT_OK)
        rc = psp_secrets_open(opt->key_file, &psp->secrets, err);
    if (rc == EVT_OK)
        rc = psp_book_open(opt->data_dir, false, &psp->book, err);
    if (rc == EVT_OK)
        rc = psp_settle_look(psp, err);
    if (rc != EVT_OK)
        psp_close(psp);
    else
        *ret_psp = psp;
    return rc;
}

enum evt_err psp_listen(struct psp *psp, struct evt_error *err)
{
    const struct evt_http_options opt = {.address = psp->address,
                                         .routes = psp->routes,
                                         .arg = psp,
                                         .connections_max = CONNECTIONS,
                                         .per_client_max = CONNECTIONS,
                                         .idle_timeout_s = IDLE_S};
    enum evt_err rc = evt_http_start(&opt, &psp->http, err);

    if (rc == EVT_OK)
        snprintf(psp->address, sizeof(psp->address), "%s", evt_http_address(psp->http));
    return rc;
}

const char *psp_address(const struct psp *psp)
{
    return psp->address;
}

int64_t psp_refusal_ms(struct psp *psp)
{
    return atomic_exchange(&psp->refusal_ms, 0);
}

void psp_quiet(struct psp *psp)
{
    evt_http_stop(psp->http);
    psp->http = NULL;
}

void psp_close(struct psp *psp)
{
    if (!psp)
        return;
    psp_quiet(psp);
    psp_book_close(psp->book);
    psp_secrets_free(psp->secrets);
    psp_faults_free(psp->faults);
    evt_free(psp->routes);
    evt_free(psp);
}
