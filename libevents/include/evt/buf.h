/* Buf: a byte buffer that grows.
 *
 * Invariants: a zeroed struct is empty; `data` holds `len` bytes, always followed by a NUL that is
 * not counted once anything was added. */
#ifndef EVT_BUF_H
#define EVT_BUF_H

#include <evt/err.h>
#include <stddef.h>
#include <stdint.h>

struct evt_buf {
    uint8_t *data;
    size_t len, cap;
};

void evt_buf_add(struct evt_buf *buf, const void *bytes, size_t len);
void evt_buf_add_byte(struct evt_buf *buf, uint8_t byte);
void evt_buf_add_text(struct evt_buf *buf, const char *text);
void evt_buf_printf(struct evt_buf *buf, const char *fmt, ...) EVT_PRINTF(2, 3);
uint8_t *evt_buf_grow(struct evt_buf *buf,
                      size_t len); /* room for len more; the caller fills it and adds to len */
const char *evt_buf_text(const struct evt_buf *buf); /* "" when empty */
void evt_buf_clear(struct evt_buf *buf);             /* keeps the memory */
void evt_buf_release(struct evt_buf *buf);

#endif
