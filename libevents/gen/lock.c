/* Lock: see lock.h. */
#include "lock.h"

#include "compat.h"
#include "names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char head[] =
    "# Published schemas: id, version, sha256 of the file, subject. Written by `make schemas`.\n"
    "# A line that was committed is never changed: its id is in the logs.\n";

/* ---- the file ---- */

static bool number(const char *text, uint32_t *ret_number)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    *ret_number = (uint32_t)value;
    return *text >= '1' && *text <= '9' && !*end && value <= UINT32_MAX;
}

static struct lock_line *parse_line(struct model *m, const struct place *at, char *text)
{
    struct lock_line *line = arena_zalloc(&m->arena, sizeof(*line));
    char *save, *id = strtok_r(text, " ", &save), *version = strtok_r(NULL, " ", &save);
    char *sha256 = strtok_r(NULL, " ", &save), *subject = strtok_r(NULL, " ", &save);
    if (!subject || strtok_r(NULL, " ", &save) || !number(id, &line->id) ||
        !number(version, &line->version) || strlen(sha256) != SHA256_TEXT - 1) {
        refuse(&m->refusals, at, "must be id, version, sha256 and subject");
        return NULL;
    }
    line->sha256 = sha256;
    line->subject = subject;
    line->line = at->index;
    return line;
}

static void add_line(struct model *m, struct root *root, const struct place *at,
                     struct lock_line *line)
{
    uint32_t versions = 0;
    for (size_t i = 0; i < m->roots.n; i++) {
        const struct root *other = m->roots.items[i];
        for (size_t j = 0; j < other->lock.n; j++) {
            const struct lock_line *had = other->lock.items[j];
            if (had->id == line->id)
                refuse(&m->refusals, at, "the id %" PRIu32 " is %s's already", line->id,
                       had->subject);
            versions += other == root && !strcmp(had->subject, line->subject);
        }
    }
    if (line->version != versions + 1)
        refuse(&m->refusals, at, "the next version of %s is %" PRIu32, line->subject, versions + 1);
    list_add(&m->arena, &root->lock, line);
}

void lock_read(struct model *m, struct root *root)
{
    struct place at = place_file(root->lock_path), lines_at = place_key(&at, "line");
    struct evt_buf content = {0};
    size_t n = 0;
    if (!file_read(root->lock_path, &content)) {
        /* A new root has none yet. */
        if (errno != ENOENT)
            refuse(&m->refusals, &at, "%s", strerror(errno));
        return;
    }
    char *text = evt_arena_strndup(&m->arena, evt_buf_text(&content), content.len), *end;
    for (; *text; text = end) {
        struct place line_at = place_index(&lines_at, ++n);
        end = text + strcspn(text, "\n");
        if (*end)
            *end++ = '\0';
        if (!*text || *text == '#')
            continue;
        struct lock_line *line = parse_line(m, &line_at, text);
        if (line)
            add_line(m, root, &line_at, line);
    }
    evt_buf_release(&content);
}

void lock_print(const struct root *root, struct evt_buf *buf)
{
    evt_buf_add_text(buf, head);
    for (size_t i = 0; i < root->lock.n; i++) {
        const struct lock_line *line = root->lock.items[i];
        evt_buf_printf(buf, "%" PRIu32 " %" PRIu32 " %s %s\n", line->id, line->version,
                       line->sha256, line->subject);
    }
}

/* ---- versions ---- */

static struct source *kept_copy(const struct message *msg, uint32_t number_)
{
    for (size_t i = 0; i < msg->kept.n; i++) {
        struct version *kept = msg->kept.items[i];
        if (kept->number == number_)
            return kept->source;
    }
    return NULL;
}

static void add_version(struct model *m, struct message *msg, uint32_t id, struct source *source)
{
    struct version *version = arena_zalloc(&m->arena, sizeof(*version));
    version->number = (uint32_t)msg->versions.n + 1;
    version->id = id;
    version->source = source;
    list_add(&m->arena, &msg->versions, version);
}

/* Which file holds a published version. NULL: refused. */
static struct source *find_version(struct model *m, const struct message *msg,
                                   const struct lock_line *line, bool last)
{
    struct source *source = kept_copy(msg, line->version);
    struct place at = place_file(msg->today->path);
    if (source) {
        struct place kept_at = place_file(source->path);
        if (!strcmp(source->sha256, line->sha256))
            return source;
        refuse(&m->refusals, &kept_at,
               "differs from the version %" PRIu32 " that is published: it is never edited",
               line->version);
    } else if (!last) {
        refuse(&m->refusals, &at,
               "%s.v%" PRIu32 ".avsc is missing: that version is published, its bytes are kept",
               msg->record, line->version);
    } else if (!strcmp(msg->today->sha256, line->sha256)) {
        return msg->today;
    } else {
        refuse(
            &m->refusals, &at,
            "was edited after it was published as version %" PRIu32
            ": if its line in %s is not committed yet, delete that line, else keep the published "
            "bytes, which git has, as %s.v%" PRIu32 ".avsc, and this becomes version %" PRIu32
            "; then run `make schemas`",
            line->version, msg->root->lock_path, msg->record, line->version, line->version + 1);
    }
    return NULL;
}

