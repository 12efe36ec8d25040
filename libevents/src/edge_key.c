/* A command's id: whoever sends the same request again meets the answer of the first, through any
 * instance, so it is a function of what the client said and of nothing else. */
#include "edge_internal.h"

#include <evt/hash.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define USER "anonymous" /* until there are users */

static bool printable(char c)
{
    return c >= 0x20 && c <= 0x7e;
}

/* A string of RFC 8941, with its escapes, or a bare word: both name the same key. */
bool evt__key_parse(const char *header, char ret_key[EVT__KEY_MAX + 1])
{
    bool quoted = *header == '"';
    const char *at = header + quoted;
    size_t len = 0;

    for (; *at && !(quoted && *at == '"'); at++) {
        if (quoted && *at == '\\' && *++at != '"' && *at != '\\')
            return false;
        if (!printable(*at) || (!quoted && (*at == ' ' || *at == '"')) || len == EVT__KEY_MAX)
            return false;
        ret_key[len++] = *at;
    }
    ret_key[len] = '\0';
    return len > 0 && (!quoted || (at[0] == '"' && !at[1]));
}

static void add_text(struct evt_sip *sip, const char *text)
{
    evt_sip_add_field(sip, text, strlen(text));
}

/* The route's values in the order of its path. */
static void add_values(struct evt_sip *sip, const struct evt_request *req)
{
    const char *at = evt_request_route(req)->path;
    char name[EVT_NAME_MAX + 1];

    while ((at = strchr(at, '{'))) {
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(at + 1, "}"), at + 1);
        add_text(sip, evt_request_value(req, name));
        at++;
    }
}

/* 64 bits of what the client said; another `part` gives others. */
static uint64_t hash_of(const struct evt_request *req, const char *key, uint64_t part)
{
    struct evt_sip sip;

    evt_sip_init(&sip);
    evt_sip_add_u64(&sip, part);
    add_text(&sip, USER);
    add_text(&sip, evt_request_method(req));
    add_text(&sip, evt_request_route(req)->path);
    add_values(&sip, req);
    add_text(&sip, key);
    return evt_sip_end(&sip);
}

void evt__command_id(const struct evt_request *req, const char *key,
                     char ret_id[EVT__COMMAND_ID_LEN + 1])
{
    snprintf(ret_id, EVT__COMMAND_ID_LEN + 1, "%016" PRIx64 "%016" PRIx64, hash_of(req, key, 0),
             hash_of(req, key, 1));
}

bool evt__key_read(struct evt_request *req, char ret_key[EVT__KEY_MAX + 1])
{
    const char *header_text = evt_request_header(req, "Idempotency-Key");

    if (!header_text) {
        evt_reply_problem(
            req, 400,
            "the header Idempotency-Key is missing: choose a new random text for each "
            "request, and the same one when you repeat it");
        return false;
    }
    if (!evt__key_parse(header_text, ret_key)) {
        evt_reply_problem(req, 400,
                          "the Idempotency-Key is not 1 to %d printable ASCII characters, bare or "
                          "in quotes",
                          EVT__KEY_MAX);
        return false;
    }
    return true;
}

/* RFC 9562's version 8: made in a way of one's own. */
bool evt_edge_new_id(struct evt_request *req, char ret_id[EVT_EDGE_ID_LEN + 1])
{
    char key[EVT__KEY_MAX + 1];
    uint64_t high, low;

    if (!evt__key_read(req, key))
        return false;
    high = (hash_of(req, key, 2) & ~0xf000ULL) | 0x8000;
    low = (hash_of(req, key, 3) & ~(3ULL << 62)) | 2ULL << 62;
    snprintf(ret_id, EVT_EDGE_ID_LEN + 1, "%08x-%04x-%04x-%04x-%012" PRIx64, (unsigned)(high >> 32),
             (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xffff), (unsigned)(low >> 48),
             low & 0xffffffffffff);
    return true;
}
