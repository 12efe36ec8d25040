/* Main's upgrade: run by the new version while the old one serves. It appends the boundary of its
 * generation to every inbox partition; the old process applies all that lies before, leaves a
 * snapshot there and ends, and this waits for that. Said twice it changes nothing. */
#include "main_internal.h"
#include "replay_internal.h"

#include <evt/clock.h>
#include <evt/fs.h>
#include <evt/mem.h>

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define ASK_MS     30000
#define SILENCE_MS 10000 /* nothing came for so long: the broker is away */
#define LOOK_MS    100
#define ALONE_MS   3000 /* so long nobody has the store, and it is not done: say so */

struct step {
    int32_t partition;
    char *path;
    int64_t position;
    uint32_t generation; /* of the store; 0: there is none, or nothing was applied to it */
    int64_t boundary;    /* where our generation begins in its log; -1: not yet */
    bool has_snapshot;   /* of the store as it was there */
    bool done;           /* the new version can take the shard */
    bool told;
};

struct upgrade {
    const struct evt_main *main;
    struct evt_kafka kafka;
    const struct evt_topic *inbox;
    uint32_t generation; /* ours */
    struct step *steps;
    size_t n;
    struct evt_kafka_reader *reader;
    int64_t until_ms; /* all the waiting together */
    struct evt_progress progress;
};

static enum evt_err read_step(struct upgrade *up, struct step *step, struct evt_error *err)
{
    struct evt_meta meta;
    enum evt_err rc;

    step->position = -1;
    if (!evt_fs_posix.exists(evt_fs_posix.self, step->path))
        return EVT_OK;
    rc = evt__main_meta(step->path, up->main->service->name, step->partition, &meta, err);
    if (rc != EVT_OK)
        return rc;
    if (meta.pos >= 0) {
        step->position = meta.pos;
        step->generation = meta.generation;
    }
    if (step->generation > up->generation)
        return evt_fail(err, EVT_E_STORE_NEWER,
                        "%s: it is of generation %u, this version is %u: start the newer one",
                        step->path, (unsigned)step->generation, (unsigned)up->generation);
    step->done = step->generation == up->generation;
    /* Once the boundary is appended, the old version goes down and this one could not come up. */
    return step->done || step->generation == 0
               ? EVT_OK
               : evt__main_check_sagas(up->main->service, step->path, step->partition, &meta, err);
}

/* The old version left its store here, as it was at the boundary. */
static enum evt_err has_snapshot(const struct upgrade *up, const struct step *step, bool *ret_has,
                                 struct evt_error *err)
{
    int64_t offset = -1;
    const enum evt_err rc = evt__replay_snapshot(step->path, up->generation, &offset, err);

    *ret_has = rc == EVT_OK && offset >= 0;
    return rc;
}

/* No store: the log alone must be of this generation, or it was begun elsewhere. */
static enum evt_err check_log(struct upgrade *up, struct step *step, struct evt_error *err)
{
    const struct evt_record *rec = NULL;
    int64_t low = 0, high = 0;
    enum evt_err rc = evt_kafka_read(up->reader, up->inbox->name, step->partition, 0, ASK_MS, &rec,
                                     &low, &high, err);
    uint32_t birth;

    if (rc != EVT_OK)
        return rc;
    birth = evt__replay_birth(rec);
    step->done = low == 0 && birth == up->generation;
    if (step->done)
        return EVT_OK;
    if (birth == 0)
        return evt_fail(err, EVT_E_LOG_NO_BIRTH, "%s/%d: run evt topics apply", up->inbox->name,
                        (int)step->partition);
    return evt_fail(err, EVT_E_GENERATION_OLD,
                    "there is no store %s, and its log begins with generation %u: run upgrade "
                    "where the stores are, or start that version once",
                    step->path, (unsigned)birth);
}

