/* A command's id: whoever sends the same request again meets the answer of the first, through any
 * instance, so it is a function of what the client said and of nothing else. */
#include "edge_internal.h"

#include <evt/hash.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

void evt__command_id(const struct evt_request *req, const char *user, const char *key,
                     char ret_id[EVT__COMMAND_ID_LEN + 1])
{
    uint64_t half[2];
    uint64_t i;

    for (i = 0; i < 2; i++) {
        struct evt_sip sip;

        evt_sip_init(&sip);
        evt_sip_add_u64(&sip, i);
        add_text(&sip, user);
        add_text(&sip, evt_request_method(req));
        add_text(&sip, evt_request_route(req)->path);
        add_values(&sip, req);
        add_text(&sip, key);
        half[i] = evt_sip_end(&sip);
    }
    snprintf(ret_id, EVT__COMMAND_ID_LEN + 1, "%016" PRIx64 "%016" PRIx64, half[0], half[1]);
}
