/* Kafka bench, which cases. */
#include "kafka_pick.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *name_of(const void *table, size_t size, size_t i)
{
    const char *name;

    memcpy(&name, (const char *)table + i * size, sizeof(name));
    return name;
}

void kafka_pick_check(const void *table, size_t n, size_t size, char *const *picked)
{
    for (; *picked; picked++) {
        size_t i = 0;

        while (i < n && strcmp(*picked, name_of(table, size, i)) != 0)
            i++;
        if (i < n)
            continue;
        fprintf(stderr, "bench: no case is called %s; there are", *picked);
        for (i = 0; i < n; i++)
            fprintf(stderr, " %s", name_of(table, size, i));
        fprintf(stderr, "\n");
        exit(2);
    }
}

bool kafka_is_picked(const char *name, char *const *picked)
{
    bool is = !*picked;

    for (; *picked; picked++)
        is = is || strcmp(*picked, name) == 0;
    return is;
}
