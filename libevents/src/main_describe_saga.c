/* Main's describe --saga: the service's sagas as drawings, or one instance where it stands. */
#include "main_internal.h"

#include <evt/hash.h>
#include <evt/mem.h>
#include <evt/saga_draw.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define INSTANCE                                                                                   \
    "SELECT name, definition, phase, parts FROM evt_sagas WHERE ref = ?1 ORDER BY saga_id LIMIT 1"

static const struct evt_saga *find(const struct evt_service *service, const char *name,
                                   int64_t number)
{
    for (const struct evt_saga *const *saga = service->sagas; *saga; saga++)
        if (strcmp((*saga)->name, name) == 0 && (*saga)->number == number)
            return *saga;
    return NULL;
}

static enum evt_err draw_row(const struct evt_service *service, sqlite3_stmt *row, const char *ref,
                             enum evt_saga_format format, struct evt_buf *buf,
                             struct evt_error *err)
{
    const char *name = evt_row_text(row, 0);
    const int64_t number = sqlite3_column_int64(row, 1);
    const struct evt_saga *saga = find(service, name, number);
    const struct evt_saga_standing at = {.ref = ref,
                                         .phase = evt_row_text(row, 2),
                                         .parts = evt_row_text(row, 3)};

    if (!saga)
        return evt_fail(err, EVT_E_SERVICE, "it has definition %d of the saga %s: ask its version",
                        (int)number, name);
    evt_saga_draw(saga, format, &at, buf);
    return EVT_OK;
}

/* Nothing is drawn where there is none. */
static enum evt_err draw_instance(const struct evt_main *main, const struct evt_conf *conf,
                                  const char *ref, enum evt_saga_format format, struct evt_buf *buf,
                                  struct evt_error *err)
{
    const struct evt_service *service = main->service;
    const struct evt_topic *inbox =
        evt_registry_service_topic(service->registry, service->name, EVT_TOPIC_INBOX);
    const int32_t partition = evt_partition_of(ref, strlen(ref), inbox->partitions);
    char *path = evt__main_store_path(conf, service->name, partition);
    const struct evt_store_options opt = {.path = path,
                                          .service = service->name,
                                          .partition = partition,
                                          .read_only = true};
    struct evt_store *st = NULL;
    sqlite3_stmt *row = NULL;
    enum evt_err rc = EVT_OK;
    int step;

    if (access(path, F_OK) == 0)
        rc = evt_store_open(&opt, &st, err);
    if (!st)
        goto out;
    step = sqlite3_prepare_v2(evt_store_db(st), INSTANCE, -1, &row, NULL);
    if (step == SQLITE_OK)
        step = sqlite3_bind_text(row, 1, ref, -1, SQLITE_STATIC);
    if (step == SQLITE_OK)
        step = sqlite3_step(row);
    if (step == SQLITE_ROW)
        rc = draw_row(service, row, ref, format, buf, err);
    else if (step != SQLITE_DONE)
        rc = evt_store_fail(st, step, err);
out:
    sqlite3_finalize(row);
    evt_store_close(st);
    evt_free(path);
    return rc;
}

int evt__main_describe_saga(const struct evt_main *main, const struct evt_conf *conf)
{
    const char *ref = evt_conf_text(conf, "ref");
    const enum evt_saga_format format =
        strcmp(evt_conf_text(conf, "format"), "dot") == 0 ? EVT_SAGA_DOT : EVT_SAGA_MERMAID;
    struct evt_buf buf = {0};
    struct evt_error err;
    enum evt_err rc = EVT_OK;
    int status = EVT_EXIT_OK;

    for (const struct evt_saga *const *saga = main->service->sagas; !ref && saga && *saga; saga++)
        evt_saga_draw(*saga, format, NULL, &buf);
    if (ref && main->service->sagas)
        rc = draw_instance(main, conf, ref, format, &buf, &err);
    if (rc != EVT_OK) {
        status = evt__main_fail(main, &err);
    } else if (buf.len == 0) {
        fprintf(stderr, "%s: there is no saga%s%s%s\n", main->program, ref ? " of " : "",
                ref ? ref : "", ref ? ": is --data-dir the one of its service?" : "");
        status = EVT_EXIT_NOT_FOUND;
    } else if (fputs(evt_buf_text(&buf), stdout) == EOF || fflush(stdout) != 0) {
        status = EVT_EXIT_FAILURE;
    }
    evt_buf_release(&buf);
    return status;
}
