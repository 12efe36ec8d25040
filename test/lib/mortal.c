/* Mortal: hooks that jump back to the test where the process would have died. */
#include "mortal.h"

#include <evt/mem.h>
#include <stdio.h>
#include <stdlib.h>

jmp_buf mortal_return;
static char died_of[512];
static int countdown;

static bool fails_now(void)
{
    return countdown >= 0 && countdown-- == 0;
}

static void *mortal_alloc(size_t size)
{
    return fails_now() ? NULL : malloc(size);
}

static void *mortal_realloc(void *mem, size_t size)
{
    return fails_now() ? NULL : realloc(mem, size);
}

static void mortal_die(const char *why)
{
    snprintf(died_of, sizeof(died_of), "%s", why);
    longjmp(mortal_return, 1);
}

static const struct evt_mem_hooks hooks = {
    .alloc = mortal_alloc,
    .realloc = mortal_realloc,
    .free = free,
    .die = mortal_die,
};

void mortal_hook(int fail_at)
{
    died_of[0] = '\0';
    countdown = fail_at;
    evt_mem_hook(&hooks);
}

const char *mortal_end(void)
{
    evt_mem_hook(NULL);
    return died_of[0] ? died_of : NULL;
}
