/* Saga draw: a definition as a picture, and where an instance stands in it: Mermaid's flowchart, or
 * Graphviz' DOT. */
#ifndef EVT_SAGA_DRAW_H
#define EVT_SAGA_DRAW_H

#include <evt/buf.h>
#include <evt/saga.h>

enum evt_saga_format { EVT_SAGA_MERMAID, EVT_SAGA_DOT };

/* Of an instance's row in evt_sagas. */
struct evt_saga_standing {
    const char *ref;
    const char *phase;
    const char *parts;
};

/* `at` NULL: the definition alone. */
void evt_saga_draw(const struct evt_saga *saga, enum evt_saga_format format,
                   const struct evt_saga_standing *at, struct evt_buf *buf);

#endif
