/* Next: the product service as a later version of it would be built: the same decisions, another
 * generation, which NEXT_GENERATION says, in the code and in topics.json; NEXT_FORGOTTEN: it is
 * forgotten in topics.json. For tests of deploys. */
#include "svc-product/product_service.h"

#include <evt/main.h>
#include <evt/mem.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
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
    next = product_service;
    registry = *next.registry;
    EVT_BUG_ON(registry.declarations_n > sizeof(declarations) / sizeof(*declarations));
    memcpy(declarations, registry.declarations, registry.declarations_n * sizeof(*declarations));
    for (size_t i = 0; i < registry.declarations_n; i++)
        if (strcmp(declarations[i].service, next.name) == 0 && !getenv("NEXT_FORGOTTEN"))
            declarations[i].generation = (uint32_t)generation;
    registry.declarations = declarations;
    next.registry = &registry;
    next.generation = (uint32_t)generation;
    return evt_service_main(argc, argv, &next);
}
