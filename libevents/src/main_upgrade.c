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

#define ASK_MS   30000
#define LOOK_MS  100
#define ALONE_MS 3000 /* so long nobody has the store, and it is not done: say so */

struct step {
    int32_t partition;
    char *path;
    int64_t position;
    uint32_t generation; /* of the store; 0: there is none, or nothing was applied to it */
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
    return EVT_OK;
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

static enum evt_err begin_step(struct upgrade *up, struct step *step, struct evt_error *err)
{
    uint32_t generation = 0;
    int64_t offset = -1;
    bool has = false;
    enum evt_err rc = has_snapshot(up, step, &has, err);

    if (rc != EVT_OK || has)
        return rc;
    if (step->generation == 0)
        return check_log(up, step, err);
    rc = evt__boundary_find(&up->kafka, up->inbox, step->partition, step->position + 1,
                            step->generation, &offset, &generation, err);
    if (rc != EVT_OK)
        return rc;
    if (offset >= 0 && generation != up->generation)
        return evt_fail(err, EVT_E_GENERATION_OLD,
                        "%s/%d begins generation %u at offset %" PRId64
                        ": start that version once, then upgrade to %u",
                        up->inbox->name, (int)step->partition, (unsigned)generation, offset,
                        (unsigned)up->generation);
    if (offset >= 0) {
        printf("%s/%d: generation %u begins at offset %" PRId64 ", as was said before\n",
               up->inbox->name, (int)step->partition, (unsigned)generation, offset);
        return EVT_OK;
    }
    rc = evt__boundary_append(&up->kafka, up->inbox, step->partition, up->generation, &offset, err);
    if (rc == EVT_OK)
        printf("%s/%d: generation %u begins at offset %" PRId64 "\n", up->inbox->name,
               (int)step->partition, (unsigned)up->generation, offset);
    return rc;
}

/* Whether anybody owns the store now. To know it we own it ourselves for a moment. */
static bool is_free(const struct step *step)
{
    struct evt_buf path = {0};
    struct evt_error ignored;
    int lock = -1;
    enum evt_err rc;

    evt_buf_printf(&path, "%s.lock", step->path);
    rc = evt_fs_posix.lock(evt_fs_posix.self, evt_buf_text(&path), &lock, &ignored);
    if (rc == EVT_OK)
        evt_fs_posix.unlock(evt_fs_posix.self, lock);
    evt_buf_release(&path);
    return rc == EVT_OK;
}

static enum evt_err look(struct upgrade *up, int64_t waited_ms, size_t *ret_left,
                         struct evt_error *err)
{
    enum evt_err rc = EVT_OK;

    *ret_left = 0;
    for (size_t i = 0; rc == EVT_OK && i < up->n; i++) {
        struct step *step = &up->steps[i];
        bool has = false;

        if (step->done)
            continue;
        rc = has_snapshot(up, step, &has, err);
        step->done = rc == EVT_OK && has && is_free(step);
        if (!step->done && !step->told && !has && waited_ms > ALONE_MS && is_free(step)) {
            step->told = true;
            fprintf(stderr, "no process has %s: start generation %u, it stops at the boundary\n",
                    step->path, (unsigned)step->generation);
        }
        *ret_left += !step->done;
    }
    return rc;
}

static enum evt_err wait_for_old(struct upgrade *up, int64_t timeout_ms, size_t *ret_left,
                                 struct evt_error *err)
{
    const struct timespec pause = {0, LOOK_MS * 1000000L};
    const int64_t began_ms = evt_clock_ms();
    struct evt_progress progress = {0};
    enum evt_err rc;

    for (;;) {
        const int64_t waited_ms = evt_clock_ms() - began_ms;

        rc = look(up, waited_ms, ret_left, err);
        if (rc != EVT_OK || *ret_left == 0 || waited_ms >= timeout_ms)
            break;
        evt__progress(&progress, (int64_t)(up->n - *ret_left), (int64_t)up->n);
        nanosleep(&pause, NULL);
    }
    evt__progress_end(&progress);
    return rc;
}

static enum evt_err begin(struct upgrade *up, size_t *ret_left, struct evt_error *err)
{
    enum evt_err rc = EVT_OK;

    *ret_left = 0;
    for (size_t i = 0; rc == EVT_OK && i < up->n; i++) { /* all are looked at before any is said */
        rc = read_step(up, &up->steps[i], err);
        *ret_left += !up->steps[i].done;
    }
    if (rc != EVT_OK || *ret_left == 0)
        return rc;
    rc = evt_kafka_reader_new(&up->kafka, &up->reader, err);
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
    enum evt_err rc = begin(up, &left, &err);

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
    rc = wait_for_old(up, evt_conf_number(conf, "timeout") * 1000, &left, &err);
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
