/* Mail line: the encodings. */
#include "mail_line.h"

#include <evt/utf8.h>

#include <stdbool.h>
#include <string.h>

/* RFC 2047: an encoded word has up to 75 characters; "=?UTF-8?B?" and "?=" are twelve of them, and
 * 45 bytes become 60. */
#define WORD_BYTES   45
/* RFC 2045: a line of quoted-printable has up to 76, the last of which may have to be "=". */
#define LINE_CHARS   75
/* RFC 5322: a line should have no more than 78. */
#define HEADER_CHARS 76

static bool is_plain(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || (unsigned char)*text >= 0x7f)
            return false;
    return true;
}

static void add_base64(struct evt_buf *buf, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < len; i += 3) {
        const size_t n = len - i < 3 ? len - i : 3;
        const uint32_t three = (uint32_t)bytes[i] << 16 |
                               (n > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                               (n > 2 ? (uint32_t)bytes[i + 2] : 0);

        for (size_t digit = 0; digit < 4; digit++)
            evt_buf_add_byte(buf,
                             digit <= n ? (uint8_t)digits[three >> (18 - 6 * digit) & 0x3f] : '=');
    }
}

/* Encoded words, each of whole characters, a line for each. What is no text becomes a question
 * mark, what would be a line's end a blank. */
static void add_words(struct evt_buf *buf, const char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    size_t left = strlen(text);

    for (bool first = true; left; first = false) {
        uint8_t word[WORD_BYTES];
        size_t len = 0;

        while (left) {
            const size_t whole = evt_utf8_step(at, left);
            const size_t step = whole ? whole : 1;

            if (len + step > WORD_BYTES)
                break;
            if (!whole)
                word[len] = '?';
            else if (*at < ' ' || *at == 0x7f)
                word[len] = ' ';
            else
                memcpy(word + len, at, step);
            len += step;
            at += step;
            left -= step;
        }
        evt_buf_add_text(buf, first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
        add_base64(buf, word, len);
        evt_buf_add_text(buf, "?=");
    }
}

/* Folded at blanks; a word that is too long stays whole, and a text without blanks one line, which
 * may have 998. */
static void add_plain(struct evt_buf *buf, size_t column, const char *text)
{
    while (*text) {
        const char *blank = strchr(text + 1, ' ');
        const size_t len = blank ? (size_t)(blank - text) : strlen(text);

        if (column + len > HEADER_CHARS && *text == ' ' && text[1] && text[1] != ' ') {
            evt_buf_add_text(buf, "\r\n");
            column = 0;
        }
        evt_buf_add(buf, text, len);
        column += len;
        text += len;
    }
}

/* A text that looks like an encoded word would be read as one. */
void mail_line_header(struct evt_buf *buf, const char *name, const char *text)
{
    evt_buf_printf(buf, "%s: ", name);
    if (is_plain(text) && !strstr(text, "=?"))
        add_plain(buf, strlen(name) + 2, text);
    else
        add_words(buf, text);
    evt_buf_add_text(buf, "\r\n");
}

void mail_line_address(struct evt_buf *buf, const char *name, const char *phrase,
                       const char *address)
{
    evt_buf_printf(buf, "%s: ", name);
    if (!is_plain(phrase) || strstr(phrase, "=?")) {
        add_words(buf, phrase);
    } else if (*phrase) {
        evt_buf_add_byte(buf, '"');
        for (; *phrase; phrase++) {
            if (*phrase == '"' || *phrase == '\\')
                evt_buf_add_byte(buf, '\\');
            evt_buf_add_byte(buf, (uint8_t)*phrase);
        }
        evt_buf_add_byte(buf, '"');
    }
    evt_buf_add_text(buf, buf->data[buf->len - 1] == ' ' ? "<" : "\r\n <");
    for (; *address; address++) /* a parser of addresses has been here before */
        evt_buf_add_byte(buf, (unsigned char)*address <= ' ' || *address == 0x7f
                                  ? '_'
                                  : (uint8_t)*address);
    evt_buf_add_text(buf, ">\r\n");
}

/* A blank at a line's end would get lost on the way, a lone dot would end the mail, and "From " a
 * mail of a mailbox. */
static bool stands_for_itself(const char *at, size_t column)
{
    const unsigned char c = (unsigned char)*at;

    if (c == ' ' || c == '\t')
        return at[1] && at[1] != '\n';
    if (column == 0 && (c == '.' || strncmp(at, "From ", 5) == 0))
        return false;
    return c > ' ' && c < 0x7f && c != '=';
}

void mail_line_body(struct evt_buf *buf, const char *text)
{
    size_t column = 0;

    for (const char *at = text; *at; at++) {
        size_t width;

        if (*at == '\n') {
            evt_buf_add_text(buf, "\r\n");
            column = 0;
            continue;
        }
        width = stands_for_itself(at, column) ? 1 : 3;
        if (column + width > LINE_CHARS) {
            evt_buf_add_text(buf, "=\r\n");
            column = 0;
            width = stands_for_itself(at, 0) ? 1 : 3;
        }
        if (width == 1)
            evt_buf_add_byte(buf, (uint8_t)*at);
        else
            evt_buf_printf(buf, "=%02X", (unsigned char)*at);
        column += width;
    }
    if (column)
        evt_buf_add_text(buf, "\r\n");
}

void mail_line_html(struct evt_buf *buf, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            evt_buf_add_text(buf, "&amp;");
            break;
        case '<':
            evt_buf_add_text(buf, "&lt;");
            break;
        case '>':
            evt_buf_add_text(buf, "&gt;");
            break;
        case '"':
            evt_buf_add_text(buf, "&quot;");
            break;
        default:
            evt_buf_add_byte(buf, (uint8_t)*text);
        }
    }
}
