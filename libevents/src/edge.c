/* Edge: its life, and the shards' stores, which it only reads. */
#include "edge_internal.h"

#include <evt/mem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define ANSWER_MS 5000
#define BEAT_MS   15000
#define BUSY_MS   50 /* readers wait for nobody in WAL mode but for a recovery */

enum evt_err evt_edge_new(const struct evt_edge_options *opt, struct evt_edge **ret_edge,
                          struct evt_error *err)
{
    struct evt_edge *edge = evt_zalloc(sizeof(*edge));
    enum evt_err rc;
    int32_t p;

    edge->service = opt->service;
    edge->bus = opt->bus;
    edge->answer_ms = opt->answer_ms ? opt->answer_ms : ANSWER_MS;
    edge->beat_ms = opt->beat_ms ? opt->beat_ms : BEAT_MS;
    edge->inbox =
        evt_registry_service_topic(opt->service->registry, opt->service->name, EVT_TOPIC_INBOX);
    EVT_BUG_ON(!edge->inbox);
    snprintf(edge->source, sizeof(edge->source), "/edge/%s", opt->service->name);
    edge->shards = evt_zalloc((size_t)edge->inbox->partitions * sizeof(edge->shards[0]));
    for (p = 0; p < edge->inbox->partitions; p++)
        edge->shards[p].committed = -1;
    pthread_mutex_init(&edge->lock, NULL);
    rc = evt__peers_parse(edge, opt->peers, err);
    if (rc == EVT_OK && edge->peers_n)
        rc = evt__relay_new(&edge->relay, err);
    if (rc != EVT_OK) {
        evt_edge_free(edge);
        return rc;
    }
    *ret_edge = edge;
    return EVT_OK;
}

static void close_store(struct evt__edge_shard *shard)
{
    for (size_t i = 0; i < EVT__STATEMENTS_MAX; i++)
        sqlite3_finalize(shard->statements[i].stmt);
    memset(shard->statements, 0, sizeof(shard->statements));
    EVT_BUG_ON(sqlite3_close(shard->db) != SQLITE_OK);
    shard->db = NULL;
}

void evt_edge_free(struct evt_edge *edge)
{
    int32_t p;
    size_t i;

    if (!edge)
        return;
    evt__relay_free(edge->relay);
    for (p = 0; p < edge->inbox->partitions; p++) {
        evt__waits_free(edge, p);
        close_store(&edge->shards[p]);
        evt_free(edge->shards[p].peer);
        evt_free(edge->shards[p].touched);
    }
    for (i = 0; i < edge->peers_n; i++)
        evt_free(edge->peers[i]);
    evt_free(edge->peers);
    evt_free(edge->shards);
    pthread_mutex_destroy(&edge->lock);
    evt_free(edge);
}

static sqlite3 *open_store(const char *path)
{
    sqlite3 *db = NULL;

    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK &&
        sqlite3_busy_timeout(db, BUSY_MS) == SQLITE_OK &&
        sqlite3_exec(db, "PRAGMA query_only=ON", NULL, NULL, NULL) == SQLITE_OK)
        return db;
    sqlite3_close(db);
    return NULL;
}

sqlite3 *evt_edge_store(struct evt_edge *edge, int32_t partition)
{
    struct evt__edge_shard *shard = &edge->shards[partition];
    const char *path = evt_bus_store_path(edge->bus, partition);
    struct stat st;

    if (!path || stat(path, &st) < 0)
        return NULL;
    /* A store that was built anew is another file. */
    if (shard->db && shard->inode != st.st_ino)
        close_store(shard);
    if (!shard->db) {
        shard->db = open_store(path);
        shard->inode = st.st_ino;
    }
    return shard->db;
}

sqlite3_stmt *evt_edge_statement(struct evt_edge *edge, int32_t partition, const char *sql)
{
    struct evt__edge_shard *shard = &edge->shards[partition];
    sqlite3 *db = evt_edge_store(edge, partition);
    size_t i = 0;

    if (!db)
        return NULL;
    while (shard->statements[i].sql && shard->statements[i].sql != sql)
        EVT_BUG_ON(++i == EVT__STATEMENTS_MAX);
    if (!shard->statements[i].sql &&
        sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &shard->statements[i].stmt,
                           NULL) == SQLITE_OK)
        shard->statements[i].sql = sql;
    return shard->statements[i].stmt;
}

void evt_edge_unreadable(struct evt_request *req, int32_t partition)
{
    evt__reply_later(req, 503, "the store of shard %d cannot be read now; try again",
                     (int)partition);
}
