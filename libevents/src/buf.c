/* Buf: a byte buffer that grows by doubling.
 *
 * There is always room for the NUL behind the last byte. */
#include <evt/buf.h>

#include <evt/mem.h>
#include <stdio.h>
#include <string.h>

#define CAP_MIN 64

uint8_t *evt_buf_grow(struct evt_buf *buf, size_t len)
{
    size_t need, cap;

    EVT_BUG_ON(len > SIZE_MAX / 4 || buf->len > SIZE_MAX / 4);
    need = buf->len + len + 1;
    if (need > buf->cap) {
        for (cap = buf->cap ? buf->cap : CAP_MIN; cap < need; cap *= 2)
            ;
        buf->data = evt_realloc(buf->data, cap);
        buf->cap = cap;
    }
    return buf->data + buf->len;
}

void evt_buf_add(struct evt_buf *buf, const void *bytes, size_t len)
{
    uint8_t *at = evt_buf_grow(buf, len);

    if (len)
        memcpy(at, bytes, len);
    at[len] = 0;
    buf->len += len;
}

void evt_buf_add_byte(struct evt_buf *buf, uint8_t byte)
{
    uint8_t *at = evt_buf_grow(buf, 1);

    at[0] = byte;
    at[1] = 0;
    buf->len++;
}

void evt_buf_add_text(struct evt_buf *buf, const char *text)
{
    evt_buf_add(buf, text, strlen(text));
}

void evt_buf_printf(struct evt_buf *buf, const char *fmt, ...)
{
    va_list args, again;
    size_t room;
    int len;

    va_start(args, fmt);
    va_copy(again, args);
    evt_buf_grow(buf, 0);
    room = buf->cap - buf->len;
    len = vsnprintf((char *)buf->data + buf->len, room, fmt, args);
    EVT_BUG_ON(len < 0);
    if ((size_t)len >= room) {
        char *at = (char *)evt_buf_grow(buf, (size_t)len);
        vsnprintf(at, (size_t)len + 1, fmt, again);
    }
    buf->len += (size_t)len;
    va_end(again);
    va_end(args);
}

const char *evt_buf_text(const struct evt_buf *buf)
{
    if (!buf->data)
        return "";
    buf->data[buf->len] = 0; /* a caller of grow may not have */
    return (const char *)buf->data;
}

void evt_buf_clear(struct evt_buf *buf)
{
    buf->len = 0;
    if (buf->data)
        buf->data[0] = 0;
}

void evt_buf_release(struct evt_buf *buf)
{
    evt_free(buf->data);
    *buf = (struct evt_buf){0};
}
