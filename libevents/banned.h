/* Banned: functions that overrun, share state between threads or hide errors, as compile errors.
 *
 * The compiler reads this before every file (-include), and the headers that declare the functions
 * come first, because naming a poisoned word is the error. Use memcpy, snprintf or evt_buf_printf,
 * localtime_r and strtok_r. */
#ifndef EVT_BANNED_H
#define EVT_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat sprintf gets localtime strtok

#endif
