/* Main's check: everything that a start needs is looked at and nothing is changed. Each thing gets
 * a line: ok, or what is wrong and what to do. */
#include "main_internal.h"

#include <evt/cluster.h>
#include <evt/mem.h>
#include <evt/snapshot.h>
#include <evt/store.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLUSTER_MS 10000

struct check {
    const struct evt_main *main;
    const struct evt_conf *conf;
    int wrong;
};

static void ok(const char *what)
{
    printf("ok     %s\n", what);
}

static void wrong(struct check *check, const char *what)
{
    printf("wrong  %s\n", what);
    check->wrong++;
}

static void check_tables(struct check *check)
{
    struct evt_error err;

    if (evt_service_check(check->main->service, &err) != EVT_OK)
        wrong(check, err.text);
    else
        ok("every message has its handler");
}

static void note_fault(void *arg, const char *text)
{
    wrong(arg, text);
}

static void check_options(struct check *check)
{
    if (check->main->service->check_options &&
        evt__main_faults(check->main, check->conf, note_fault, check) == 0)
        ok("its own options have values that it can use");
}

/* The rules of purity hold for what all migrations make together, and every statement fits it. */
static enum evt_err try_store(const struct evt_service *service, const char *path,
                              struct evt_error *err)
{
    const struct evt_store_options opt = {.path = path,
                                          .service = service->name,
                                          .migrations = service->migrations,
                                          .statements = service->statements};
    struct evt_store *st = NULL;
    enum evt_err rc = evt_store_open(&opt, &st, err);

    if (rc == EVT_OK)
        rc = evt_store_migrate(st, err);
    if (rc == EVT_OK)
        rc = evt_store_prepare_all(st, err);
    evt_store_close(st);
    return rc;
}

static void check_sql(struct check *check)
{
    const char *tmp = getenv("TMPDIR");
    char folder[512], path[600], lock[610];
    struct evt_error err, ignored;

    snprintf(folder, sizeof(folder), "%s/evt-check-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(folder)) {
        evt_fail(&err, EVT_E_IO, "a scratch folder %s: %s", folder, strerrordesc_np(errno));
        wrong(check, err.text);
        return;
    }
    snprintf(path, sizeof(path), "%s/scratch.db", folder);
    snprintf(lock, sizeof(lock), "%s.lock", path);
    if (try_store(check->main->service, path, &err) != EVT_OK)
        wrong(check, err.text);
    else
        ok("migrations run, statements fit, tables follow the rules");
    (void)!evt_store_remove(NULL, path, &ignored);
    unlink(lock);
    rmdir(folder);
}

static void note_difference(void *arg, const struct evt_topic_difference *d)
{
    wrong(arg, d->text);
}

static enum evt_err look_at_topics(struct check *check, struct evt_error *err)
{
    const struct evt_registry *reg = check->main->service->registry;
    const struct evt_kafka kafka = evt__main_kafka(check->main, check->conf);
    const struct evt_topic **topics = evt_zalloc(reg->topics_n * sizeof(*topics));
    struct evt_cluster *cluster = NULL;
    enum evt_err rc = evt_cluster_open(&kafka, CLUSTER_MS, &cluster, err);

    if (rc == EVT_OK)
        rc = evt_cluster_diff(cluster, topics,
                              evt_cluster_topics_of(reg, check->main->service->name, topics),
                              note_difference, check, err);
    evt_cluster_close(cluster);
    evt_free(topics);
    return rc;
}

static void check_topics(struct check *check)
{
    const int before = check->wrong;
    struct evt_error err;

    if (look_at_topics(check, &err) != EVT_OK)
        wrong(check, err.text);
    else if (check->wrong == before)
        ok("the cluster has the topics as topics.json declares them");
    else
        printf("       evt topics apply mends what can be mended\n");
}

/* As the service would: by its rights, and with what its file system lets anybody do. */
static enum evt_err can_write(const char *path, int mode, struct evt_error *err)
{
    if (faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0)
        return EVT_OK;
    return evt_fail(err, EVT_E_STORE_READONLY,
                    "%s: %s: let this user write there, or name another data-dir", path,
                    strerrordesc_np(errno));
}

