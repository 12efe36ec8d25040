/* Saga draw: stages as boxes of steps, from left to right; steps of an instance have the colour of
 * what needs looking at most. */
#include "saga_internal.h"

#include <evt/saga_draw.h>

#include <stdio.h>
#include <string.h>

/* By weight: the state of a step's items that a person should see. */
static const struct {
    const char *state;
    const char *fill;
} states[] = {
    {"done", "#c8e6c9"},    {"dropped", "#eeeeee"}, {"undone", "#ffe0b2"}, {"asked", "#fff9c4"},
    {"undoing", "#ffcc80"}, {"refused", "#ef9a9a"}, {"parked", "#ce93d8"}, {"stuck", "#ce93d8"},
};
#define STATES_N (sizeof(states) / sizeof(*states))

/* A step's name alone may be a word of Mermaid's, or one of ours, as `end` or `begin`. */
#define STEP_ID "step_%s"

struct drawing {
    const struct evt_saga *saga;
    const struct evt_saga_standing *at;
    const char *line_break; /* within a label */
    struct evt_buf *buf;
};

/* How many items of a step are in each state. */
static void count(const struct drawing *draw, const char *step, int counts[STATES_N])
{
    const char *line = draw->at ? draw->at->parts : "";
    const size_t len = strlen(step);

    memset(counts, 0, STATES_N * sizeof(*counts));
    for (; *line; line += strcspn(line, "\n") + 1) {
        char state[16] = "";

        if (strncmp(line, step, len) != 0 || line[len] != ' ' ||
            sscanf(line + len, " %*d %15s", state) != 1)
            continue;
        for (size_t i = 0; i < STATES_N; i++)
            counts[i] += strcmp(states[i].state, state) == 0;
    }
}

/* "shop.product.v1.ReserveStock" is ReserveStock here. */
static const char *short_name(const struct evt_type *type)
{
    return strrchr(type->name, '.') + 1;
}

static void add_label(const struct drawing *draw, const struct evt_saga_step *step)
{
    int counts[STATES_N];

    evt_buf_printf(draw->buf, "%s%s%s%s", step->name, step->items ? ", each" : "", draw->line_break,
                   short_name(step->asks));
    if (step->undoes)
        evt_buf_printf(draw->buf, "%sundone by %s", draw->line_break, short_name(step->undoes));
    if (step->flags & EVT_SAGA_PIVOT)
        evt_buf_printf(draw->buf, "%sthe pivot", draw->line_break);
    if (step->flags & EVT_SAGA_DETACHED)
        evt_buf_printf(draw->buf, "%snobody waits for it", draw->line_break);
    count(draw, step->name, counts);
    for (size_t i = 0; i < STATES_N; i++)
        if (counts[i])
            evt_buf_printf(draw->buf, "%s%d %s", draw->line_break, counts[i], states[i].state);
}

/* NULL: nothing of it was asked. */
static const char *fill_of(const struct drawing *draw, const struct evt_saga_step *step)
{
    const char *fill = NULL;
    int counts[STATES_N];

    count(draw, step->name, counts);
    for (size_t i = 0; i < STATES_N; i++)
        if (counts[i])
            fill = states[i].fill;
    return fill;
}

static bool is_first_of_stage(const struct evt_saga *saga, const struct evt_saga_step *step)
{
    return step == saga->steps || step[-1].stage != step->stage;
}

static bool is_last_of_stage(const struct evt_saga_step *step)
{
    return !step[1].name || step[1].stage != step->stage;
}

/* Between quotes, of YAML and of DOT alike: a reference is any text. */
static void add_quoted(struct evt_buf *buf, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            evt_buf_add_byte(buf, '\\');
        evt_buf_add_byte(buf, (uint8_t)((unsigned char)*text < ' ' || *text == 0x7f ? ' ' : *text));
    }
}

static void add_title(const struct drawing *draw)
{
    evt_buf_printf(draw->buf, "saga %s, definition %u", draw->saga->name,
                   (unsigned)draw->saga->number);
    if (!draw->at)
        return;
    evt_buf_add_text(draw->buf, ": ");
    add_quoted(draw->buf, draw->at->ref);
    evt_buf_printf(draw->buf, " is %s", draw->at->phase);
}

static bool stage_id(const struct evt_saga_step *step, char buf[24])
{
    if (step->stage == EVT_SAGA_AFTER_UNDO)
        snprintf(buf, 24, "after_undo");
    else
        snprintf(buf, 24, "stage_%d", (int)step->stage);
    return step->stage == EVT_SAGA_AFTER_UNDO;
}

