/* Saga, its parts: what was asked so far, one line each, in the instance's row. A person reads them
 * in a query, and a refused message is found by the id in them. */
#include "saga_internal.h"

#include <evt/mem.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const phase_texts[] = {
#define PHASE_TEXT(phase, text) [EVT__SAGA_##phase] = text,
    EVT__SAGA_PHASE_MAP(PHASE_TEXT)
#undef PHASE_TEXT
};
static const char *const state_texts[] = {
#define STATE_TEXT(state, text) [EVT__PART_##state] = text,
    EVT__PART_MAP(STATE_TEXT)
#undef STATE_TEXT
};
#define STATES_N (sizeof(state_texts) / sizeof(*state_texts))

const char *evt__saga_phase_str(enum evt__saga_phase phase)
{
    return phase_texts[phase];
}

const char *evt__part_str(enum evt__part_state state)
{
    return state_texts[state];
}

struct evt__saga_part *evt__parts_find(struct evt__saga *saga, int step, int32_t item)
{
    for (size_t i = 0; i < saga->parts_n; i++)
        if (saga->parts[i].step == step && saga->parts[i].item == item)
            return &saga->parts[i];
    return NULL;
}

static struct evt__saga_part *append(struct evt__saga *saga)
{
    struct evt_arena *arena = &saga->ctx->sh->msg_arena;

    if (saga->parts_n == saga->parts_cap) {
        struct evt__saga_part *before = saga->parts;

        saga->parts_cap = saga->parts_cap ? 2 * saga->parts_cap : 16;
        saga->parts = evt_arena_alloc(arena, saga->parts_cap * sizeof(*saga->parts));
        if (before)
            memcpy(saga->parts, before, saga->parts_n * sizeof(*before));
    }
    saga->parts[saga->parts_n] = (struct evt__saga_part){.sent = ""};
    return &saga->parts[saga->parts_n++];
}

enum evt_err evt__parts_add(struct evt__saga *saga, int step, int32_t item,
                            struct evt__saga_part **ret_part, struct evt_error *err)
{
    if (saga->parts_n == EVT_SAGA_PARTS_MAX)
        return evt_reject(err, "more than %d items of all steps", EVT_SAGA_PARTS_MAX);
    *ret_part = append(saga);
    (*ret_part)->step = step;
    (*ret_part)->item = item;
    return EVT_OK;
}

void evt__parts_print(const struct evt__saga *saga, struct evt_buf *buf)
{
    for (const struct evt__saga_part *part = saga->parts; part < saga->parts + saga->parts_n;
         part++) {
        evt_buf_printf(buf, "%s %d %s %d", evt__part_step(saga, part)->name, (int)part->item,
                       evt__part_str(part->state), (int)part->tries);
        if (part->next_ms || *part->sent)
            evt_buf_printf(buf, " %" PRId64 " %s", part->next_ms, part->sent);
        evt_buf_printf(buf, "\n");
    }
}

/* The next word of a line, its end made a NUL; "" at the end. */
static char *word(char **at)
{
    char *begin = *at, *end = begin + strcspn(begin, " ");

    *at = *end ? end + 1 : end;
    *end = '\0';
    return begin;
}

static bool parse_line(struct evt__saga *saga, char *line)
{
    struct evt__saga_part *part = append(saga);
    const char *name = word(&line), *state;
    size_t i = 0;

    while (saga->run.saga->steps[part->step].name &&
           strcmp(saga->run.saga->steps[part->step].name, name) != 0)
        part->step++;
    part->item = (int32_t)strtol(word(&line), NULL, 10);
    state = word(&line);
    while (i < STATES_N && strcmp(state_texts[i], state) != 0)
        i++;
    part->state = (enum evt__part_state)i;
    part->tries = (int32_t)strtol(word(&line), NULL, 10);
    part->next_ms = strtoll(word(&line), NULL, 10);
    part->sent = word(&line);
    return saga->run.saga->steps[part->step].name && part->item > 0 && i < STATES_N;
}

enum evt_err evt__parts_parse(struct evt__saga *saga, const char *text, struct evt_error *err)
{
    char *at = evt_arena_strndup(&saga->ctx->sh->msg_arena, text, strlen(text));

    while (*at) {
        char *end = at + strcspn(at, "\n");

        if (!*end || saga->parts_n == EVT_SAGA_PARTS_MAX)
            return evt_fail(err, EVT_E_STORE_CORRUPT, "saga %s: its parts", saga->run.ref);
        *end = '\0';
        if (!parse_line(saga, at))
            return evt_fail(err, EVT_E_STORE_CORRUPT, "saga %s: its part %s", saga->run.ref, at);
        at = end + 1;
    }
    return EVT_OK;
}
