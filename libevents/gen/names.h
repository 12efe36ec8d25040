/* Names: the forms that we demand, and what they become in C. Each form maps to C in one way only,
 * so that two names never meet there by a guess of the compiler. */
#ifndef GEN_NAMES_H
#define GEN_NAMES_H

#include <evt/arena.h>
#include <stdbool.h>

bool name_is_avro(const char *text);        /* [A-Za-z_][A-Za-z0-9_]* */
bool name_is_pascal(const char *text);      /* ReserveStock: no two capitals in a row */
bool name_is_snake(const char *text);       /* order_id */
bool name_is_upper_snake(const char *text); /* NOT_ENOUGH */
bool name_is_service(const char *text);     /* product: it is part of topics, types and C names */
bool name_is_reserved(const char *text);    /* C has a meaning for it */

char *name_snake(struct evt_arena *arena, const char *pascal); /* reserve_stock */
char *name_upper(struct evt_arena *arena, const char *snake);  /* RESERVE_STOCK */
const char *name_last(const char *full);                       /* after the last dot */

#endif
