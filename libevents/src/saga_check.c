/* Saga, its definitions: does one make sense by itself, has every instance its own still, and are
 * they the ones with which the generation began? */
#include "saga_internal.h"

#include <evt/codec.h>
#include <evt/hash.h>

#include <string.h>

/* Words of the parts' lines, so without blanks. */
static bool is_name(const char *name)
{
    const size_t len = name ? strlen(name) : 0;

    return len > 0 && len <= EVT_NAME_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyz-") == len;
}

static enum evt_err wrong(const struct evt_saga *saga, const char *name, const char *what,
                          struct evt_error *err)
{
    return evt_fail(err, EVT_E_SERVICE, "saga %s %u: %s %s", saga->name, (unsigned)saga->number,
                    name, what);
}

static enum evt_err check_step(const struct evt_saga *saga, int i, struct evt_error *err)
{
    const struct evt_saga_step *step = &saga->steps[i];
    const int32_t before = i ? saga->steps[i - 1].stage : 1;
    const bool after_undo = step->stage == EVT_SAGA_AFTER_UNDO;
    const bool detached = after_undo || step->flags & EVT_SAGA_DETACHED;

    if (!is_name(step->name))
        return wrong(saga, step->name, "is not a name of a-z and -", err);
    for (int other = 0; other < i; other++)
        if (strcmp(saga->steps[other].name, step->name) == 0)
            return wrong(saga, step->name, "is there twice", err);
    if (step->stage < before || (!after_undo && step->stage > before + (i != 0)))
        return wrong(saga, step->name, "is not in the order of its stages, from 1", err);
    if (!step->ask || !step->asks || step->tries < 1 || step->wait_ms < 1 ||
        step->wait_ms_max < step->wait_ms)
        return wrong(saga, step->name, "needs ask, asks, tries, wait_ms and wait_ms_max", err);
    if (step->undo && (!step->undoes || step->undo_tries < 1))
        return wrong(saga, step->name, "needs undoes and undo_tries", err);
    if (detached && (step->undo || step->flags & (EVT_SAGA_PIVOT | EVT_SAGA_TURNS_BACK)))
        return wrong(saga, step->name, "is waited for by nobody: it has no undo, and is no pivot",
                     err);
    return EVT_OK;
}

static enum evt_err check_pivot(const struct evt_saga *saga, struct evt_error *err)
{
    int32_t pivot = 0;

    for (const struct evt_saga_step *step = saga->steps; step->name; step++) {
        if (step->flags & EVT_SAGA_PIVOT && pivot)
            return wrong(saga, step->name, "is a second pivot", err);
        if (step->flags & EVT_SAGA_PIVOT)
            pivot = step->stage;
        if (step->flags & EVT_SAGA_TURNS_BACK && (!pivot || step->stage <= pivot))
            return wrong(saga, step->name, "turns back, but is not behind the pivot", err);
    }
    for (const struct evt_saga_step *step = saga->steps; step->name; step++)
        if (pivot && step->stage == pivot && !(step->flags & EVT_SAGA_PIVOT))
            return wrong(saga, step->name, "is in the pivot's stage, which is the pivot's alone",
                         err);
    return EVT_OK;
}

static bool has_number(const struct evt_type *type, const char *field)
{
    for (size_t i = 0; i < type->fields->fields_n; i++) {
        const struct evt_field *at = &type->fields->fields[i];

        if (strcmp(at->name, field) == 0 && !at->optional)
            return at->value->shape == EVT_SHAPE_INT || at->value->shape == EVT_SHAPE_LONG;
    }
    return false;
}

static bool is_told(const struct evt_saga *saga, int step, enum evt_saga_word word)
{
    for (const struct evt_saga_reply *reply = saga->replies; reply->type; reply++)
        if (reply->step == step && reply->word == word)
            return true;
    return false;
}

static enum evt_err check_reply(const struct evt_service *service, const struct evt_saga *saga,
                                const struct evt_saga_reply *reply, int steps_n,
                                struct evt_error *err)
{
    const char *name = reply->type->name;

    if (!evt_service_takes(service, reply->type))
        return wrong(saga, name, "is not taken by the service, says topics.json", err);
    if (reply->step < 0 || reply->step >= steps_n)
        return wrong(saga, name, "is about no step", err);
    if (reply->item && !has_number(reply->type, reply->item))
        return wrong(saga, name, "has no number of that name for its item", err);
    if (saga->steps[reply->step].items && !reply->item)
        return wrong(saga, name, "does not name its item", err);
    for (const struct evt_saga_reply *other = saga->replies; other < reply; other++)
        if (other->type == reply->type && !other->fits)
            return wrong(saga, name, "is there behind one that any fits", err);
    for (const struct evt_handler *handler = service->handlers; handler->type; handler++)
        if (handler->type == reply->type)
            return wrong(saga, name, "has a handler as well", err);
    for (const struct evt_saga *const *other = service->sagas; *other; other++)
        for (const struct evt_saga_reply *at = (*other)->replies; at->type; at++)
            if (at->type == reply->type && strcmp((*other)->name, saga->name) != 0)
                return wrong(saga, name, "answers another saga, too", err);
    return EVT_OK;
}

