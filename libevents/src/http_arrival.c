/* Arrivals: connections of which a whole request is awaited.
 *
 * The daemon's own timeout begins anew with every byte, so a client that sends one now and then
 * would hold a connection for ever. All wait equally long: a list is in the order of deadlines. */
#include "http_internal.h"

#include <evt/clock.h>
#include <evt/mem.h>
#include <sys/socket.h>

static void await(struct evt_http *http, struct evt__arrival *arrival)
{
    arrival->awaited = true;
    arrival->deadline_ms = evt_clock_ms() + (int64_t)http->opt.arrival_timeout_s * 1000;
    arrival->prev = http->last;
    arrival->next = NULL;
    if (http->last)
        http->last->next = arrival;
    else
        http->first = arrival;
    http->last = arrival;
    if (http->first == arrival)
        pthread_cond_signal(&http->sooner);
}

static void leave(struct evt_http *http, struct evt__arrival *arrival)
{
    if (!arrival->awaited)
        return;
    arrival->awaited = false;
    *(arrival->prev ? &arrival->prev->next : &http->first) = arrival->next;
    *(arrival->next ? &arrival->next->prev : &http->last) = arrival->prev;
}

/* A connection began, or is about to be closed: its descriptor is not used afterwards. */
void evt__arrival_notify(void *arg, struct MHD_Connection *connection, void **context,
                         enum MHD_ConnectionNotificationCode code)
{
    struct evt_http *http = arg;
    struct evt__arrival *arrival = *context;

    pthread_mutex_lock(&http->lock);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        arrival = evt_zalloc(sizeof(*arrival));
        arrival->fd =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        arrival->client = evt__client_add(http, connection);
        await(http, arrival);
        *context = arrival;
    } else if (arrival) {
        leave(http, arrival);
        evt__client_remove(http, arrival->client);
        evt_free(arrival);
        *context = NULL;
    }
    pthread_mutex_unlock(&http->lock);
}

struct evt__arrival *evt__arrival_of(const struct evt_request *req)
{
    return MHD_get_connection_info(req->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
        ->socket_context;
}

void evt__arrival_came(struct evt_request *req)
{
    struct evt__arrival *arrival = evt__arrival_of(req);

    pthread_mutex_lock(&req->http->lock);
    leave(req->http, arrival);
    pthread_mutex_unlock(&req->http->lock);
}

void evt__arrival_again(struct evt_request *req)
{
    struct evt__arrival *arrival = evt__arrival_of(req);

    pthread_mutex_lock(&req->http->lock);
    leave(req->http, arrival);
    await(req->http, arrival);
    pthread_mutex_unlock(&req->http->lock);
}

int64_t evt__arrival_cut(struct evt_http *http, int64_t now_ms)
{
    struct evt__arrival *arrival;

    while ((arrival = http->first) && arrival->deadline_ms <= now_ms) {
        leave(http, arrival);
        shutdown(arrival->fd, SHUT_RDWR); /* the daemon sees its end, and closes it */
    }
    return arrival ? arrival->deadline_ms : INT64_MAX;
}
