/* evt doctor: looks at everything that the shop stands on, and says what to do. A line each: ok,
 * warn (it works, but) or bad (it does not). */
#include "cli.h"

#include "program.h"
#include "show.h"
#include "stores.h"

#include <evt/cluster.h>
#include <evt/mem.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct evt_example cli_doctor_examples[] = {
    {"doctor", "is everything as it should be; exits 1 if something is not"},
    {"doctor --data-dir build/run/data", "with the stores that lie there"},
    {0},
};

enum health { OK, WARN, BAD };

struct doctor {
    const struct evt_conf *conf;
    bool json;
    struct evt_kafka kafka;
    struct evt_cluster *cluster; /* NULL: away */
    struct evt_kafka_reader *reader;
    size_t seen[BAD + 1];
    size_t held; /* of one shard */
};

static void say(struct doctor *doc, enum health health, const char *what, const char *fmt, ...)
    EVT_PRINTF(4, 5);
static void say(struct doctor *doc, enum health health, const char *what, const char *fmt, ...)
{
    static const char *const words[] = {"ok", "warn", "bad"};
    struct evt_buf line = {0};
    char text[640];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    doc->seen[health]++;
    if (doc->json) {
        evt_buf_printf(&line, "{\"health\":\"%s\",\"what\":", words[health]);
        cli_show_text(&line, what, strlen(what));
        evt_buf_add_text(&line, ",\"text\":");
        cli_show_text(&line, text, strlen(text));
        printf("%s}\n", evt_buf_text(&line));
    } else {
        printf("%-4s  %s: %s\n", words[health], what, text);
    }
    fflush(stdout); /* what follows may take its time */
    evt_buf_release(&line);
}

/* ---- broker and topics ---- */

static void look_at_broker(struct doctor *doc)
{
    struct evt_error err;

    if (evt_cluster_open(&doc->kafka, CLI_ANSWER_MS, &doc->cluster, &err) != EVT_OK ||
        evt_kafka_reader_new(&doc->kafka, &doc->reader, &err) != EVT_OK)
        say(doc, BAD, "broker", "%s", cli_words(&err));
    else if (evt_cluster_is_stand_in(doc->cluster))
        say(doc, WARN, "broker",
            "%s is the stand-in: it keeps nothing, knows no settings, and is no Kafka",
            doc->kafka.brokers);
    else
        say(doc, OK, "broker", "%s answers", doc->kafka.brokers);
}

static void say_difference(void *arg, const struct evt_topic_difference *d)
{
    say(arg, BAD, "topic", "%s", d->text);
}

static void look_at_topics(struct doctor *doc)
{
    const struct evt_topic **topics =
        evt_zalloc((evt_registry.topics_n + 1) * sizeof(const struct evt_topic *));
    const size_t bad = doc->seen[BAD];
    struct evt_error err;

    for (size_t i = 0; i < evt_registry.topics_n; i++)
        topics[i] = &evt_registry.topics[i];
    if (evt_cluster_diff(doc->cluster, topics, evt_registry.topics_n, say_difference, doc, &err) !=
        EVT_OK)
        say(doc, BAD, "topics", "%s", cli_words(&err));
    else if (doc->seen[BAD] == bad)
        say(doc, OK, "topics", "all %zu are as topics.json says, with their births",
            evt_registry.topics_n);
    evt_free(topics);
}

/* ---- schemas ---- */

static void look_at_schemas(struct doctor *doc)
{
    struct cli_args args = {0};
    struct evt_buf path = {0};

    if (access("schemas/topics.json", R_OK) != 0) {
        say(doc, OK, "schemas",
            "%zu messages, as they were when evt was built; no schemas/ here"
            " to compare with",
            evt_registry.types_n);
        return;
    }
    cli_args_add(&args, "check");
    cli_args_add(&args, "--root");
    cli_args_add(&args, "schemas");
    cli_program_path("evt-gen", &path);
    if (cli_program_run(evt_buf_text(&path), &args) == EVT_EXIT_OK)
        say(doc, OK, "schemas", "schemas/ is in order");
    else
        say(doc, BAD, "schemas",
            "schemas/ is not in order, the reasons are above: mend it, then"
            " `evt schema add`");
    evt_buf_release(&path);
}

/* ---- stores ---- */

static bool quick_check(struct evt_store *st, struct evt_buf *why)
{
    sqlite3_stmt *row = NULL;
    bool fine = false;

    if (sqlite3_prepare_v2(evt_store_db(st), "PRAGMA quick_check(1)", -1, &row, NULL) ==
            SQLITE_OK &&
        sqlite3_step(row) == SQLITE_ROW) {
        evt_buf_add_text(why, evt_row_text(row, 0));
        fine = strcmp(evt_row_text(row, 0), "ok") == 0;
    } else {
        evt_buf_add_text(why, sqlite3_errmsg(evt_store_db(st)));
    }
    sqlite3_finalize(row);
    return fine;
}

