/* Cluster, apply: creates what is missing, each partition with its birth as the first record, and
 * mends settings. What cannot be mended is refused before anything is changed. */
#include "cluster_internal.h"

#include <evt/buf.h>
#include <evt/clock.h>
#include <evt/mem.h>

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define BIRTH_TRIES 5 /* against a producer that writes into a topic as soon as it exists */
#define LOOK_MS     20

struct applying {
    struct evt_cluster *cluster;
    const struct evt_registry *registry;
    struct evt__topic_state *states;
    bool *created; /* by us: only such a topic is deleted when its birth came too late */
    bool *unset;   /* settings differ */
    size_t n;
    void (*each)(void *arg, const char *text);
    void *arg;
};

static void tell(const struct applying *a, const char *fmt, ...) EVT_PRINTF(2, 3);
static void tell(const struct applying *a, const char *fmt, ...)
{
    char text[320];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (a->each)
        a->each(a->arg, text);
}

/* ---- what nothing can mend ---- */

struct refusal {
    struct evt_error *err;
    enum evt_err rc;
    bool stand_in;
};

static bool mendable(const struct refusal *refusal, const struct evt_topic_difference *d)
{
    switch (d->trouble) {
    case EVT_TOPIC_MISSING:
        return !refusal->stand_in;
    case EVT_TOPIC_PARTITIONS:
        return false;
    case EVT_TOPIC_SETTING:
    case EVT_TOPIC_NO_BIRTH: /* judged once it is tried */
        return true;
    }
    return false;
}

static void refuse(void *arg, const struct evt_topic_difference *d)
{
    struct refusal *refusal = arg;

    if (refusal->rc == EVT_OK && !mendable(refusal, d))
        refusal->rc = evt_fail(refusal->err, EVT_E_USAGE, "%s", d->text);
}

static enum evt_err check_strangers(const struct applying *a, struct evt_error *err)
{
    for (size_t i = 0; i < a->n; i++)
        for (int32_t p = 0; a->states[i].births && p < a->states[i].partitions; p++)
            if (a->states[i].births[p] == EVT__BIRTH_STRANGER && !a->created[i])
                return evt_fail(err, EVT_E_LOG_NO_BIRTH,
                                "%s/%" PRId32 ": delete the topic and run `evt topics apply`",
                                a->states[i].topic->name, p);
    return EVT_OK;
}

/* ---- topics ---- */

/* Until every topic that should be there is, with leaders, or until those that should not are not.
 */
static enum evt_err wait_topics(struct applying *a, size_t first, size_t n, bool there,
                                struct evt_error *err)
{
    const int64_t end_ms = evt_clock_ms() + EVT__ASK_MS;

    for (;;) {
        enum evt_err rc = evt__cluster_look_topics(a->cluster, a->states + first, n, err);
        size_t done = 0;

        if (rc != EVT_OK)
            return rc;
        for (size_t i = first; i < first + n; i++)
            done += there ? a->states[i].led : a->states[i].partitions == 0;
        if (done == n)
            return EVT_OK;
        if (evt_clock_ms() > end_ms)
            return evt_fail(err, EVT_E_AWAY,
                            "%zu topics are %s after %d ms: look at the broker's log, then run"
                            " `evt topics apply` again",
                            n - done, there ? "not served" : "not deleted", EVT__ASK_MS);
        usleep(LOOK_MS * 1000);
    }
}

static enum evt_err create_missing(struct applying *a, struct evt_error *err)
{
    enum evt_err rc = EVT_OK;
    size_t asked = 0;

    for (size_t i = 0; rc == EVT_OK && i < a->n; i++) {
        if (a->states[i].partitions > 0)
            continue;
        rc = evt__admin_create(a->cluster, a->states[i].topic, &a->created[i], err);
        asked++;
    }
    return rc == EVT_OK && asked ? wait_topics(a, 0, a->n, true, err) : rc;
}

static enum evt_err create_anew(struct applying *a, size_t i, struct evt_error *err)
{
    enum evt_err rc = evt__admin_delete(a->cluster, a->states[i].topic, err);

    tell(a, "%s: another record came before its birth, it is created anew",
         a->states[i].topic->name);
    if (rc == EVT_OK)
        rc = wait_topics(a, i, 1, false, err);
    if (rc == EVT_OK) {
        evt__cluster_let_go(a->cluster, a->states[i].topic);
        rc = evt__admin_create(a->cluster, a->states[i].topic, &a->created[i], err);
    }
    return rc == EVT_OK ? wait_topics(a, i, 1, true, err) : rc;
}

