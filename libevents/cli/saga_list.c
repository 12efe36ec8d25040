/* evt saga list, evt saga show: which sagas are on their way, which wait for a person, and what
 * happened to one. */
#include "cli.h"

#include "sagas.h"
#include "show.h"

#include <evt/envelope.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct evt_option cli_saga_list_options[] = {
    {.name = "parked",
     .help = "only those that wait for a person",
     .kind = EVT_OPTION_FLAG,
     .flag_only = true},
    {.name = "all",
     .letter = 'a',
     .help = "those that have ended, too",
     .kind = EVT_OPTION_FLAG,
     .flag_only = true},
    {0},
};
const struct evt_example cli_saga_list_examples[] = {
    {"saga list", "what is on its way, and how far"},
    {"saga list --parked --json", "for a script that calls somebody"},
    {0},
};
const struct evt_example cli_saga_show_examples[] = {
    {"saga show 0192f0c1-0000-7000-8000-000000000001", "what happened, when and why"},
    {0},
};

struct listing {
    bool json;
    size_t n;
    int status;
};

static void add_member(struct evt_buf *line, const char *name, const char *text)
{
    evt_buf_printf(line, ",\"%s\":", name);
    cli_show_text(line, text, strlen(text));
}

/* "capture 1 asked 3 …": what goes before a store's further words of the part. */
struct part {
    char step[EVT_NAME_MAX + 1], state[16];
    int item, tries;
};

static bool read_part(const char **parts, struct part *part)
{
    const int found =
        sscanf(*parts, "%64s %d %15s %d", part->step, &part->item, part->state, &part->tries);

    *parts += strcspn(*parts, "\n");
    *parts += **parts == '\n';
    return found == 4;
}

static void add_parts_json(struct evt_buf *line, const char *parts)
{
    const char *comma = "";
    struct part part;

    evt_buf_add_text(line, ",\"parts\":[");
    while (*parts) {
        if (!read_part(&parts, &part))
            continue;
        evt_buf_printf(line, "%s{\"step\":\"%s\",\"item\":%d,\"state\":\"%s\",\"tries\":%d}", comma,
                       part.step, part.item, part.state, part.tries);
        comma = ",";
    }
    evt_buf_add_byte(line, ']');
}

static void add_json(struct evt_buf *line, const struct cli_saga *saga)
{
    evt_buf_printf(line, "{\"service\":\"%s\",\"partition\":%d", saga->shard->name,
                   (int)saga->shard->partition);
    add_member(line, "saga", saga->name);
    add_member(line, "ref", saga->ref);
    evt_buf_printf(line, ",\"definition\":%u,\"phase\":\"%s\",\"stage\":%d,\"parked\":%d",
                   (unsigned)saga->definition, saga->phase, (int)saga->stage, (int)saga->parked);
    add_member(line, "why", saga->why);
    add_parts_json(line, saga->parts);
    evt_buf_add_text(line, ",\"started\":\"");
    cli_show_time(line, saga->started_ms);
    evt_buf_add_text(line, "\"}");
}

/* Its parts that are not done: "[capture 1 asked, 3 tries]". */
static void add_open(struct evt_buf *line, const char *parts)
{
    struct part part;

    while (*parts)
        if (read_part(&parts, &part) && strcmp(part.state, "done") != 0 &&
            strcmp(part.state, "undone") != 0)
            evt_buf_printf(line, " [%s %d %s, %d %s]", part.step, part.item, part.state, part.tries,
                           part.tries == 1 ? "try" : "tries");
}

static void add_line(struct evt_buf *line, const struct cli_saga *saga)
{
    cli_show_time(line, saga->started_ms);
    evt_buf_printf(line, " %s.%d %s ", saga->shard->name, (int)saga->shard->partition, saga->name);
    cli_show_plain(line, saga->ref);
    evt_buf_printf(line, " %s stage=%d", saga->phase, (int)saga->stage);
    if (saga->parked)
        evt_buf_printf(line, " parked=%d", (int)saga->parked);
    add_open(line, saga->parts);
    if (*saga->why)
        evt_buf_add_text(line, " why: ");
    cli_show_plain(line, saga->why);
    if (saga->parked)
        evt_buf_add_text(line, "\n    once its cause is mended: evt saga retry ");
    if (saga->parked)
        cli_show_plain(line, saga->ref);
}

