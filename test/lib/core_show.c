/* Core: what the shard did, as text that a test compares. Texts live until the same question is
 * asked again. */
#include "test/lib/core.h"

#include <evt/codec.h>

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 65536 };

const char *core_told(struct core *core)
{
    static char text[TEXT_MAX];

    snprintf(text, sizeof(text), "%s", evt_buf_text(&core->told));
    evt_buf_clear(&core->told);
    return text;
}

const char *core_header(const struct evt_send *send, const char *name)
{
    static char text[512];

    text[0] = '\0';
    for (size_t i = 0; i < send->headers_n; i++)
        if (strcmp(send->headers[i].name, name) == 0)
            snprintf(text, sizeof(text), "%.*s", (int)send->headers[i].len,
                     (const char *)send->headers[i].value);
    return text;
}

static const char *after_last(const char *text, char c)
{
    const char *at = strrchr(text, c);

    return at ? at + 1 : text;
}

/* Its id without the chain, and the type without its namespace. */
static void show_message(const struct evt_send *send, struct evt_buf *buf)
{
    const char *id = core_header(send, "ce_id");

    evt_buf_printf(buf, "%.*s ", (int)strcspn(id, "-"), id);
    evt_buf_add_text(buf, after_last(core_header(send, "ce_type"), '.'));
}

static void show_dead(struct core *core, const struct evt_send *send, struct evt_buf *buf)
{
    const struct evt_topic *topic = evt_registry_topic(core->opt.service->registry, send->topic);

    evt_buf_printf(buf, "%s.%d ", topic->stream, (int)send->partition);
    evt_buf_printf(buf, "%s: ", core_header(send, "kafka_dlt-original-offset"));
    evt_buf_add_text(buf, core_header(send, "kafka_dlt-exception-message"));
}

const char *core_sent(struct core *core)
{
    static char text[TEXT_MAX];
    struct evt_buf buf = {0};

    for (; core->shown_n < core->sent_n; core->shown_n++) {
        const struct evt_send *send = core->sent[core->shown_n];

        if (buf.len)
            evt_buf_add_byte(&buf, '\n');
        if (core_header(send, "kafka_dlt-original-offset")[0])
            show_dead(core, send, &buf);
        else
            show_message(send, &buf);
    }
    snprintf(text, sizeof(text), "%s", evt_buf_text(&buf));
    evt_buf_release(&buf);
    return text;
}

const char *core_message(struct core *core, size_t i)
{
    static char text[TEXT_MAX];
    const struct evt_send *send = core->sent[i];
    const char *name = core_header(send, "ce_type");
    const struct evt_type *type = evt_registry_type(&fake_registry, name, strlen(name));
    struct evt_arena arena = {0};
    struct evt_buf buf = {0};
    void *msg;

    ck_assert_uint_lt(i, core->sent_n);
    ck_assert_msg(type, "%s", name);
    msg = evt_arena_alloc(&arena, type->size);
    core_ok(core, evt_type_decode(&fake_registry, type, send->value, send->value_len, &arena, msg,
                                  &core->err));
    evt_type_print(type, msg, &buf);
    snprintf(text, sizeof(text), "%s", evt_buf_text(&buf));
    evt_buf_release(&buf);
    evt_arena_release(&arena);
    return text;
}

const char *core_rows(struct core *core, const char *sql)
{
    static char texts[4][TEXT_MAX]; /* a test may compare two answers */
    static unsigned next;
    char *text = texts[next++ % 4];
    struct evt_buf buf = {0};
    sqlite3_stmt *row;

    ck_assert_msg(sqlite3_prepare_v2(evt_store_db(evt_shard_store(core->sh)), sql, -1, &row,
                                     NULL) == SQLITE_OK,
                  "%s", sqlite3_errmsg(evt_store_db(evt_shard_store(core->sh))));
    while (sqlite3_step(row) == SQLITE_ROW) {
        if (buf.len)
            evt_buf_add_byte(&buf, ';');
        for (int i = 0; i < sqlite3_column_count(row); i++)
            evt_buf_printf(&buf, "%s%s", i ? "|" : "", evt_row_text(row, i));
    }
    sqlite3_finalize(row);
    snprintf(text, TEXT_MAX, "%s", evt_buf_text(&buf));
    evt_buf_release(&buf);
    return text;
}

size_t core_lines(const char *text)
{
    size_t n = *text != '\0';

    for (; *text; text++)
        n += *text == '\n';
    return n;
}
