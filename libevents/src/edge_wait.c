/* Who waits for what a shard makes of a key.
 *
 * The shard's thread notes the keys of what it applies, if anybody waits at all, and a commit wakes
 * those who wait for one of them: a thousand who wait for other keys cost it nothing. Whoever is
 * woken looks into the store again, on the HTTP thread. Nothing is missed: who begins to wait while
 * nobody else did is woken by the next commit, whatever it holds, because what it holds may have
 * been applied before; and who looked while a commit came looks again. */
#include "edge_internal.h"

#include <events/evt.h>
#include <evt/clock.h>
#include <evt/hash.h>
#include <evt/mem.h>
#include <evt/shard.h>
#include <string.h>

struct evt__watch {
    struct evt__watch *prev, *next; /* of the same bucket */
    struct evt_edge *edge;
    struct evt_request *req;
    uint64_t hash;
    int32_t partition;
    int64_t deadline_ms;
    bool counted; /* from when it has waited once until it is answered */
    bool (*look)(struct evt_request *req, void *arg, bool last);
    void *arg;
};

static uint64_t hash_of(const void *key, size_t len)
{
    struct evt_sip sip;

    evt_sip_init(&sip);
    evt_sip_add(&sip, key, len);
    return evt_sip_end(&sip);
}

static struct evt__watch **bucket_of(struct evt_edge *edge, uint64_t hash)
{
    return &edge->watches[hash % EVT__WATCH_BUCKETS];
}

/* What concerns no key that we could know of concerns all. */
static bool is_for_all(const struct evt_record *rec)
{
    const struct evt_text type = evt_envelope_type(rec);

    return evt_text_is(type, evt_rejected_type.name) || evt_text_is(type, evt_retry_saga_type.name);
}

/* From the shard's thread, before the commit; after a rollback it comes again. */
void evt_edge_applied(void *arg, int32_t partition, const struct evt_record *rec)
{
    struct evt_edge *edge = arg;
    struct evt__edge_shard *shard = &edge->shards[partition];

    if (__atomic_load_n(&shard->watches_n, __ATOMIC_RELAXED) == 0)
        return;
    if (shard->touched_n < EVT_BATCH_MAX && !is_for_all(rec)) {
        if (!shard->touched)
            shard->touched = evt_alloc(EVT_BATCH_MAX * sizeof(shard->touched[0]));
        shard->touched[shard->touched_n++] = hash_of(rec->key, rec->key_len);
        return;
    }
    pthread_mutex_lock(&edge->lock);
    shard->touched_all = true;
    pthread_mutex_unlock(&edge->lock);
}

static void enlist(struct evt__watch *watch)
{
    struct evt__watch **first = bucket_of(watch->edge, watch->hash);

    watch->prev = NULL;
    watch->next = *first;
    if (watch->next)
        watch->next->prev = watch;
    *first = watch;
}

static void delist(struct evt__watch *watch)
{
    if (watch->prev)
        watch->prev->next = watch->next;
    else
        *bucket_of(watch->edge, watch->hash) = watch->next;
    if (watch->next)
        watch->next->prev = watch->prev;
}

/* Keys are noted from now on; those of what was applied before are not known. */
static void count_in(struct evt__watch *watch)
{
    struct evt__edge_shard *shard = &watch->edge->shards[watch->partition];

    if (watch->counted)
        return;
    watch->counted = true;
    if (shard->watches_n == 0)
        shard->touched_all = true;
    __atomic_add_fetch(&shard->watches_n, 1, __ATOMIC_RELAXED);
}

static void watch_free(struct evt__watch *watch)
{
    if (watch->counted) {
        pthread_mutex_lock(&watch->edge->lock);
        __atomic_sub_fetch(&watch->edge->shards[watch->partition].watches_n, 1, __ATOMIC_RELAXED);
        pthread_mutex_unlock(&watch->edge->lock);
    }
    evt_free(watch);
}

static void late(struct evt_request *req, void *arg)
{
    struct evt__watch *watch = arg;

    pthread_mutex_lock(&watch->edge->lock);
    delist(watch);
    pthread_mutex_unlock(&watch->edge->lock);
    EVT_BUG_ON(!watch->look(req, watch->arg, true));
    watch_free(watch);
}

