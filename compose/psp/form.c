/* Form: decoded into one piece of memory, which is never longer than what came. */
#include "form.h"

#include <evt/hash.h>
#include <evt/mem.h>
#include <evt/utf8.h>

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes `len` bytes to `*at`, adds a NUL and moves it behind; NULL: it is no text. */
static const char *decode(const char *text, size_t len, char **at)
{
    char *begin = *at, *out = begin;

    for (size_t i = 0; i < len; i++) {
        char c = text[i] == '+' ? ' ' : text[i];

        if (c == '%') {
            const int high = i + 2 < len ? hex_digit(text[i + 1]) : -1;
            const int low = i + 2 < len ? hex_digit(text[i + 2]) : -1;

            if (high < 0 || low < 0)
                return NULL;
            c = (char)(high << 4 | low);
            i += 2;
        }
        if (c == '\0')
            return NULL;
        *out++ = c;
    }
    *out = '\0';
    *at = out + 1;
    return evt_utf8_valid(begin, (size_t)(out - begin)) ? begin : NULL;
}

static const char *find(const char *at, const char *end, char c)
{
    const char *found = memchr(at, c, (size_t)(end - at));

    return found ? found : end;
}

const char *psp_form_read(struct psp_form *form, const char *text, size_t len)
{
    const char *end = text + len, *next;
    char *at;

    form->n = 0;
    form->memory = at = evt_alloc(len + 2 * PSP_FORM_MAX);
    for (; text < end; text = next + (next < end)) {
        struct psp_pair *pair = &form->pairs[form->n];
        const char *equals;

        next = find(text, end, '&');
        if (next == text)
            continue;
        if (form->n == PSP_FORM_MAX)
            return "Invalid request: more than 128 parameters.";
        equals = find(text, next, '=');
        pair->name = decode(text, (size_t)(equals - text), &at);
        if (equals < next)
            equals++;
        pair->value = pair->name ? decode(equals, (size_t)(next - equals), &at) : NULL;
        if (!pair->value)
            return "Invalid request: the parameters are not percent-encoded UTF-8 text.";
        form->n++;
    }
    return NULL;
}

void psp_form_release(struct psp_form *form)
{
    evt_free(form->memory);
    form->memory = NULL;
    form->n = 0;
}

const char *psp_form_get(const struct psp_form *form, const char *name)
{
    for (size_t i = form->n; i > 0; i--)
        if (strcmp(form->pairs[i - 1].name, name) == 0)
            return form->pairs[i - 1].value;
    return NULL;
}

static bool is_one(const char *const *names, const char *name)
{
    for (; *names; names++) {
        const size_t len = strlen(*names);

        if (len > 0 && (*names)[len - 1] == '[' ? strncmp(name, *names, len) == 0
                                                : strcmp(name, *names) == 0)
            return true;
    }
    return false;
}

const char *psp_form_other(const struct psp_form *form, const char *const *names)
{
    for (size_t i = 0; i < form->n; i++)
        if (!is_one(names, form->pairs[i].name))
            return form->pairs[i].name;
    return NULL;
}

uint64_t psp_form_hash(const struct psp_form *form)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < form->n; i++) {
        struct evt_sip sip;

        evt_sip_init(&sip);
        evt_sip_add_field(&sip, form->pairs[i].name, strlen(form->pairs[i].name));
        evt_sip_add_field(&sip, form->pairs[i].value, strlen(form->pairs[i].value));
        sum += evt_sip_end(&sip);
    }
    return sum;
}
