/* Fault: the place and the words of a codec failure.
 *
 * The walks keep no path: the one that fails sets the code, and each level on the way out puts its
 * own name before what is there. So a message that is fine pays nothing for the words. */
#include "codec_internal.h"

#include <stdio.h>

/* What a path that does not fit begins with. */
#define CUT "..."

enum evt_err evt__fault_set(struct evt__fault *fault, enum evt_err code, const char *fmt, ...)
{
    va_list args;

    fault->code = code;
    fault->what[0] = '\0';
    fault->begin = sizeof(fault->path) - 1;
    fault->path[fault->begin] = '\0';
    if (fmt) {
        va_start(args, fmt);
        vsnprintf(fault->what, sizeof(fault->what), fmt, args);
        va_end(args);
    }
    return code;
}

void evt__fault_field(struct evt__fault *fault, const char *name)
{
    size_t len = strlen(name), room = fault->begin;

    if (room < strlen(CUT)) /* cut before: what is innermost tells most */
        return;
    if (len + 1 + strlen(CUT) > room) {
        fault->begin -= strlen(CUT);
        memcpy(fault->path + fault->begin, CUT, strlen(CUT));
        memmove(fault->path, fault->path + fault->begin, sizeof(fault->path) - fault->begin);
        fault->begin = 0;
        return;
    }
    fault->begin -= len + 1;
    fault->path[fault->begin] = '/';
    memcpy(fault->path + fault->begin + 1, name, len);
}

void evt__fault_index(struct evt__fault *fault, size_t index)
{
    char text[24];

    snprintf(text, sizeof(text), "%zu", index);
    evt__fault_field(fault, text);
}

enum evt_err evt__fault_report(const struct evt__fault *fault, struct evt_error *err)
{
    const char *path = fault->path + fault->begin;

    if (path[0] && fault->what[0])
        return evt_fail(err, fault->code, "%s: %s", path, fault->what);
    if (path[0] || fault->what[0])
        return evt_fail(err, fault->code, "%s", path[0] ? path : fault->what);
    return evt_fail(err, fault->code, NULL);
}