/* ---- births ---- */

static size_t strangers(const struct evt__topic_state *state)
{
    size_t n = 0;

    for (int32_t p = 0; state->births && p < state->partitions; p++)
        n += state->births[p] == EVT__BIRTH_STRANGER;
    return n;
}

static enum evt_err give_birth(struct applying *a, struct evt_error *err)
{
    size_t written = 0, all = 0;
    enum evt_err rc = evt__cluster_look_births(a->cluster, a->states, a->n, err);

    for (int try = 0; rc == EVT_OK; try++) {
        size_t late = 0;

        rc = evt__births_write(a->cluster, a->registry, a->states, a->n, &written, err);
        all += written;
        if (rc == EVT_OK)
            rc = check_strangers(a, err);
        for (size_t i = 0; rc == EVT_OK && i < a->n; i++) {
            if (!strangers(&a->states[i]))
                continue;
            late++;
            if (try == BIRTH_TRIES)
                return evt_fail(err, EVT_E_LOG_NO_BIRTH,
                                "%s: another record came first %d times: stop what writes to it,"
                                " delete it and run `evt topics apply`",
                                a->states[i].topic->name, BIRTH_TRIES + 1);
            rc = create_anew(a, i, err);
        }
        if (late == 0)
            break;
        if (rc == EVT_OK)
            rc = evt__cluster_look_births(a->cluster, a->states, a->n, err);
    }
    if (rc == EVT_OK && all)
        tell(a, "wrote %zu birth records", all);
    return rc;
}

/* ---- settings ---- */

static void note_unset(void *arg, const struct evt_topic *topic, const struct evt__setting *wanted,
                       const char *found)
{
    struct applying *a = arg;

    for (size_t i = 0; i < a->n; i++)
        if (a->states[i].topic == topic)
            a->unset[i] = true;
    tell(a, "%s: sets %s from %s to %s", topic->name, wanted->name, found, wanted->value);
}

static enum evt_err mend_settings(struct applying *a, struct evt_error *err)
{
    enum evt_err rc = evt__admin_settings(a->cluster, a->states, a->n, note_unset, a, err);

    for (size_t i = 0; rc == EVT_OK && i < a->n; i++)
        if (a->unset[i])
            rc = evt__admin_set(a->cluster, a->states[i].topic, err);
    return rc;
}

static enum evt_err apply(struct applying *a, const struct evt_topic *const *topics,
                          struct evt_error *err)
{
    enum evt_err rc = evt__cluster_look(a->cluster, topics, a->n, a->states, err);

    if (rc == EVT_OK)
        rc = check_strangers(a, err);
    if (rc == EVT_OK)
        rc = create_missing(a, err);
    for (size_t i = 0; rc == EVT_OK && i < a->n; i++)
        if (a->created[i])
            tell(a, "%s: created with %" PRId32 " partitions", a->states[i].topic->name,
                 a->states[i].partitions);
    if (rc == EVT_OK && !a->cluster->stand_in)
        rc = mend_settings(a, err);
    return rc == EVT_OK ? give_birth(a, err) : rc;
}

enum evt_err evt_cluster_apply(struct evt_cluster *cluster, const struct evt_registry *registry,
                               const struct evt_topic *const *topics, size_t n,
                               void (*each)(void *arg, const char *text), void *arg,
                               struct evt_error *err)
{
    struct applying a = {
        .cluster = cluster, .registry = registry, .n = n, .each = each, .arg = arg};
    struct refusal refusal = {err, EVT_OK, cluster->stand_in};
    enum evt_err rc = evt_cluster_diff(cluster, topics, n, refuse, &refusal, err);

    if (rc == EVT_OK)
        rc = refusal.rc;
    if (rc != EVT_OK)
        return rc;
    a.states = evt_zalloc((n + 1) * sizeof(*a.states));
    a.created = evt_zalloc((n + 1) * sizeof(*a.created));
    a.unset = evt_zalloc((n + 1) * sizeof(*a.unset));
    rc = apply(&a, topics, err);
    evt__cluster_forget(a.states, n);
    evt_free(a.states);
    evt_free(a.created);
    evt_free(a.unset);
    return rc;
}
