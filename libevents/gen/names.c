/* Names: see names.h. */
#include "names.h"

#include "list.h"

#include <stddef.h>
#include <string.h>

#define SERVICE_NAME_MAX 24 /* two of them and a dot name a subscription, in EVT_NAME_MAX */

static bool lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

bool name_is_avro(const char *text)
{
    if (!lower(*text) && !upper(*text) && *text != '_')
        return false;
    while (lower(*text) || upper(*text) || digit(*text) || *text == '_')
        text++;
    return !*text;
}

bool name_is_pascal(const char *text)
{
    if (!upper(*text))
        return false;
    for (; *text; text++) {
        if (upper(*text) ? !lower(text[1]) : !lower(*text) && !digit(*text))
            return false;
    }
    return true;
}

static bool snake(const char *text, bool (*letter)(char))
{
    if (!letter(*text))
        return false;
    for (; *text; text++) {
        if (*text == '_' ? !letter(text[1]) && !digit(text[1]) : !letter(*text) && !digit(*text))
            return false;
    }
    return true;
}

bool name_is_snake(const char *text)
{
    return snake(text, lower);
}

bool name_is_upper_snake(const char *text)
{
    return snake(text, upper);
}

bool name_is_service(const char *text)
{
    return snake(text, lower) && !strchr(text, '_') && strlen(text) <= SERVICE_NAME_MAX;
}

bool name_is_reserved(const char *text)
{
    /* C11's keywords that could be field names, the macros of headers that generated code includes,
     * and C++'s keywords, for whoever includes the headers there. */
    static const char *const words[] = {
        "alignas",   "alignof", "and",      "asm",      "assert",   "auto",    "bool",
        "break",     "case",    "catch",    "char",     "class",    "const",   "continue",
        "default",   "delete",  "do",       "double",   "else",     "enum",    "errno",
        "explicit",  "export",  "extern",   "false",    "float",    "for",     "friend",
        "goto",      "if",      "inline",   "int",      "linux",    "long",    "mutable",
        "namespace", "new",     "noreturn", "not",      "operator", "or",      "private",
        "protected", "public",  "register", "restrict", "return",   "short",   "signed",
        "sizeof",    "static",  "stderr",   "stdin",    "stdout",   "struct",  "switch",
        "template",  "this",    "throw",    "true",     "try",      "typedef", "typename",
        "union",     "unix",    "unsigned", "using",    "virtual",  "void",    "volatile",
        "while",     "xor",
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (!strcmp(words[i], text))
            return true;
    }
    return false;
}

char *name_snake(struct evt_arena *arena, const char *pascal)
{
    char *text = evt_arena_alloc(arena, 2 * strlen(pascal) + 1), *at = text;
    for (const char *c = pascal; *c; c++) {
        if (upper(*c) && c != pascal)
            *at++ = '_';
        *at++ = upper(*c) ? (char)(*c - 'A' + 'a') : *c;
    }
    *at = '\0';
    return text;
}

char *name_upper(struct evt_arena *arena, const char *snake_name)
{
    char *text = text_dup(arena, snake_name);
    for (char *c = text; *c; c++) {
        if (lower(*c))
            *c = (char)(*c - 'a' + 'A');
    }
    return text;
}

const char *name_last(const char *full)
{
    const char *dot = strrchr(full, '.');
    return dot ? dot + 1 : full;
}
