/* Mail call: words to bytes and back. */
#include "mail_call.h"

#include <evt/mem.h>
#include <evt/utf8.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mail_request_print(struct evt_buf *buf, int64_t accepted_ms, const char *content)
{
    evt_buf_printf(buf, "%" PRId64 " %s", accepted_ms, content);
}

enum evt_err mail_request_parse(struct evt_bytes request, struct evt_arena *arena,
                                int64_t *ret_accepted_ms, struct notify_send_mail *ret_msg,
                                struct evt_error *err)
{
    const char *text = evt_arena_strndup(arena, (const char *)request.data, request.len);
    char *end;
    const int64_t accepted_ms = strtoll(text, &end, 10);
    enum evt_err rc;

    if (end == text || *end != ' ')
        return evt_fail(err, EVT_E_INVARIANT, "the request is none that a handler writes");
    rc = notify_send_mail_parse(end + 1, strlen(end + 1), arena, ret_msg, err);
    if (rc == EVT_OK)
        *ret_accepted_ms = accepted_ms;
    return rc;
}

static void copy_words(char *to, size_t size, const uint8_t *from, size_t len)
{
    size_t written = 0;

    for (size_t i = 0, step; i < len; i += step) {
        const size_t whole = evt_utf8_step(from + i, len - i);

        step = whole ? whole : 1;
        if (written + step >= size)
            break;
        if (!whole || from[i] == 0x7f)
            continue;
        if (from[i] < ' ') { /* a server's answer may have lines */
            to[written++] = ' ';
        } else {
            memcpy(to + written, from + i, whole);
            written += whole;
        }
    }
    while (written && to[written - 1] == ' ')
        written--;
    to[written] = '\0';
}

enum mail_end mail_end_read(const struct evt_call_result *result,
                            char ret_reason[MAIL_REASON_MAX + 1])
{
    static const size_t prefix = sizeof(MAIL_DEFERRAL) - 1;
    const uint8_t *data = result->response.data;
    const size_t len = result->response.len;
    const bool deferred = len >= prefix && memcmp(data, MAIL_DEFERRAL, prefix) == 0;

    ret_reason[0] = '\0';
    if (result->end == EVT_CALL_END_OK)
        return MAIL_END_SENT;
    copy_words(ret_reason, MAIL_REASON_MAX + 1, deferred ? data + prefix : data,
               deferred ? len - prefix : len);
    if (!ret_reason[0])
        snprintf(ret_reason, MAIL_REASON_MAX + 1, "nothing was said of the reason");
    return deferred ? MAIL_END_DEFERRED : MAIL_END_REFUSED;
}

void mail_ref_print(char buf[MAIL_REF_SIZE], enum notify_mail_kind kind, const char *order_id)
{
    snprintf(buf, MAIL_REF_SIZE, "%s %s", notify_mail_kind_str(kind), order_id);
}

bool mail_kind_parse(const char *text, size_t len, enum notify_mail_kind *ret_kind)
{
    for (int i = 0; *notify_mail_kind_str((enum notify_mail_kind)i); i++) {
        const char *word = notify_mail_kind_str((enum notify_mail_kind)i);

        if (strlen(word) == len && memcmp(word, text, len) == 0) {
            *ret_kind = (enum notify_mail_kind)i;
            return true;
        }
    }
    return false;
}

const char *mail_ref_parse(const char *ref, enum notify_mail_kind *ret_kind)
{
    const char *blank = strchr(ref, ' ');

    EVT_BUG_ON(!blank || !mail_kind_parse(ref, (size_t)(blank - ref), ret_kind)); /* we wrote it */
    return blank + 1;
}