/* False: there was a commit since it was looked. */
static bool wait_on(struct evt__watch *watch, uint64_t commits)
{
    struct evt_edge *edge = watch->edge;
    int64_t left_ms = watch->deadline_ms - evt_clock_ms();
    bool waits;

    pthread_mutex_lock(&edge->lock);
    waits = edge->shards[watch->partition].commits == commits;
    if (waits) {
        count_in(watch);
        enlist(watch);
        evt_request_suspend(watch->req, left_ms > 0 ? left_ms : 0, late, watch);
    }
    pthread_mutex_unlock(&edge->lock);
    return waits;
}

static uint64_t commits_of(struct evt__watch *watch)
{
    uint64_t commits;

    pthread_mutex_lock(&watch->edge->lock);
    commits = watch->edge->shards[watch->partition].commits;
    pthread_mutex_unlock(&watch->edge->lock);
    return commits;
}

static void look(struct evt_request *req, void *arg)
{
    struct evt__watch *watch = arg;
    const struct evt__edge_shard *shard = &watch->edge->shards[watch->partition];
    uint64_t commits;

    do {
        commits = commits_of(watch);
        /* An open read would show what was before. */
        EVT_BUG_ON(shard->db && sqlite3_txn_state(shard->db, NULL) != SQLITE_TXN_NONE);
        if (watch->look(req, watch->arg, false)) {
            watch_free(watch);
            return;
        }
    } while (!wait_on(watch, commits));
}

void evt_edge_await(struct evt_edge *edge, struct evt_request *req, const char *key,
                    int64_t wait_ms, bool (*fn)(struct evt_request *req, void *arg, bool last),
                    void *arg)
{
    struct evt__watch *watch;

    /* What has no place to wait is answered with what there is; a command was done by then. */
    if (wait_ms > 0 && !evt_request_wait(req)) {
        wait_ms = 0;
        if (strcmp(evt_request_method(req), "GET") == 0)
            evt_reply_header(req, "Retry-After", "5");
    }
    if (wait_ms <= 0) {
        EVT_BUG_ON(!fn(req, arg, true));
        return;
    }
    watch = evt_zalloc(sizeof(*watch));
    watch->edge = edge;
    watch->req = req;
    watch->hash = hash_of(key, strlen(key));
    watch->partition = evt_partition_of(key, strlen(key), edge->inbox->partitions);
    watch->deadline_ms = evt_clock_ms() + wait_ms;
    watch->look = fn;
    watch->arg = arg;
    look(req, watch);
}

/* Of those with this hash, or of all; whose deadline was first is left to it. */
static void wake_bucket(struct evt__watch *watch, int32_t partition, const uint64_t *hash)
{
    struct evt__watch *next;

    for (; watch; watch = next) {
        next = watch->next;
        if (watch->partition != partition || (hash && watch->hash != *hash) ||
            !evt_request_claim(watch->req))
            continue;
        delist(watch);
        evt_request_resume(watch->req, look, watch);
    }
}

void evt__watches_wake(struct evt_edge *edge, int32_t partition)
{
    struct evt__edge_shard *shard = &edge->shards[partition];
    size_t i;

    shard->commits++;
    if (shard->watches_n > 0 && shard->touched_all)
        for (i = 0; i < EVT__WATCH_BUCKETS; i++)
            wake_bucket(edge->watches[i], partition, NULL);
    else if (shard->watches_n > 0)
        for (i = 0; i < shard->touched_n; i++)
            wake_bucket(*bucket_of(edge, shard->touched[i]), partition, &shard->touched[i]);
    shard->touched_all = false;
    shard->touched_n = 0;
}

int64_t evt__wait_hint_ms(const struct evt_request *req)
{
    const char *at = evt_request_query(req, "wait");
    int64_t seconds = 0;

    if (at && !evt__number_read(&at, "", EVT_EDGE_WAIT_MAX, &seconds))
        return -1;
    return seconds * 1000;
}

bool evt_edge_wait_ms(struct evt_request *req, int64_t *ret_wait_ms)
{
    int64_t wait_ms = evt__wait_hint_ms(req);

    if (wait_ms < 0) {
        evt_reply_problem(req, 400, "wait: is not a number of seconds from 0 to %d",
                          EVT_EDGE_WAIT_MAX);
        return false;
    }
    *ret_wait_ms = wait_ms;
    return true;
}
