/* Errors: texts, names and classes by code, and the words of one failure.
 *
 * Words are cut at the end of the 256 bytes, never in the middle of a UTF-8 character, so that what
 * is logged stays text. */
#include <evt/err.h>

#include <stdio.h>
#include <string.h>

#define TEXT_SIZE sizeof(((struct evt_error *)0)->text)

const char *evt_err_str(enum evt_err code)
{
    static const char *const texts[] = {
#define TEXT(code, class, text) text,
        EVT_ERR_MAP(TEXT)
#undef TEXT
    };
    return (unsigned)code < EVT_ERR_COUNT ? texts[code] : "unknown error";
}

const char *evt_err_name(enum evt_err code)
{
    static const char *const names[] = {
#define NAME(code, class, text) #code,
        EVT_ERR_MAP(NAME)
#undef NAME
    };
    return (unsigned)code < EVT_ERR_COUNT ? names[code] : "UNKNOWN";
}

enum evt_class evt_err_class(enum evt_err code)
{
    static const enum evt_class classes[] = {
#define CLASS(code, class, text) EVT_CLASS_##class,
        EVT_ERR_MAP(CLASS)
#undef CLASS
    };
    /* What we do not know is not safe to repeat or to skip. */
    return (unsigned)code < EVT_ERR_COUNT ? classes[code] : EVT_CLASS_FATAL;
}

const char *evt_class_str(enum evt_class class)
{
    switch (class) {
    case EVT_CLASS_NONE:
        return "none";
    case EVT_CLASS_RETRY:
        return "retry";
    case EVT_CLASS_REJECT:
        return "reject";
    case EVT_CLASS_FATAL:
        return "fatal";
    }
    return "unknown";
}

/* Appends as much of `more` as fits whole. */
static void text_add(char text[TEXT_SIZE], const char *more)
{
    size_t at = strlen(text), len = strlen(more);
    size_t room = TEXT_SIZE - 1 - at;

    if (len > room) {
        len = room;
        while (len > 0 && ((unsigned char)more[len] & 0xc0) == 0x80)
            len--;
    }
    memcpy(text + at, more, len);
    text[at + len] = '\0';
}

/* Room for one byte more than a text has, so that text_add sees where a cut falls. */
#define WORDS_SIZE (TEXT_SIZE + 4)

enum evt_err(evt_fail)(struct evt_error *err, enum evt_err code, const char *fmt, ...)
{
    char words[WORDS_SIZE];
    va_list args;

    if (!err)
        return code;
    if (fmt) {
        /* First here and then there: an argument may be err->text itself. */
        va_start(args, fmt);
        vsnprintf(words, sizeof(words), fmt, args);
        va_end(args);
    }
    err->code = code;
    err->text[0] = '\0';
    text_add(err->text, evt_err_str(code));
    if (fmt) {
        text_add(err->text, ": ");
        text_add(err->text, words);
    }
    return code;
}

enum evt_err(evt_wrap)(struct evt_error *err, enum evt_err code, const char *fmt, ...)
{
    char words[WORDS_SIZE], before[TEXT_SIZE];
    va_list args;

    if (!err)
        return code;
    va_start(args, fmt);
    vsnprintf(words, sizeof(words), fmt, args);
    va_end(args);
    memcpy(before, err->text, sizeof(before));
    err->code = code;
    err->text[0] = '\0';
    text_add(err->text, words);
    text_add(err->text, ": ");
    text_add(err->text, before);
    return code;
}
