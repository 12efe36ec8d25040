/* Kafka bench, which cases: some of a table's, by name. */
#ifndef KAFKA_PICK_H
#define KAFKA_PICK_H

#include <stdbool.h>
#include <stddef.h>

/* A table's rows begin with their name; `size` is that of a row. Ends the program with status 2,
 * and the names that there are, when one of `picked` is none. */
void kafka_pick_check(const void *table, size_t n, size_t size, char *const *picked);
/* `picked` ends with NULL; none is all. */
bool kafka_is_picked(const char *name, char *const *picked);

#endif
