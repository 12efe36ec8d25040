/* Mail line: text in the forms that mail has for it, so that whatever it holds it stays what it is:
 * in a header (RFC 2047), in a body (quoted-printable), in a page (HTML). */
#ifndef MAIL_LINE_H
#define MAIL_LINE_H

#include <evt/buf.h>

/* "Name: text", folded; what is not ASCII is encoded, and a control character is a blank. */
void mail_line_header(struct evt_buf *buf, const char *name, const char *text);
/* "Name: phrase <address>"; an empty phrase is left out. */
void mail_line_address(struct evt_buf *buf, const char *name, const char *phrase,
                       const char *address);
/* A whole body: its lines end with \n, and with \r\n afterwards. It never holds "=_", so that a
 * boundary may. */
void mail_line_body(struct evt_buf *buf, const char *text);
void mail_line_html(struct evt_buf *buf, const char *text);

#endif
