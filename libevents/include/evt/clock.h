/* Clock: the two clocks of drivers and tools. Nothing below a driver reads one. */
#ifndef EVT_CLOCK_H
#define EVT_CLOCK_H

#include <stdint.h>

int64_t evt_clock_ms(void);      /* monotonic: for pauses and deadlines */
int64_t evt_clock_us(void);      /* monotonic: for measuring */
int64_t evt_clock_wall_ms(void); /* since 1970, as a log's timestamps */

/* A log's timestamp for people and for JSON: "2026-11-21T10:20:30.123Z"; "-" where it is none. */
#define EVT_CLOCK_TEXT 32
void evt_clock_print(int64_t time_ms, char ret_text[EVT_CLOCK_TEXT]);

#endif
