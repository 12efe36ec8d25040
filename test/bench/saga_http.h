/* Saga bench, the way over HTTP: one request an order, answered when the order has ended. */
#ifndef SAGA_HTTP_H
#define SAGA_HTTP_H

#include "saga_load.h"
#include "saga_tally.h"

struct saga_http {
    const char *address; /* "127.0.0.1:21100" */
    struct saga_tally *tally;
    struct saga_load *load;
    void *multi; /* libcurl's */
    pthread_t thread;
    pthread_mutex_t mutex;
    atomic_bool stop;
    uint64_t *waiting; /* orders that the thread has not yet begun */
    size_t waiting_n, waiting_cap;
    void **spare; /* handles, to be used again */
    size_t spare_n, spare_cap;
};
void saga_http_open(struct saga_http *http, const char *address, struct saga_tally *tally);
void saga_http_close(struct saga_http *http);
struct saga_way saga_http_way(struct saga_http *http);

#endif
