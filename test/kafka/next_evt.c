/* Next evt: evt as it would be built with the schemas of a service's later generation, which
 * NEXT_GENERATION says. The linker puts this between it and what topics.json declares. */
#include <evt/type.h>

#include <stdlib.h>

#define LINKED_AS(name) __asm__(#name) /* by --wrap */

const struct evt_declaration *declared(const struct evt_registry *reg, const char *service)
    LINKED_AS(__real_evt_registry_declaration);
const struct evt_declaration *declared_next(const struct evt_registry *reg, const char *service)
    LINKED_AS(__wrap_evt_registry_declaration);

const struct evt_declaration *declared_next(const struct evt_registry *reg, const char *service)
{
    static struct evt_declaration next;
    const struct evt_declaration *today = declared(reg, service);
    const char *text = getenv("NEXT_GENERATION");

    if (!today || !text)
        return today;
    next = *today;
    next.generation = (uint32_t)strtoul(text, NULL, 10);
    return &next;
}
