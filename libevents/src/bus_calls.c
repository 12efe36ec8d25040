/* Bus, outside calls: a seat begins an attempt, which the process's one calling thread makes; its
 * end lies in the seat's mailbox until the seat's own thread tells evt_due of it. What is lost with
 * the process is begun again: the rows are the truth. */
#include "bus_internal.h"

#include <evt/clock.h>
#include <evt/mem.h>

#include <string.h>

#define CAP_MIN 16

void evt__seat_mailbox_init(struct evt_seat *seat)
{
    pthread_mutex_init(&seat->mailbox.mutex, NULL);
}

void evt__seat_mailbox_release(struct evt_seat *seat)
{
    struct evt_mailbox *box = &seat->mailbox;

    for (size_t i = 0; i < box->n; i++)
        evt_free(box->mails[i].response);
    evt_free(box->mails);
    pthread_mutex_destroy(&box->mutex);
}

/* From the calling thread. The first mail wakes the seat, which takes all that are there by then.
 */
static void ended(void *arg, void *of, int64_t id, enum evt_call_end end, struct evt_bytes response)
{
    struct evt_seat *seat = of;
    struct evt_mailbox *box = &seat->mailbox;
    bool first;

    (void)arg;
    pthread_mutex_lock(&box->mutex);
    if (box->n == box->cap) {
        box->cap = box->cap ? 2 * box->cap : CAP_MIN;
        box->mails = evt_realloc(box->mails, box->cap * sizeof(*box->mails));
    }
    first = box->n == 0;
    box->mails[box->n++] =
        (struct evt_mail){.id = id,
                          .end = end,
                          .response = response.len ? evt_memdup(response.data, response.len) : NULL,
                          .response_len = response.len};
    atomic_store(&box->full, true);
    pthread_mutex_unlock(&box->mutex);
    if (first)
        rd_kafka_queue_yield(seat->queue);
}

void evt__seat_take_mail(struct evt_seat *seat)
{
    struct evt_mailbox *box = &seat->mailbox;
    struct evt_mail *mails;
    size_t n;

    if (!atomic_load(&box->full))
        return;
    pthread_mutex_lock(&box->mutex);
    mails = box->mails;
    n = box->n;
    box->mails = NULL;
    box->n = box->cap = 0;
    atomic_store(&box->full, false);
    pthread_mutex_unlock(&box->mutex);
    for (size_t i = 0; i < n; i++) {
        evt_due_call_ended(seat->due, mails[i].id, mails[i].end,
                           (struct evt_bytes){mails[i].response, mails[i].response_len},
                           evt_clock_wall_ms());
        evt_free(mails[i].response);
    }
    evt_free(mails);
}

void evt__seat_call(struct evt_seat *seat, const struct evt_call_request *request)
{
    static const char none[] = "this version makes no outside calls";

    if (seat->bus->calling) {
        evt_calling_begin(seat->bus->calling, seat, request);
        return;
    }
    /* A row that an older version wrote. */
    EVT_LOG(ERROR, "an outside call cannot be made: parked", EVT_FT("name", request->name),
            EVT_FN("id", request->id), EVT_FT("key", request->key), EVT_FT("reason", none));
    ended(NULL, seat, request->id, EVT_CALL_END_PARKED, (struct evt_bytes){NULL, 0});
}

enum evt_err evt__bus_calls_start(struct evt_bus *bus, struct evt_error *err)
{
    const struct evt_calling_options opt = {
        .callers = bus->opt.service->callers,
        .conf = bus->opt.conf,
        .service = bus->opt.service->name,
        .metrics = bus->opt.metrics,
        .ended = ended,
    };

    if (!opt.callers || !opt.callers->name)
        return EVT_OK;
    return evt_calling_start(&opt, &bus->calling, err);
}

/* After the seats' threads: they begin attempts. */
void evt__bus_calls_stop(struct evt_bus *bus)
{
    evt_calling_stop(bus->calling);
    bus->calling = NULL;
}
