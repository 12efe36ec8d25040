/* Commands: how the verbs print and fail. */
#include "commands.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* That it was wrong use, or nobody there, shows in the exit status. */
int psp_fail(const struct evt_error *err)
{
    const char *class = evt_err_str(err->code);
    const size_t len = strlen(class);
    const bool plain = err->code == EVT_E_USAGE || err->code == EVT_E_AWAY;

    fprintf(stderr, "psp: %s\n",
            plain && strncmp(err->text, class, len) == 0 ? err->text + len + 2 : err->text);
    return err->code == EVT_E_USAGE ? EVT_EXIT_USAGE : EVT_EXIT_FAILURE;
}

void psp_print_json(struct json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}