static bool generation_fits(struct doctor *doc, const struct cli_shard *shard,
                            const struct evt_meta *meta, const char *what)
{
    const struct evt_declaration *declared =
        evt_registry_declaration(&evt_registry, shard->service);

    if (strcmp(shard->name, shard->service) != 0 || meta->generation == 0)
        return true; /* a subscription has none; nothing was applied yet */
    if (meta->generation > declared->generation) {
        say(doc, BAD, what,
            "belongs to generation %u, topics.json here says %u: use the newer"
            " version",
            (unsigned)meta->generation, (unsigned)declared->generation);
        return false;
    }
    if (meta->generation < declared->generation)
        say(doc, WARN, what,
            "belongs to generation %u, topics.json says %u: `svc-%s upgrade`,"
            " while the older version runs",
            (unsigned)meta->generation, (unsigned)declared->generation, shard->service);
    return true;
}

#define REBUILD "if that is meant, remove the store and it is rebuilt from the log"

/* Does the log hold what the store has applied last, and how far is it ahead? */
static void look_at_join(struct doctor *doc, const struct cli_shard *shard,
                         const struct evt_meta *meta, const char *what)
{
    const struct evt_record *rec = NULL;
    int64_t low = 0, high = 0;
    struct evt_error err;

    if (meta->pos < 0) {
        say(doc, OK, what, "nothing is applied yet");
        return;
    }
    if (evt_kafka_read(doc->reader, shard->topic->name, shard->partition, meta->pos, CLI_ANSWER_MS,
                       &rec, &low, &high, &err) != EVT_OK)
        say(doc, BAD, what, "%s", cli_words(&err));
    else if (low > meta->pos + 1)
        say(doc, BAD, what,
            "stands at %" PRId64 ", but the log begins at %" PRId64
            ": what is between is lost to it; restore a snapshot",
            meta->pos, low);
    else if (meta->pos >= high)
        say(doc, BAD, what,
            "stands at %" PRId64 ", but the log ends at %" PRId64
            ": the log lost records, or is another one; " REBUILD,
            meta->pos, high);
    else if (low <= meta->pos &&
             (!rec || rec->offset != meta->pos || evt_record_hash(rec) != meta->pos_hash))
        say(doc, BAD, what,
            "the log holds another record at %" PRId64
            ": it was filled anew, or is another one; " REBUILD,
            meta->pos);
    else
        say(doc, OK, what,
            "generation %u, at %" PRId64 ", %" PRId64 " records behind the log's end",
            (unsigned)meta->generation, meta->pos, high - 1 - meta->pos);
}

static void count_held(void *arg, const struct cli_held *held)
{
    struct doctor *doc = arg;

    (void)held;
    doc->held++;
}

static void look_at_store(struct doctor *doc, const struct cli_shard *shard, struct evt_store *st,
                          const char *what)
{
    struct evt_buf why = {0};
    struct evt_meta meta;
    struct evt_error err;

    if (!quick_check(st, &why))
        say(doc, BAD, what,
            "is damaged (%s): stop svc-%s, remove the file and it is rebuilt from"
            " the log",
            evt_buf_text(&why), shard->service);
    else if (evt_store_meta_get(st, &meta, &err) != EVT_OK)
        say(doc, BAD, what, "%s", cli_words(&err));
    else if (generation_fits(doc, shard, &meta, what)) {
        if (meta.held_back >= 0)
            say(doc, BAD, what,
                "was being rebuilt with its sends held back: start svc-%s, or"
                " remove the store",
                shard->service);
        if (doc->reader)
            look_at_join(doc, shard, &meta, what);
        else
            say(doc, WARN, what, "is sound; whether its log fits shows once a broker answers");
        doc->held = 0;
        if (cli_store_held(st, false, count_held, doc, &err) != EVT_OK)
            say(doc, BAD, what, "%s", cli_words(&err));
        else if (doc->held)
            say(doc, BAD, what, "held streams: %zu: `evt stream list` says what is missing",
                doc->held);
    }
    evt_buf_release(&why);
}

/* The line begins with it already. */
static const char *without_path(const char *words, const char *path)
{
    const size_t len = strlen(path);

    return strncmp(words, path, len) == 0 && strncmp(words + len, ": ", 2) == 0 ? words + len + 2
                                                                                : words;
}

static bool look_at_shard(void *arg, const struct cli_shard *shard)
{
    struct doctor *doc = arg;
    struct evt_store *st = NULL;
    struct evt_error err;

    if (cli_store_open(shard, &st, &err) != EVT_OK)
        say(doc, BAD, shard->path, "%s", without_path(cli_words(&err), shard->path));
    else
        look_at_store(doc, shard, st, shard->path);
    evt_store_close(st);
    return true;
}

int cli_doctor(const struct evt_conf *conf, void *arg)
{
    struct doctor doc = {.conf = conf,
                         .json = evt_conf_flag(conf, "json"),
                         .kafka = cli_kafka(conf)};
    const char *data_dir = evt_conf_text(conf, "data-dir");

    (void)arg;
    look_at_broker(&doc);
    if (doc.reader)
        look_at_topics(&doc);
    look_at_schemas(&doc);
    if (cli_stores_each(data_dir, look_at_shard, &doc) == 0)
        say(&doc, OK, "stores", "none in %s; where they lie, --data-dir says", data_dir);
    evt_kafka_reader_free(doc.reader);
    evt_cluster_close(doc.cluster);
    fprintf(stderr, "evt: %zu ok, %zu warn, %zu bad\n", doc.seen[OK], doc.seen[WARN],
            doc.seen[BAD]);
    return doc.seen[BAD] ? EVT_EXIT_FAILURE : EVT_EXIT_OK;
}
