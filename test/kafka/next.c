/* Next: the service's declarations are copied, and its generation is changed in them. */
#include "next.h"

#include <evt/command.h>
#include <evt/mem.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int next_main(int argc, char **argv, const struct evt_service *service,
              const struct evt_saga *const *sagas)
{
    static struct evt_declaration declarations[64];
    static struct evt_registry registry;
    static struct evt_service next;
    const char *text = getenv("NEXT_GENERATION");
    const long generation = text ? strtol(text, NULL, 10) : 0;

    if (generation < 1) {
        fputs("set NEXT_GENERATION\n", stderr);
        return 2;
    }
    next = *service;
    registry = *next.registry;
    EVT_BUG_ON(registry.declarations_n > sizeof(declarations) / sizeof(*declarations));
    memcpy(declarations, registry.declarations, registry.declarations_n * sizeof(*declarations));
    for (size_t i = 0; i < registry.declarations_n; i++)
        if (strcmp(declarations[i].service, next.name) == 0 && !getenv("NEXT_FORGOTTEN"))
            declarations[i].generation = (uint32_t)generation;
    registry.declarations = declarations;
    next.registry = &registry;
    next.generation = (uint32_t)generation;
    if (sagas)
        next.sagas = sagas;
    evt_program_exit(evt_service_main(argc, argv, &next));
}