static void list_one(void *arg, const struct cli_saga *saga)
{
    struct listing *to = arg;
    struct evt_buf line = {0};

    to->n++;
    if (to->json)
        add_json(&line, saga);
    else
        add_line(&line, saga);
    printf("%s\n", evt_buf_text(&line));
    evt_buf_release(&line);
}

int cli_saga_list(const struct evt_conf *conf, void *arg)
{
    struct listing to = {.json = evt_conf_flag(conf, "json")};
    const char *where = evt_conf_flag(conf, "parked") ? "parked > 0 OR ?1 <> ''"
                        : evt_conf_flag(conf, "all")  ? "?1 = ''"
                                                      : "forget_ms IS NULL OR ?1 <> ''";
    size_t stores;
    int status = cli_sagas_each(evt_conf_text(conf, "data-dir"), where, "", list_one, &to, &stores);

    (void)arg;
    if (status == EVT_EXIT_OK && to.n == 0)
        fprintf(stderr, "evt: no such sagas in %zu stores\n", stores);
    return status;
}

#define HISTORY                                                                                    \
    "SELECT n, at_ms, step, item, what, why FROM evt_saga_history WHERE saga_id = ?1 ORDER BY n"

static void add_event_json(struct evt_buf *line, sqlite3_stmt *row)
{
    evt_buf_printf(line, "{\"n\":%d,\"time\":\"", sqlite3_column_int(row, 0));
    cli_show_time(line, sqlite3_column_int64(row, 1));
    evt_buf_add_byte(line, '"');
    add_member(line, "step", evt_row_text(row, 2));
    evt_buf_printf(line, ",\"item\":%d", sqlite3_column_int(row, 3));
    add_member(line, "what", evt_row_text(row, 4));
    add_member(line, "why", evt_row_text(row, 5));
    evt_buf_add_byte(line, '}');
}

static void add_event(struct evt_buf *line, sqlite3_stmt *row)
{
    cli_show_time(line, sqlite3_column_int64(row, 1));
    evt_buf_printf(line, "  ");
    if (*evt_row_text(row, 2))
        evt_buf_printf(line, "%s %d ", evt_row_text(row, 2), sqlite3_column_int(row, 3));
    evt_buf_add_text(line, evt_row_text(row, 4));
    if (*evt_row_text(row, 5))
        evt_buf_add_text(line, ": ");
    cli_show_plain(line, evt_row_text(row, 5));
}

static void show_event(const struct listing *to, sqlite3_stmt *row)
{
    struct evt_buf line = {0};

    if (to->json)
        add_event_json(&line, row);
    else
        add_event(&line, row);
    printf("%s\n", evt_buf_text(&line));
    evt_buf_release(&line);
}

static void show_one(void *arg, const struct cli_saga *saga)
{
    struct listing *to = arg;
    sqlite3_stmt *row = NULL;
    struct evt_error err;
    int rc = sqlite3_prepare_v2(evt_store_db(saga->st), HISTORY, -1, &row, NULL);

    if (!to->json)
        list_one(to, saga);
    to->n += to->json;
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(row, 1, saga->id);
    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        rc = sqlite3_step(row);
        if (rc == SQLITE_ROW)
            show_event(to, row);
    }
    if (rc != SQLITE_DONE) {
        (void)!evt_store_fail(saga->st, rc, &err);
        to->status = cli_refuse(EVT_EXIT_FAILURE, "%s: its history cannot be read to the end: %s",
                                saga->shard->path, cli_words(&err));
    }
    sqlite3_finalize(row);
}

int cli_saga_show(const struct evt_conf *conf, void *arg)
{
    struct listing to = {.json = evt_conf_flag(conf, "json")};
    const char *const *operands;
    size_t stores;
    int status;

    (void)arg;
    evt_conf_operands(conf, &operands);
    status = cli_sagas_each(evt_conf_text(conf, "data-dir"), "ref = ?1", operands[0], show_one, &to,
                            &stores);
    if (status == EVT_EXIT_OK && to.n == 0)
        return cli_refuse(EVT_EXIT_NOT_FOUND, "none of %zu stores has a saga of %s", stores,
                          operands[0]);
    return status == EVT_EXIT_OK ? to.status : status;
}
