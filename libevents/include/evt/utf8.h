/* UTF-8: what counts as text in keys, headers and strings (RFC 3629, no surrogates, no overlongs).
 */
#ifndef EVT_UTF8_H
#define EVT_UTF8_H

#include <stdbool.h>
#include <stddef.h>

bool evt_utf8_valid(const void *bytes, size_t len);
/* The length of the character that begins here; 0: what begins here is none. */
size_t evt_utf8_step(const void *bytes, size_t len);
/* Of text that was cut anywhere: how much of it is whole characters. */
size_t evt_utf8_cut(const void *bytes, size_t len);

#endif
