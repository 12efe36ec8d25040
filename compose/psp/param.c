/* Param: what a call says, one parameter at a time, with Stripe's words where it is wrong. */
#include "call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define METADATA_KEY_MAX   40
#define METADATA_VALUE_MAX 500
#define METADATA_MAX       50

bool psp_take_text(struct psp_call *call, const char *name, const char **ret_text)
{
    const char *text = psp_form_get(&call->form, name);

    if (text && *text) {
        *ret_text = text;
        return true;
    }
    psp_refuse(call, 400, PSP_WRONG("parameter_missing", name), "Missing required param: %s.",
               name);
    return false;
}

bool psp_take_integer(struct psp_call *call, const char *name, int64_t *ret_number)
{
    const char *text;
    char *end;
    long long number;

    if (!psp_take_text(call, name, &text))
        return false;
    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno || *end || end == text || !strchr("-0123456789", *text))
        return psp_refuse(call, 400, PSP_WRONG("parameter_invalid_integer", name),
                          "Invalid integer: %s", text);
    *ret_number = number;
    return true;
}

/* Of currencies without places Stripe counts two in two, and of three places the last is 0. */
bool psp_check_step(struct psp_call *call, const char *name, int64_t amount, const char *currency)
{
    static const struct {
        const char *currency;
        int step;
    } steps[] = {{"isk", 100}, {"ugx", 100}, {"bhd", 10}, {"jod", 10},
                 {"kwd", 10},  {"omr", 10},  {"tnd", 10}};

    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
        if (strcmp(steps[i].currency, currency) == 0 && amount % steps[i].step != 0)
            return psp_refuse(call, 400, PSP_WRONG("parameter_invalid_integer", name),
                              "Invalid amount: in %s it is a multiple of %d.", currency,
                              steps[i].step);
    return true;
}

bool psp_take_flag(struct psp_call *call, const char *name, bool *ret_flag)
{
    const char *text = psp_form_get(&call->form, name);

    if (!text)
        return true;
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return psp_refuse(call, 400, PSP_WRONG(NULL, name), "Invalid boolean: %s", text);
    *ret_flag = *text == 't';
    return true;
}

bool psp_take_choice(struct psp_call *call, const char *name, const char *const *choices,
                     const char **ret_choice)
{
    const char *text = psp_form_get(&call->form, name);
    struct evt_buf words = {0};

    if (!text)
        return true;
    for (size_t i = 0; choices[i]; i++)
        if (strcmp(text, choices[i]) == 0) {
            *ret_choice = choices[i];
            return true;
        }
    for (size_t i = 0; choices[i]; i++)
        evt_buf_printf(&words, "%s%s", i == 0 ? "" : choices[i + 1] ? ", " : ", or ", choices[i]);
    psp_refuse(call, 400, PSP_WRONG(NULL, name), "Invalid %s: must be one of %s", name,
               evt_buf_text(&words));
    evt_buf_release(&words);
    return false;
}

/* "metadata[order_id]": a value that is empty unsets the key, so it is left out. */
static bool take_one(struct psp_call *call, const struct psp_pair *pair, json_t *metadata)
{
    const char *begin = pair->name + sizeof("metadata[") - 1;
    const size_t len = strcspn(begin, "]");

    if (len == 0 || strcmp(begin + len, "]") != 0)
        return psp_refuse(call, 400, PSP_WRONG(NULL, pair->name),
                          "Invalid metadata: write metadata[KEY]=VALUE, not %s", pair->name);
    if (len > METADATA_KEY_MAX || strlen(pair->value) > METADATA_VALUE_MAX)
        return psp_refuse(call, 400, PSP_WRONG(NULL, pair->name),
                          "Metadata keys have up to %d characters, and values up to %d.",
                          METADATA_KEY_MAX, METADATA_VALUE_MAX);
    if (*pair->value) {
        char key[METADATA_KEY_MAX + 1];

        memcpy(key, begin, len);
        key[len] = '\0';
        json_object_set_new(metadata, key, json_string(pair->value));
    }
    return true;
}

bool psp_take_metadata(struct psp_call *call, struct json_t **ret_metadata)
{
    json_t *metadata = json_object();

    for (size_t i = 0; i < call->form.n; i++)
        if (strncmp(call->form.pairs[i].name, "metadata[", sizeof("metadata[") - 1) == 0 &&
            !take_one(call, &call->form.pairs[i], metadata)) {
            json_decref(metadata);
            return false;
        }
    if (json_object_size(metadata) > METADATA_MAX) {
        json_decref(metadata);
        return psp_refuse(call, 400, PSP_WRONG(NULL, "metadata"), "Metadata has up to %d keys.",
                          METADATA_MAX);
    }
    *ret_metadata = metadata;
    return true;
}