/* Whether a process has the store. One whose lock we may not even ask about has an owner. */
static bool is_owned(const struct step *step)
{
    struct evt_buf path = {0};
    struct evt_error ignored;
    bool locked = true;

    evt_buf_printf(&path, "%s.lock", step->path);
    if (evt_fs_posix_is_locked(evt_buf_text(&path), &locked, &ignored) != EVT_OK)
        locked = true;
    evt_buf_release(&path);
    return locked;
}

/* Where our generation begins in the log; -1: nowhere yet. */
static enum evt_err find_boundary(struct upgrade *up, struct step *step, struct evt_error *err)
{
    uint32_t generation = 0;
    enum evt_err rc;

    step->boundary = -1;
    rc = has_snapshot(up, step, &step->has_snapshot, err);
    if (rc != EVT_OK || step->has_snapshot)
        return rc;
    if (step->generation == 0)
        return check_log(up, step, err);
    rc = evt__boundary_find(&up->kafka, up->inbox, step->partition, step->position + 1,
                            step->generation, SILENCE_MS, &step->boundary, &generation, err);
    if (rc == EVT_OK && step->boundary >= 0 && generation != up->generation)
        rc = evt_fail(err, EVT_E_GENERATION_OLD,
                      "%s/%d begins generation %u at offset %" PRId64
                      ": start that version once, then upgrade to %u",
                      up->inbox->name, (int)step->partition, (unsigned)generation, step->boundary,
                      (unsigned)up->generation);
    return rc;
}

/* A process that has just begun from a snapshot is about to apply its own boundary: what is in the
 * way goes by itself. True once the store is of another generation; false when nobody has it who
 * would move it, or the time is up. */
static bool wait_for_begin(struct upgrade *up, struct step *step, struct evt_error *err)
{
    const struct timespec pause = {0, LOOK_MS * 1000000L};
    const uint32_t before = step->generation;

    while (step->generation == before && is_owned(step) && evt_clock_ms() < up->until_ms) {
        evt__progress(&up->progress, step->position + 1, step->boundary + 1);
        nanosleep(&pause, NULL);
        (void)!read_step(up, step, err); /* it is being made: not yet */
    }
    return step->generation != before;
}

static enum evt_err find_step(struct upgrade *up, struct step *step, struct evt_error *err)
{
    struct evt_error ignored;
    enum evt_err rc;

    do
        rc = find_boundary(up, step, err);
    while (rc == EVT_E_GENERATION_OLD && wait_for_begin(up, step, &ignored) &&
           (rc = read_step(up, step, err)) == EVT_OK && !step->done);
    return rc;
}

static enum evt_err begin_step(struct upgrade *up, struct step *step, struct evt_error *err)
{
    const char *said = step->boundary >= 0 ? ", as was said before" : "";
    enum evt_err rc = EVT_OK;

    if (step->has_snapshot)
        return EVT_OK;
    if (step->boundary < 0)
        rc = evt__boundary_append(&up->kafka, up->inbox, step->partition, up->generation,
                                  &step->boundary, err);
    if (rc == EVT_OK)
        printf("%s/%d: generation %u begins at offset %" PRId64 "%s\n", up->inbox->name,
               (int)step->partition, (unsigned)up->generation, step->boundary, said);
    return rc;
}

static enum evt_err look(struct upgrade *up, int64_t waited_ms, size_t *ret_left,
                         struct evt_error *err)
{
    enum evt_err rc = EVT_OK;

    *ret_left = 0;
    for (size_t i = 0; rc == EVT_OK && i < up->n; i++) {
        struct step *step = &up->steps[i];

        if (step->done)
            continue;
        rc = has_snapshot(up, step, &step->has_snapshot, err);
        step->done = rc == EVT_OK && step->has_snapshot && !is_owned(step);
        if (!step->done && !step->told && !step->has_snapshot && waited_ms > ALONE_MS &&
            !is_owned(step)) {
            step->told = true;
            fprintf(stderr, "no process has %s: start generation %u, it stops at the boundary\n",
                    step->path, (unsigned)step->generation);
        }
        *ret_left += !step->done;
    }
    return rc;
}

