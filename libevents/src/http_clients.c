/* Clients by their address: how many connections each has, and how many of these wait.
 *
 * A request that its client asked to wait holds a connection for a minute and costs nothing else,
 * so it has a limit of its own. Behind a gateway all clients have one address; what waits must not
 * take the connections of what does not. */
#include "http_internal.h"

#include <evt/hash.h>
#include <evt/mem.h>
#include <netinet/in.h>
#include <string.h>

struct evt__client {
    struct evt__client *next; /* of the same bucket */
    uint8_t address[sizeof(struct in6_addr)];
    int connections, waits; /* `waits`: of these, whose request waits */
};

/* Of IPv4 the first four bytes, so that nobody's IPv6 address, which begins otherwise, is meant. */
static void address_of(const struct sockaddr *from, uint8_t ret_address[sizeof(struct in6_addr)])
{
    memset(ret_address, 0, sizeof(struct in6_addr));
    if (from->sa_family == AF_INET6)
        memcpy(ret_address, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr,
               sizeof(struct in6_addr));
    else if (from->sa_family == AF_INET)
        memcpy(ret_address, &((const struct sockaddr_in *)(const void *)from)->sin_addr,
               sizeof(struct in_addr));
}

/* The link that leads to it, or where it would be. */
static struct evt__client **find(struct evt_http *http, const uint8_t *address)
{
    struct evt_sip sip;
    struct evt__client **at;

    evt_sip_init(&sip);
    evt_sip_add(&sip, address, sizeof((*at)->address));
    at = &http->clients[evt_sip_end(&sip) % EVT__CLIENT_BUCKETS];
    while (*at && memcmp((*at)->address, address, sizeof((*at)->address)) != 0)
        at = &(*at)->next;
    return at;
}

enum MHD_Result evt__client_may_come(void *arg, const struct sockaddr *from, socklen_t len)
{
    struct evt_http *http = arg;
    uint8_t address[sizeof(struct in6_addr)];
    const struct evt__client *client;
    bool may;

    (void)len;
    address_of(from, address);
    pthread_mutex_lock(&http->lock);
    client = *find(http, address);
    may = !client || client->connections - client->waits < http->opt.per_client_max;
    pthread_mutex_unlock(&http->lock);
    return may ? MHD_YES : MHD_NO; /* which closes it at once */
}

struct evt__client *evt__client_add(struct evt_http *http, struct MHD_Connection *connection)
{
    uint8_t address[sizeof(struct in6_addr)];
    struct evt__client **at;

    address_of(MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr,
               address);
    at = find(http, address);
    if (!*at) {
        *at = evt_zalloc(sizeof(**at));
        memcpy((*at)->address, address, sizeof(address));
    }
    (*at)->connections++;
    return *at;
}

void evt__client_remove(struct evt_http *http, struct evt__client *client)
{
    if (--client->connections > 0)
        return;
    EVT_BUG_ON(client->waits);
    *find(http, client->address) = client->next; /* the link that leads to it */
    evt_free(client);
}

enum evt__place evt__wait_begin(struct evt_request *req)
{
    struct evt_http *http = req->http;
    struct evt__client *client = evt__arrival_of(req)->client;
    enum evt__place place = EVT__PLACE_IS_FREE;

    pthread_mutex_lock(&http->lock);
    if (req->waits)
        ;
    else if (http->waits >= http->opt.waits_max)
        place = EVT__PLACE_NONE;
    else if (client->waits >= http->opt.per_client_waits_max)
        place = EVT__PLACE_NONE_OF_CLIENT;
    else {
        req->waits = true;
        client->waits++;
        http->waits++;
    }
    pthread_mutex_unlock(&http->lock);
    if (http->count)
        evt__count_waits(http->count, http->waits, place != EVT__PLACE_IS_FREE);
    return place;
}

bool evt_request_wait(struct evt_request *req)
{
    return evt__wait_begin(req) == EVT__PLACE_IS_FREE;
}

bool evt__wait_or_refuse(struct evt_request *req)
{
    const struct evt_http_options *opt = &req->http->opt;
    const enum evt__place place = evt__wait_begin(req);

    if (place == EVT__PLACE_IS_FREE)
        return true;
    evt_reply_header(req, "Retry-After", "5");
    if (place == EVT__PLACE_NONE)
        evt_reply_problem(req, 503, "%d requests wait already; try again later", opt->waits_max);
    else
        evt_reply_problem(req, 429, "%d requests from this address wait already; try again later",
                          opt->per_client_waits_max);
    return false;
}

void evt__wait_end(struct evt_request *req)
{
    struct evt_http *http = req->http;

    if (!req->waits)
        return;
    pthread_mutex_lock(&http->lock);
    req->waits = false;
    evt__arrival_of(req)->client->waits--;
    http->waits--;
    pthread_mutex_unlock(&http->lock);
    if (http->count)
        evt__count_waits(http->count, http->waits, false);
}
