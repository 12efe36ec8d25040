/* Sim check, taken: the receivers' marks stand at the last message of each stream that its sender
 * says today, and every such message was applied, once. */
#include "sim_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct taking {
    struct sim_check *check;
    struct sim_seat *seat;
    struct sim_set marks;   /* by source: the last record of the stream, if the mark stands there */
    struct sim_set applied; /* messages that handlers noted */
    int64_t applied_n;
};

static uint64_t text_hash(const struct sim_seat *seat, sqlite3_stmt *row, bool with_id)
{
    const char *source = (const char *)sqlite3_column_text(row, 0);
    const char *id = with_id ? (const char *)sqlite3_column_text(row, 1) : "";

    return sim_message_hash(seat->part->topic->name, seat->part->partition, source, strlen(source),
                            id, strlen(id));
}

/* Where a log was lost a sender may say less than it once did; until it says more, no receiver can
 * know. */
static bool may_be_ahead(const struct taking *taking, uint64_t mark, uint64_t last)
{
    return taking->check->world->lossy && mark > last;
}

static void note_mark(void *arg, sqlite3_stmt *row)
{
    struct taking *taking = arg;
    const uint64_t hash = text_hash(taking->seat, row, false);
    const struct evt_record *last = sim_set_get(&taking->check->last, hash);
    struct evt_envelope env;
    struct evt_error err;

    if (last == NULL || evt_envelope_identify(last, &env, &err) != EVT_OK)
        return; /* a source of before: its log is gone */
    sim_set_add(&taking->marks, hash, last);
    if (may_be_ahead(taking, (uint64_t)sqlite3_column_int64(row, 1), env.number.number))
        return;
    if ((uint64_t)sqlite3_column_int64(row, 1) != env.number.number ||
        (uint64_t)sqlite3_column_int64(row, 2) != env.number.chain)
        sim_fail(taking->check->world,
                 "%s: its mark of %s is %" PRId64 "-%016" PRIx64 ", its sender says %.*s",
                 taking->seat->path, (const char *)sqlite3_column_text(row, 0),
                 (int64_t)sqlite3_column_int64(row, 1), (uint64_t)sqlite3_column_int64(row, 2),
                 (int)env.id.len, env.id.text);
}

static void note_applied(void *arg, sqlite3_stmt *row)
{
    struct taking *taking = arg;

    sim_set_add(&taking->applied, text_hash(taking->seat, row, true), taking);
    taking->applied_n++;
}

static bool is_here(const struct taking *taking, const struct evt_record *rec)
{
    return rec != NULL && rec->partition == taking->seat->part->partition &&
           strcmp(rec->topic, taking->seat->part->topic->name) == 0;
}

static void check_marks(struct taking *taking)
{
    const struct sim_set *last = &taking->check->last;

    sim_ask(taking->seat, "SELECT source, number, chain FROM evt_marks", note_mark, taking);
    for (size_t i = 0; i < last->cap; i++)
        if (is_here(taking, last->entries[i].what) &&
            sim_set_get(&taking->marks, last->entries[i].hash) == NULL) {
            const struct evt_record *rec = last->entries[i].what;

            sim_fail(taking->check->world, "%s never took anything of the sender of @%" PRId64,
                     taking->seat->path, rec->offset);
        }
}

/* Handlers of the scripted services note what they take; system messages have none. */
static bool is_noted(const struct evt_record *rec)
{
    const struct evt_text name = evt_envelope_type(rec);
    const struct evt_type *type =
        name.len == 0 ? NULL : evt_registry_type(&evt_registry, name.text, name.len);

    return type != NULL && type->kind != EVT_KIND_SYSTEM;
}

static void check_applied(struct taking *taking)
{
    const struct sim_check *check = taking->check;
    int64_t expected = 0;

    sim_ask(taking->seat, "SELECT source, id FROM seen", note_applied, taking);
    for (size_t i = 0; i < check->said.cap; i++) {
        const struct evt_record *rec = check->said.entries[i].what;
        const uint64_t hash = check->said.entries[i].hash;

        /* What waited and was settled by a word comes again, and may be refused only then. */
        if (is_here(taking, rec) && is_noted(rec) && !sim_is_rejected(check, rec) &&
            !(check->world->lossy && sim_set_get(&check->refused, hash) != NULL) &&
            sim_set_get(&taking->applied, hash) == NULL)
            sim_fail(check->world, "lost: %s never applied what is first at %" PRId64,
                     taking->seat->path, rec->offset);
    }
    for (size_t i = 0; i < check->logged.cap; i++) {
        const struct evt_record *rec = check->logged.entries[i].what;

        expected += is_here(taking, rec) && is_noted(rec) && !sim_is_rejected(check, rec);
    }
    if (!check->world->lossy && taking->applied_n != expected)
        sim_fail(check->world, "%s handled %" PRId64 " messages, %" PRId64 " are in its log",
                 taking->seat->path, taking->applied_n, expected);
}

/* A subscription says every fact, and nothing else. */
static void check_forwarded(const struct sim_check *check, struct sim_seat *seat)
{
    const struct taking here = {.seat = seat};
    char prefix[100];
    int64_t facts = 0, said = 0;

    snprintf(prefix, sizeof prefix, "/shop/%s/%d/", seat->sub->name, (int)seat->part->partition);
    for (size_t i = 0; i < check->logged.cap; i++) {
        const struct evt_record *rec = check->logged.entries[i].what;

        facts += is_here(&here, rec) && is_noted(rec) && !sim_is_rejected(check, rec);
    }
    for (size_t i = 0; i < check->said.cap; i++) {
        const struct evt_record *rec = check->said.entries[i].what;
        const struct evt_header *source = rec == NULL ? NULL : evt_record_header(rec, "ce_source");

        said += source != NULL && strncmp(source->value, prefix, strlen(prefix)) == 0;
    }
    if (facts != said)
        sim_fail(check->world, "%s has %" PRId64 " facts and says %" PRId64, seat->path, facts,
                 said);
}

void sim_check_taken(struct sim_check *check, struct sim_seat *seat)
{
    struct taking taking = {.check = check, .seat = seat};

    check_marks(&taking);
    if (seat->sub != NULL && !check->world->lossy)
        check_forwarded(check, seat);
    if (seat->sub == NULL && sim_is_scripted(seat->node->kind) && seat->node->kind != SIM_TRIP)
        check_applied(&taking);
    sim_set_release(&taking.marks);
    sim_set_release(&taking.applied);
}
