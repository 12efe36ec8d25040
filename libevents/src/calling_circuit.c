/* Calling, the circuit: while a destination does not answer, one attempt at a time asks whether it
 * does again, and all others wait. Unknown ends of attempts that began before it opened say nothing
 * new; a definite end, whosever it is, says that it is back. */
#include "calling_internal.h"

int64_t evt__circuit_wait_ms(const struct evt__circuit *circuit, int64_t now_ms)
{
    int64_t from_ms = circuit->not_before_ms;

    if (circuit->open && circuit->trying)
        return INT64_MAX;
    if (circuit->open && circuit->until_ms > from_ms)
        from_ms = circuit->until_ms;
    return from_ms > now_ms ? from_ms - now_ms : 0;
}

bool evt__circuit_begin(struct evt__circuit *circuit)
{
    circuit->trying = circuit->open;
    return circuit->open;
}

static void open_for_longer(struct evt__circuit *circuit, int64_t now_ms)
{
    circuit->open = true;
    circuit->trying = false;
    circuit->pause_ms = circuit->pause_ms ? 2 * circuit->pause_ms : EVT_CALL_PAUSE_MS;
    if (circuit->pause_ms > EVT_CALL_PAUSE_MS_MAX)
        circuit->pause_ms = EVT_CALL_PAUSE_MS_MAX;
    circuit->until_ms = now_ms + circuit->pause_ms;
}

enum evt__circuit_turn evt__circuit_end(struct evt__circuit *circuit, bool let_through,
                                        bool definite, int64_t retry_after_ms, int64_t now_ms)
{
    const bool was_open = circuit->open;

    if (definite) {
        *circuit = (struct evt__circuit){.not_before_ms = circuit->not_before_ms};
        return was_open ? EVT__CIRCUIT_CLOSES : EVT__CIRCUIT_STAYS;
    }
    if (retry_after_ms > EVT_CALL_RETRY_MS_MAX)
        retry_after_ms = EVT_CALL_RETRY_MS_MAX;
    if (retry_after_ms > 0 && now_ms + retry_after_ms > circuit->not_before_ms)
        circuit->not_before_ms = now_ms + retry_after_ms;
    if (was_open) {
        if (let_through && circuit->trying)
            open_for_longer(circuit, now_ms);
        return EVT__CIRCUIT_STAYS;
    }
    if (++circuit->unknowns < EVT_CALL_UNKNOWNS)
        return EVT__CIRCUIT_STAYS;
    open_for_longer(circuit, now_ms);
    return EVT__CIRCUIT_OPENS;
}