static enum evt_err wait_for_old(struct upgrade *up, size_t *ret_left, struct evt_error *err)
{
    const struct timespec pause = {0, LOOK_MS * 1000000L};
    const int64_t began_ms = evt_clock_ms();
    enum evt_err rc;

    for (;;) {
        rc = look(up, evt_clock_ms() - began_ms, ret_left, err);
        if (rc != EVT_OK || *ret_left == 0 || evt_clock_ms() >= up->until_ms)
            break;
        evt__progress(&up->progress, (int64_t)(up->n - *ret_left), (int64_t)up->n);
        nanosleep(&pause, NULL);
    }
    evt__progress_end(&up->progress);
    return rc;
}

/* All are looked at before anything is said to one. */
static enum evt_err begin(struct upgrade *up, size_t *ret_left, struct evt_error *err)
{
    enum evt_err rc = EVT_OK;

    *ret_left = 0;
    for (size_t i = 0; rc == EVT_OK && i < up->n; i++) {
        rc = read_step(up, &up->steps[i], err);
        *ret_left += !up->steps[i].done;
    }
    if (rc != EVT_OK || *ret_left == 0)
        return rc;
    rc = evt_kafka_reader_new(&up->kafka, &up->reader, err);
    for (size_t i = 0; rc == EVT_OK && i < up->n; i++)
        rc = up->steps[i].done ? EVT_OK : find_step(up, &up->steps[i], err);
    evt__progress_end(&up->progress);
    *ret_left = 0;
    for (size_t i = 0; rc == EVT_OK && i < up->n; i++) {
        if (!up->steps[i].done)
            rc = begin_step(up, &up->steps[i], err);
        *ret_left += !up->steps[i].done;
    }
    return rc;
}

static int upgrade(struct upgrade *up, const struct evt_conf *conf)
{
    struct evt_error err;
    size_t left = 0;
    enum evt_err rc;

    up->until_ms = evt_clock_ms() + evt_conf_number(conf, "timeout") * 1000;
    rc = begin(up, &left, &err);
    if (rc != EVT_OK)
        return evt__main_fail(up->main, &err);
    if (left == 0) {
        printf("nothing to upgrade: the stores are of generation %u\n", (unsigned)up->generation);
        return EVT_EXIT_OK;
    }
    fflush(stdout);
    if (evt_conf_flag(conf, "no-wait")) {
        printf("the older version ends there; then start this one: %s run\n", up->main->program);
        return EVT_EXIT_OK;
    }
    rc = wait_for_old(up, &left, &err);
    if (rc != EVT_OK)
        return evt__main_fail(up->main, &err);
    if (left > 0) {
        fprintf(stderr,
                "%s: %zu of %zu shards have not reached their boundary: run upgrade again\n",
                up->main->program, left, up->n);
        return EVT_EXIT_TIMEOUT;
    }
    printf("generation %u can begin: start this version now: %s run\n", (unsigned)up->generation,
           up->main->program);
    return EVT_EXIT_OK;
}

int evt__main_upgrade(const struct evt_conf *conf, void *arg)
{
    struct upgrade up = {.main = arg};
    struct evt_error err;
    int32_t *shards = NULL;
    int status;

    if (evt__main_shards(up.main, conf, &shards, &up.n, &err) != EVT_OK)
        return evt__main_fail(up.main, &err);
    up.kafka = evt__main_kafka(up.main, conf);
    up.generation = up.main->service->generation;
    up.inbox = evt_registry_service_topic(up.main->service->registry, up.main->service->name,
                                          EVT_TOPIC_INBOX);
    up.steps = evt_zalloc(up.n * sizeof(*up.steps));
    for (size_t i = 0; i < up.n; i++) {
        up.steps[i].partition = shards[i];
        up.steps[i].path = evt__main_store_path(conf, up.main->service->name, shards[i]);
    }
    status = upgrade(&up, conf);
    evt_kafka_reader_free(up.reader);
    for (size_t i = 0; i < up.n; i++)
        evt_free(up.steps[i].path);
    evt_free(up.steps);
    evt_free(shards);
    return status;
}
