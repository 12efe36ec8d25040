/* Main's replay: a store built again from its log, and the verdict over the live one. */
#include "main_internal.h"

#include <evt/clock.h>
#include <evt/mem.h>
#include <evt/replay.h>

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct verdict {
    const struct evt_main *main;
    struct evt_main_log log;
    char *live;                 /* the live store's path */
    bool has_live;              /* it is there, of this generation, and was applied to */
    struct evt_content content; /* of it, when the replay began */
    const char *out;
    struct evt_progress progress;
};

static enum evt_err read_to(const char *to, int64_t *ret_offset, int64_t *ret_ms,
                            struct evt_error *err)
{
    if (to[0] && strspn(to, "0123456789") == strlen(to) && strlen(to) < 19) {
        *ret_offset = strtoll(to, NULL, 10);
        return EVT_OK;
    }
    return evt__time_parse(to, evt_clock_wall_ms(), ret_ms, err);
}

/* A store of another generation cannot be compared with what this version makes. */
static enum evt_err read_live(struct verdict *v, struct evt_error *err)
{
    const uint32_t ours = v->main->service->generation;
    enum evt_err rc;

    if (access(v->live, F_OK) != 0)
        return EVT_OK;
    rc = evt_content_read(v->live, &v->content, err);
    if (rc != EVT_OK)
        return rc;
    if (!v->log.subscription && v->content.position >= 0 && v->content.generation != ours)
        return evt_fail(err,
                        v->content.generation > ours ? EVT_E_STORE_NEWER : EVT_E_GENERATION_OLD,
                        "%s is of generation %u, this version is %u: replay it with that version",
                        v->live, (unsigned)v->content.generation, (unsigned)ours);
    v->has_live = v->content.position >= 0;
    return EVT_OK;
}

static void say_difference(void *arg, const char *table, int64_t rows, int64_t rows_other)
{
    (void)arg;
    if (rows < 0)
        printf("  table %s: only in the rebuilt store, %" PRId64 " rows\n", table, rows_other);
    else if (rows_other < 0)
        printf("  table %s: only in the live store, %" PRId64 " rows\n", table, rows);
    else if (rows == rows_other)
        printf("  table %s: %" PRId64 " rows in both, with other content\n", table, rows);
    else
        printf("  table %s: %" PRId64 " rows, rebuilt %" PRId64 "\n", table, rows, rows_other);
}

static int compare(struct verdict *v, const struct evt_replay_result *result)
{
    const struct evt_content *rebuilt = &result->content;
    const bool equal = v->content.hash == rebuilt->hash;

    if (!v->has_live) {
        printf("not compared: there is no live store %s\n", v->live);
        return EVT_EXIT_OK;
    }
    if (rebuilt->position < v->content.position && !result->superseded)
        printf("the rebuilt store ends at offset %" PRId64 ", the live one stands at %" PRId64 "\n",
               rebuilt->position, v->content.position);
    if (equal)
        printf("equal: the live store %s has the same content at offset %" PRId64 "\n", v->live,
               v->content.position);
    else
        printf("different: the live store %s at offset %" PRId64 " is not what its log makes\n",
               v->live, v->content.position);
    EVT_BUG_ON(evt_content_equal(&v->content, rebuilt, equal ? NULL : say_difference, NULL) !=
               equal);
    return equal ? EVT_EXIT_OK : EVT_EXIT_DIFFERENT;
}

static void progress(void *arg, int64_t offset, int64_t end)
{
    struct verdict *v = arg;

    evt__progress(&v->progress, offset, end);
}

static int replay(struct verdict *v, const struct evt_replay_options *opt, bool compares)
{
    const int64_t began_us = evt_clock_us();
    struct evt_replay_result result = {0};
    struct evt_error err;
    int status = EVT_EXIT_OK;
    const enum evt_err rc = evt_replay(opt, &result, &err);
    const double seconds = (double)(evt_clock_us() - began_us) / 1e6;

    evt__progress_end(&v->progress);
    if (rc != EVT_OK)
        return evt__main_fail(v->main, &err);
    printf("rebuilt %s: %" PRId64 " records to offset %" PRId64
           " in %.2f s, %.0f a second, hash %016" PRIx64 "\n",
           v->out, result.records, result.content.position, seconds,
           seconds > 0 ? (double)result.records / seconds : 0, result.content.hash);
    if (result.superseded)
        printf("a newer generation begins there: its version goes on\n");
    if (compares)
        status = compare(v, &result);
    else
        printf("not compared: the live store stands at another offset%s\n",
               v->has_live ? "" : ", or there is none");
    evt_content_release(&result.content);
    return status;
}

int evt__main_replay(const struct evt_conf *conf, void *arg)
{
    struct verdict v = {.main = arg, .out = evt_conf_text(conf, "out")};
    const char *to = evt_conf_text(conf, "to");
    struct evt_replay_options opt = {
        .service = v.main->service, .out = v.out, .to_offset = -1, .to_ms = -1, .arg = &v};
    struct evt_error err;
    enum evt_err rc = evt__main_log(v.main, conf, &v.log, &err);
    int status;

    if (rc == EVT_OK && !v.out)
        rc = evt_fail(&err, EVT_E_USAGE, "say which file is to be built: --out scratch.db");
    if (rc == EVT_OK && to)
        rc = read_to(to, &opt.to_offset, &opt.to_ms, &err);
    if (rc != EVT_OK)
        return evt__main_fail(v.main, &err);
    v.live = evt__main_store_path(conf, v.log.name, v.log.partition);
    rc = read_live(&v, &err);
    if (rc == EVT_OK) {
        const bool compares = !to || (v.has_live && opt.to_offset == v.content.position);

        if (!to && v.has_live)
            opt.to_offset = v.content.position;
        opt.kafka = evt__main_kafka(v.main, conf);
        opt.subscription = v.log.subscription;
        opt.partition = v.log.partition;
        opt.from = v.live;
        opt.progress = progress;
        status = replay(&v, &opt, compares);
    } else {
        status = evt__main_fail(v.main, &err);
    }
    evt_content_release(&v.content);
    evt_free(v.live);
    return status;
}