static void publish_new(struct model *m, struct message *msg, const struct root *publish)
{
    struct place at = place_file(msg->today->path);
    struct lock_line *line = arena_zalloc(&m->arena, sizeof(*line));
    if (msg->root != publish) {
        refuse(&m->refusals, &at, "version %zu is not in %s yet: run `make schemas`",
               msg->versions.n + 1, msg->root->lock_path);
        return;
    }
    line->id = msg->root->first_id;
    for (size_t i = 0; i < msg->root->lock.n; i++) {
        const struct lock_line *had = msg->root->lock.items[i];
        line->id = had->id >= line->id ? had->id + 1 : line->id;
    }
    line->version = (uint32_t)msg->versions.n + 1;
    line->sha256 = msg->today->sha256;
    line->subject = msg->subject;
    line->used = true;
    list_add(&m->arena, &msg->root->lock, line);
    add_version(m, msg, line->id, msg->today);
}

static void check_spare(struct model *m, const struct message *msg, uint32_t published)
{
    for (size_t i = 0; i < msg->kept.n; i++) {
        const struct version *kept = msg->kept.items[i];
        struct place at = place_file(kept->source->path);
        if (kept->number > published)
            refuse(&m->refusals, &at, "no version %" PRIu32 " of %s is published", kept->number,
                   msg->subject);
        else if (kept->number == published && !strcmp(kept->source->sha256, msg->today->sha256))
            refuse(&m->refusals, &at, "is the same as %s.avsc: a copy is kept when that changes",
                   msg->record);
    }
}

/* FULL_TRANSITIVE: today's reads what every version wrote, and every version reads today's. */
static void check_compat(struct model *m, const struct message *msg)
{
    struct schema *today = msg->today->schema;
    for (size_t i = 0; i < msg->versions.n; i++) {
        const struct version *version = msg->versions.items[i];
        struct refusals forth = {0}, back = {0};
        struct place today_at = place_file(msg->today->path);
        struct place old_at = place_file(version->source->path);
        if (version->source == msg->today || !version->source->schema)
            continue;
        compat_can_read(COMPAT_VALUES, &forth, &today_at, today, version->source->schema);
        compat_can_read(COMPAT_VALUES, &back, &old_at, version->source->schema, today);
        if (forth.n)
            refuse(&m->refusals, &today_at, "cannot read what version %" PRIu32 " wrote:\n  %.*s",
                   version->number, (int)forth.text.len - 1, evt_buf_text(&forth.text));
        if (back.n)
            refuse(&m->refusals, &today_at, "cannot be read by version %" PRIu32 ":\n  %.*s",
                   version->number, (int)back.text.len - 1, evt_buf_text(&back.text));
        evt_buf_release(&forth.text);
        evt_buf_release(&back.text);
    }
}

static void join_message(struct model *m, struct message *msg, const struct root *publish)
{
    size_t before = m->refusals.n;
    uint32_t published = 0, seen = 0;
    for (size_t i = 0; i < msg->root->lock.n; i++) {
        const struct lock_line *line = msg->root->lock.items[i];
        published += !strcmp(line->subject, msg->subject);
    }
    for (size_t i = 0; i < msg->root->lock.n; i++) {
        struct lock_line *line = msg->root->lock.items[i];
        if (strcmp(line->subject, msg->subject) != 0)
            continue;
        line->used = true;
        struct source *source = find_version(m, msg, line, ++seen == published);
        if (source)
            add_version(m, msg, line->id, source);
    }
    check_spare(m, msg, published);
    if (m->refusals.n != before)
        return;
    check_compat(m, msg);
    const struct version *last = published ? msg->versions.items[published - 1] : NULL;
    if (m->refusals.n == before && (!last || last->source != msg->today))
        publish_new(m, msg, publish);
}

void lock_join(struct model *m, const struct root *publish)
{
    for (size_t i = 0; i < m->messages.n; i++)
        join_message(m, m->messages.items[i], publish);
    for (size_t i = 0; i < m->roots.n; i++) {
        const struct root *root = m->roots.items[i];
        struct place at = place_file(root->lock_path), lines_at = place_key(&at, "line");
        for (size_t j = 0; j < root->lock.n; j++) {
            const struct lock_line *line = root->lock.items[j];
            struct place line_at = place_index(&lines_at, line->line);
            if (!line->used)
                refuse(&m->refusals, &line_at, "%s is published, and no message has that subject",
                       line->subject);
        }
    }
}
