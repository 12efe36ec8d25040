/* Edge: its life, and the shards' stores, which it only reads. */
#include "edge_internal.h"

#include <evt/mem.h>
#include <stdio.h>
#include <sys/stat.h>

#define ANSWER_MS 5000
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
    sqlite3_finalize(shard->answer);
    sqlite3_close(shard->db);
    shard->answer = NULL;
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