static enum evt_err check_saga(const struct evt_service *service, const struct evt_saga *saga,
                               struct evt_error *err)
{
    enum evt_err rc = EVT_OK;
    int steps_n = 0;

    if (!is_name(saga->name))
        return wrong(saga, "its name", "is not of a-z and -", err);
    if (saga->number < 1 || saga->within_ms < 1 || saga->kept_ms < 1)
        return wrong(saga, "it", "needs a number from 1, within_ms and kept_ms", err);
    for (; rc == EVT_OK && saga->steps[steps_n].name && steps_n < EVT_SAGA_STEPS_MAX; steps_n++)
        rc = check_step(saga, steps_n, err);
    if (rc == EVT_OK && (steps_n == 0 || saga->steps[steps_n].name))
        rc = wrong(saga, "it", "has no steps, or too many", err);
    if (rc == EVT_OK)
        rc = check_pivot(saga, err);
    for (const struct evt_saga_reply *reply = saga->replies; rc == EVT_OK && reply->type; reply++)
        rc = check_reply(service, saga, reply, steps_n, err);
    for (int i = 0; rc == EVT_OK && i < steps_n; i++) {
        if (!is_told(saga, i, EVT_SAGA_DONE))
            rc = wrong(saga, saga->steps[i].name, "is never told to be done", err);
        else if (saga->steps[i].undo && !is_told(saga, i, EVT_SAGA_UNDONE))
            rc = wrong(saga, saga->steps[i].name, "is never told to be undone", err);
    }
    return rc;
}

enum evt_err evt__saga_check(const struct evt_service *service, struct evt_error *err)
{
    enum evt_err rc = EVT_OK;

    for (const struct evt_saga *const *saga = service->sagas; saga && *saga && rc == EVT_OK;
         saga++) {
        rc = check_saga(service, *saga, err);
        for (const struct evt_saga *const *other = service->sagas;
             *other && *other != *saga && rc == EVT_OK; other++)
            if (strcmp((*other)->name, (*saga)->name) == 0 && (*other)->number == (*saga)->number)
                rc = wrong(*saga, "its number", "is there twice", err);
    }
    return rc;
}

enum evt_err evt__saga_check_instances(struct evt_store *st, const struct evt_service *service,
                                       int64_t now_ms, struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    enum evt_err rc = evt__own_query(st, EVT_OWN_SAGA_DEFINITIONS, &row, err, "l", now_ms);

    while (rc == EVT_OK && row) {
        const char *name = evt_row_text(row, 0);
        const uint32_t number = (uint32_t)sqlite3_column_int64(row, 1);

        if (evt__saga_definition(service, name, number))
            rc = evt_store_next(st, &row, err);
        else
            rc = evt_fail(err, EVT_E_SERVICE,
                          "the saga %s has instances of definition %u, which this version lacks:"
                          " put it back until they are forgotten",
                          name, (unsigned)number);
    }
    evt_store_done(row);
    return rc;
}

static void add_text(struct evt_sip *sip, const char *text)
{
    evt_sip_add_field(sip, text ? text : "", text ? strlen(text) : 0);
}

static void add_type(struct evt_sip *sip, const struct evt_type *type)
{
    add_text(sip, type ? type->name : NULL);
}

/* Of functions only whether there are any: where they lie is of one build. */
static void add_step(struct evt_sip *sip, const struct evt_saga_step *step)
{
    add_text(sip, step->name);
    evt_sip_add_u64(sip, (uint64_t)step->stage);
    evt_sip_add_u64(sip, step->flags);
    evt_sip_add_u64(sip, step->items != NULL);
    evt_sip_add_u64(sip, step->undo != NULL);
    add_type(sip, step->asks);
    add_type(sip, step->undoes);
    evt_sip_add_u64(sip, (uint64_t)step->wait_ms);
    evt_sip_add_u64(sip, (uint64_t)step->wait_ms_max);
    evt_sip_add_u64(sip, (uint64_t)step->tries);
    evt_sip_add_u64(sip, (uint64_t)step->undo_tries);
}

static void add_reply(struct evt_sip *sip, const struct evt_saga_reply *reply)
{
    add_type(sip, reply->type);
    evt_sip_add_u64(sip, (uint64_t)reply->step);
    evt_sip_add_u64(sip, (uint64_t)reply->word);
    add_text(sip, reply->item);
}

/* Without sagas it is the declaration's own. */
uint64_t evt__saga_declared(const struct evt_service *service, uint64_t declaration_hash)
{
    struct evt_sip sip;

    if (!service->sagas || !*service->sagas)
        return declaration_hash;
    evt_sip_init(&sip);
    evt_sip_add_u64(&sip, declaration_hash);
    for (const struct evt_saga *const *saga = service->sagas; *saga; saga++) {
        add_text(&sip, (*saga)->name);
        evt_sip_add_u64(&sip, (*saga)->number);
        evt_sip_add_u64(&sip, (uint64_t)(*saga)->within_ms);
        evt_sip_add_u64(&sip, (uint64_t)(*saga)->kept_ms);
        for (const struct evt_saga_step *step = (*saga)->steps; step->name; step++)
            add_step(&sip, step);
        for (const struct evt_saga_reply *reply = (*saga)->replies; reply->type; reply++)
            add_reply(&sip, reply);
    }
    return evt_sip_end(&sip);
}