/* The folder in which something must be made, a store or the folders on the way to it. */
static enum evt_err check_folder(const char *store, struct evt_error *err)
{
    char *folder = evt_strdup(store), *slash;
    struct stat st;
    enum evt_err rc;

    do {
        slash = strrchr(folder, '/');
        if (slash)
            slash[slash == folder] = '\0';
    } while (slash && slash != folder && stat(folder, &st) != 0);
    if (slash && stat(folder, &st) == 0 && !S_ISDIR(st.st_mode))
        rc = evt_fail(err, EVT_E_IO, "%s: it is no folder: name another data-dir", folder);
    else
        rc = can_write(slash ? folder : ".", W_OK | X_OK, err);
    evt_free(folder);
    return rc;
}

static enum evt_err check_place(const char *store, struct evt_error *err)
{
    static const char *const files[] = {".lock", "", "-wal", "-shm"};
    struct evt_buf path = {0};
    enum evt_err rc = check_folder(store, err);

    for (size_t i = 0; rc == EVT_OK && i < sizeof(files) / sizeof(*files); i++) {
        evt_buf_clear(&path);
        evt_buf_printf(&path, "%s%s", store, files[i]);
        if (access(evt_buf_text(&path), F_OK) == 0)
            rc = can_write(evt_buf_text(&path), W_OK, err);
    }
    evt_buf_release(&path);
    return rc;
}

/* One that waits for its upgrade. */
static void check_old_store(struct check *check, const char *path, int32_t partition,
                            const struct evt_meta *meta)
{
    const struct evt_service *service = check->main->service;
    struct evt_error err;

    printf("wrong  %s: it is of generation %u, this version is %u: run upgrade while that one "
           "runs\n",
           path, (unsigned)meta->generation, (unsigned)service->generation);
    check->wrong++;
    if (evt__main_check_sagas(service, path, partition, meta, &err) != EVT_OK)
        wrong(check, err.text);
}

static void check_store(struct check *check, const char *name, int32_t partition, uint32_t ours)
{
    char *path = evt__main_store_path(check->conf, name, partition);
    struct evt_meta meta;
    struct evt_error err;
    enum evt_err rc = check_place(path, &err);
    const bool is_there = rc == EVT_OK && access(path, F_OK) == 0;

    if (is_there)
        rc = evt__main_meta(path, name, partition, &meta, &err);
    if (rc != EVT_OK) {
        wrong(check, err.text);
    } else if (!is_there) {
        printf("ok     %s: there is none yet, it is built from its log\n", path);
    } else if (ours > 0 && meta.generation > ours) {
        printf("wrong  %s: it is of generation %u, this version is %u: start the newer one\n", path,
               (unsigned)meta.generation, (unsigned)ours);
        check->wrong++;
    } else if (ours > 0 && meta.pos >= 0 && meta.generation < ours) {
        check_old_store(check, path, partition, &meta);
    } else {
        printf("ok     %s: at offset %" PRId64 "\n", path, meta.pos);
    }
    evt_free(path);
}

static void check_stores(struct check *check)
{
    const struct evt_service *service = check->main->service;
    const struct evt_registry *reg = service->registry;
    struct evt_error err;
    int32_t *shards;
    size_t n;

    if (evt__main_shards(check->main, check->conf, &shards, &n, &err) != EVT_OK) {
        wrong(check, err.text);
        return;
    }
    for (size_t i = 0; i < n; i++)
        check_store(check, service->name, shards[i], service->generation);
    for (size_t s = 0; s < reg->subscriptions_n; s++)
        for (int32_t p = 0; strcmp(reg->subscriptions[s].service, service->name) == 0 &&
                            p < reg->subscriptions[s].source->partitions;
             p++)
            check_store(check, reg->subscriptions[s].name, p, 0);
    evt_free(shards);
}

int evt__main_check(const struct evt_conf *conf, void *arg)
{
    struct check check = {.main = arg, .conf = conf};

    check_options(&check);
    check_tables(&check);
    check_sql(&check);
    check_stores(&check);
    check_topics(&check);
    if (check.wrong == 0)
        printf("ok: %s run can start\n", check.main->program);
    else
        printf("%d wrong\n", check.wrong);
    return check.wrong == 0 ? EVT_EXIT_OK : EVT_EXIT_FAILURE;
}