static void draw_mermaid(const struct drawing *draw)
{
    const struct evt_saga_step *step;
    struct evt_buf *buf = draw->buf;
    char id[24], before[24] = "begin";
    bool after_undo = false;

    evt_buf_add_text(buf, "---\ntitle: \"");
    add_title(draw);
    evt_buf_add_text(buf, "\"\n---\nflowchart LR\n    begin((begin))\n");
    for (step = draw->saga->steps; step->name; step++) {
        after_undo = stage_id(step, id);
        if (is_first_of_stage(draw->saga, step))
            evt_buf_printf(buf, "    subgraph %s [%s]\n", id,
                           after_undo ? "when all is undone" : id);
        evt_buf_printf(buf, "        " STEP_ID "%s\"", step->name,
                       step->flags & EVT_SAGA_PIVOT ? "{{" : "[");
        add_label(draw, step);
        evt_buf_printf(buf, "\"%s\n", step->flags & EVT_SAGA_PIVOT ? "}}" : "]");
        if (is_last_of_stage(step))
            evt_buf_printf(buf, "    end\n");
        if (is_last_of_stage(step) && !after_undo) {
            evt_buf_printf(buf, "    %s --> %s\n", before, id);
            snprintf(before, sizeof(before), "%s", id);
        }
    }
    evt_buf_printf(buf, "    %s --> completed((completed))\n", before);
    evt_buf_printf(buf, "    %s -. \"turned back\" .-> undone((undone))\n", before);
    if (after_undo)
        evt_buf_printf(buf, "    undone --> %s\n", id);
    for (step = draw->saga->steps; step->name; step++)
        if (fill_of(draw, step))
            evt_buf_printf(buf, "    style " STEP_ID " fill:%s\n", step->name, fill_of(draw, step));
}

/* Edges between clusters go from the first step of each. */
static void draw_dot(const struct drawing *draw)
{
    const struct evt_saga_step *step;
    struct evt_buf *buf = draw->buf;
    char id[24], before[24] = "", from[EVT_NAME_MAX + 8] = "begin";
    bool after_undo = false;

    evt_buf_printf(buf, "digraph \"%s\" {\n    label=\"", draw->saga->name);
    add_title(draw);
    evt_buf_add_text(
        buf, "\"; rankdir=LR; compound=true;\n"
             "    node [shape=box, style=filled, fillcolor=white];\n"
             "    begin [shape=circle]; completed [shape=circle]; undone [shape=circle];\n");
    for (step = draw->saga->steps; step->name; step++) {
        const char *fill = fill_of(draw, step);

        after_undo = stage_id(step, id);
        if (is_first_of_stage(draw->saga, step)) {
            evt_buf_printf(buf, "    \"%s\" -> \"" STEP_ID "\" [lhead=cluster_%s",
                           after_undo ? "undone" : from, step->name, id);
            if (*before && !after_undo)
                evt_buf_printf(buf, ", ltail=cluster_%s", before);
            evt_buf_printf(buf, "];\n    subgraph cluster_%s {\n        label=\"%s\";\n", id,
                           after_undo ? "when all is undone" : id);
            if (!after_undo) {
                snprintf(before, sizeof(before), "%s", id);
                snprintf(from, sizeof(from), STEP_ID, step->name);
            }
        }
        evt_buf_printf(buf, "        \"" STEP_ID "\" [label=\"", step->name);
        add_label(draw, step);
        evt_buf_printf(buf, "\"%s, fillcolor=\"%s\"];\n",
                       step->flags & EVT_SAGA_PIVOT ? ", shape=hexagon" : "",
                       fill ? fill : "white");
        if (is_last_of_stage(step))
            evt_buf_printf(buf, "    }\n");
    }
    evt_buf_printf(buf,
                   "    \"%s\" -> completed [ltail=cluster_%s];\n"
                   "    \"%s\" -> undone [ltail=cluster_%s, style=dotted, label=\"turned back\"];\n"
                   "}\n",
                   from, before, from, before);
}

void evt_saga_draw(const struct evt_saga *saga, enum evt_saga_format format,
                   const struct evt_saga_standing *at, struct evt_buf *buf)
{
    const struct drawing draw = {.saga = saga,
                                 .at = at,
                                 .line_break = format == EVT_SAGA_MERMAID ? "<br/>" : "\\n",
                                 .buf = buf};

    if (format == EVT_SAGA_MERMAID)
        draw_mermaid(&draw);
    else
        draw_dot(&draw);
}
