/* Fault words: "latency ms=20-80 on=create,capture", as people type it. */
#include "fault.h"

#include <evt/mem.h>

#include <string.h>

/* A number where it is one, else text. */
static json_t *value_of(const char *field, const char *text)
{
    json_t *value = strcmp(field, "how") == 0 ? NULL : json_loads(text, JSON_DECODE_ANY, NULL);

    if (json_is_number(value))
        return value;
    json_decref(value);
    return json_string(text);
}

json_t *psp_fault_words(const char *const *words, size_t n, struct evt_error *err)
{
    json_t *json = json_pack("{s:s}", "fault", words[0]);

    for (size_t i = 1; json && i < n; i++) {
        const char *equals = strchr(words[i], '=');
        char *field = evt_strndup(words[i], equals ? (size_t)(equals - words[i]) : 0);

        if (!equals || json_object_set_new(json, field, value_of(field, equals + 1)) != 0) {
            (void)evt_fail(err, EVT_E_USAGE, "'%.80s' is not NAME=VALUE", words[i]);
            json_decref(json);
            json = NULL;
        }
        evt_free(field);
    }
    if (!json && n == 1)
        (void)evt_fail(err, EVT_E_USAGE, "the fault's name is not UTF-8 text");
    return json;
}
