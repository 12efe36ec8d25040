/* evt stream list: the streams that wait for a message of theirs, and what to do about each. */
#include "cli.h"

#include "show.h"
#include "stores.h"

#include <evt/envelope.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct evt_option cli_stream_options[] = {
    {.name = "all",
     .letter = 'a',
     .help = "those that are not held, too",
     .kind = EVT_OPTION_FLAG,
     .flag_only = true},
    {0},
};
const struct evt_example cli_list_examples[] = {
    {"stream list", "what is held, and what to do about it"},
    {"stream list --all --json", "every stream that was ever taken from"},
    {0},
};
struct listing {
    const struct cli_shard *shard;
    bool json, all;
    size_t held, stores;
    int status;
};

/* What to do next. */
static void advise(const struct cli_shard *shard, const struct cli_held *held)
{
    const struct evt_header source = {"ce_source", held->source, strlen(held->source)};
    const struct evt_header id = {"ce_id", "x.0.1-0000000000000000", 22};
    const struct evt_header headers[] = {source, id};
    const struct evt_record rec = {.headers = headers, .headers_n = 2};
    struct evt_envelope env;

    if (held->parked == 0)
        return;
    if (held->next == 0) {
        printf("    one that was taken came again and differs: compare what the sender says (evt"
               " resend … --dry-run); if it may stay as it is:"
               " evt stream accept %s --service %s -p %d --expected-mark %" PRIu64
               " --new-mark %" PRIu64 " --new-chain %016" PRIx64 "\n",
               held->source, shard->name, (int)shard->partition, held->mark, held->mark,
               held->chain);
        return;
    }
    if (held->next == held->mark + 1)
        printf("    %" PRIu64 " is there: of another chain, or of a type or schema that generation"
               " does not know; deploy the newer version, or compare what the sender says:"
               " evt resend … --dry-run\n",
               held->next);
    else if (evt_envelope_identify(&rec, &env, NULL) == EVT_OK && env.numbered)
        printf("    %" PRIu64 " to %" PRIu64 " are missing: evt resend %.*s.%d %s.%d %" PRIu64
               "-%" PRIu64 "\n",
               held->mark + 1, held->next - 1, (int)env.service.len, env.service.text,
               (int)env.source_partition, shard->topic->stream, (int)shard->partition,
               held->mark + 1, held->next - 1);
}

static void show_held(void *arg, const struct cli_held *held)
{
    struct listing *to = arg;
    struct evt_buf line = {0};

    to->held += held->parked > 0;
    if (to->json) {
        evt_buf_printf(&line, "{\"service\":\"%s\",\"partition\":%d,\"source\":", to->shard->name,
                       (int)to->shard->partition);
        cli_show_text(&line, held->source, strlen(held->source));
        evt_buf_printf(&line,
                       ",\"mark\":%" PRIu64 ",\"chain\":\"%016" PRIx64 "\",\"parked\":%" PRId64
                       ",\"next\":%" PRIu64 ",\"next_chain\":\"%016" PRIx64 "\"}",
                       held->mark, held->chain, held->parked, held->next, held->next_chain);
        printf("%s\n", evt_buf_text(&line));
        evt_buf_release(&line);
        return;
    }
    printf("%s.%d %s mark=%" PRIu64 "-%016" PRIx64, to->shard->name, (int)to->shard->partition,
           held->source, held->mark, held->chain);
    if (held->parked)
        printf(" parked=%" PRId64 " next=%" PRIu64 "-%016" PRIx64, held->parked, held->next,
               held->next_chain);
    putchar('\n');
    advise(to->shard, held);
}

static bool list_one(void *arg, const struct cli_shard *shard)
{
    struct listing *to = arg;
    struct evt_store *st = NULL;
    struct evt_error err;
    enum evt_err rc = cli_store_open(shard, &st, &err);

    to->shard = shard;
    if (rc == EVT_OK)
        rc = cli_store_held(st, to->all, show_held, to, &err);
    evt_store_close(st);
    if (rc != EVT_OK)
        to->status = cli_refuse(EVT_EXIT_FAILURE, "%s: %s", shard->path, cli_words(&err));
    return true;
}

int cli_stream_list(const struct evt_conf *conf, void *arg)
{
    const char *data_dir = evt_conf_text(conf, "data-dir");
    struct listing to = {.json = evt_conf_flag(conf, "json"), .all = evt_conf_flag(conf, "all")};

    (void)arg;
    to.stores = cli_stores_each(data_dir, list_one, &to);
    if (to.stores == 0)
        return cli_refuse(EVT_EXIT_NOT_FOUND, "no stores in %s: say where they lie (--data-dir)",
                          data_dir);
    if (to.status == EVT_EXIT_OK && to.held == 0)
        fprintf(stderr, "evt: none of the streams to %zu shards is held\n", to.stores);
    return to.status;
}
