/* Id: 10 digits of the number and 13 of the hash, to the base of 36. */
#include "id.h"

#include <evt/hash.h>

#include <stdio.h>
#include <string.h>

#define NUMBER_DIGITS 10
#define HASH_DIGITS   13 /* of 64 bits */

static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";

static void print(char *at, uint64_t number, int n)
{
    for (; n > 0; n--, number /= 36)
        at[n - 1] = digits[number % 36];
}

struct psp_id psp_id_of(const char *kind, int64_t number, uint64_t salt)
{
    struct psp_id id = {0};
    struct evt_sip sip;
    char *at = id.text + snprintf(id.text, sizeof(id.text), "%.4s_", kind);

    evt_sip_init(&sip);
    evt_sip_add_u64(&sip, salt);
    evt_sip_add_field(&sip, kind, strlen(kind));
    evt_sip_add_u64(&sip, (uint64_t)number);
    print(at, (uint64_t)number, NUMBER_DIGITS);
    print(at + NUMBER_DIGITS, evt_sip_end(&sip), HASH_DIGITS);
    return id;
}

int64_t psp_id_number(const char *kind, const char *id, uint64_t salt)
{
    const size_t len = strlen(kind);
    int64_t number = 0;

    if (strncmp(id, kind, len) != 0 || id[len] != '_' ||
        strlen(id) != len + 1 + NUMBER_DIGITS + HASH_DIGITS)
        return 0;
    for (size_t i = 0; i < NUMBER_DIGITS; i++) {
        const char *digit = strchr(digits, id[len + 1 + i]);

        if (!digit)
            return 0;
        number = number * 36 + (digit - digits);
    }
    return number > 0 && strcmp(psp_id_of(kind, number, salt).text, id) == 0 ? number : 0;
}
