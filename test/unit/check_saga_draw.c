/* Saga, drawn: what a reference or a step may be called breaks neither language. */
#include "test/lib/fake_saga.h"
#include "test/lib/saga_case.h"
#include "test/lib/suite.h"

#include <evt/saga_draw.h>

#include <stdio.h>
#include <string.h>

static struct evt_buf buf;

static const char *draw(const struct evt_saga_step *steps, enum evt_saga_format format,
                        const struct evt_saga_standing *at)
{
    saga_case_reset();
    evt_buf_clear(&buf);
    evt_saga_draw(saga_case_definition(steps, 1), format, at, &buf);
    return evt_buf_text(&buf);
}

static const char *draw_one(enum evt_saga_format format, const struct evt_saga_standing *at)
{
    return draw((const struct evt_saga_step[]){STEP(0, 1), {0}}, format, at);
}

#define HAS(text, want) ck_assert_msg(strstr(text, want) != NULL, "%s has no %s", text, want)

START_TEST(a_reference_is_any_text)
{
    const struct evt_saga_standing at = {"\"o\\1\"\n", "forward", "a 1 asked 1\n"};

    HAS(draw_one(EVT_SAGA_MERMAID, &at),
        "title: \"saga trip, definition 1: \\\"o\\\\1\\\"  is forward\"\n");
    HAS(evt_buf_text(&buf), "    style step_a fill:#fff9c4\n");
    HAS(draw_one(EVT_SAGA_DOT, &at),
        "    label=\"saga trip, definition 1: \\\"o\\\\1\\\"  is forward\"; rankdir=LR;");
    evt_buf_release(&buf);
}
END_TEST

START_TEST(a_title_is_as_long_as_it_is)
{
    char ref[EVT_SAGA_REF_MAX + 1], want[200];
    const struct evt_saga_standing at = {ref, "completed", ""};
    struct evt_saga saga;

    saga_case_reset();
    saga = *saga_case_definition((const struct evt_saga_step[]){STEP(0, 1), {0}}, UINT32_MAX);
    saga.name = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz-abcdefghijk";
    memset(ref, 'r', EVT_SAGA_REF_MAX);
    ref[EVT_SAGA_REF_MAX] = '\0';
    snprintf(want, sizeof(want), "title: \"saga %s, definition 4294967295: %s is completed\"\n",
             saga.name, ref);
    evt_saga_draw(&saga, EVT_SAGA_MERMAID, &at, &buf);
    HAS(evt_buf_text(&buf), want);
    evt_buf_release(&buf);
}
END_TEST

/* Words of Mermaid's, and of the drawing's own. */
START_TEST(a_step_is_called_anything)
{
    static const char *const names[] = {"begin", "completed", "undone", "end"};
    struct evt_saga_step steps[] = {STEP(0, 1), STEP(1, 1), STEP(2, 2), STEP(3, 2), {0}};

    for (int i = 0; i < 4; i++)
        steps[i].name = names[i];
    HAS(draw(steps, EVT_SAGA_MERMAID, NULL), "\n    begin((begin))\n");
    HAS(evt_buf_text(&buf), "\n        step_begin[\"begin, each<br/>ReserveStock<br/>");
    HAS(evt_buf_text(&buf), "\n        step_end[\"end, each<br/>");
    HAS(evt_buf_text(&buf), "\n    stage_2 --> completed((completed))\n");
    HAS(draw(steps, EVT_SAGA_DOT, NULL),
        "\n    \"begin\" -> \"step_begin\" [lhead=cluster_stage_1];");
    HAS(evt_buf_text(&buf), "\n        \"step_undone\" [label=\"undone, each\\nReserveStock");
    HAS(evt_buf_text(&buf),
        "\n    \"step_undone\" -> undone [ltail=cluster_stage_2, style=dotted,");
    evt_buf_release(&buf);
}
END_TEST

SUITE("saga: drawn", a_reference_is_any_text, a_title_is_as_long_as_it_is,
      a_step_is_called_anything)
