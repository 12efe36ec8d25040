/* Payment minor units: one table, both ways. */
#include "payment_minor.h"

#include <stddef.h>
#include <string.h>

static const struct unit {
    const char *currency;
    int64_t theirs, ours; /* so many of theirs are so many of ours */
    int64_t step;         /* of theirs: they take only multiples of it */
} units[] = {
    {"ISK", 100, 1, 1}, {"UGX", 100, 1, 1}, {"MGA", 1, 100, 1}, {"BHD", 1, 1, 10},
    {"JOD", 1, 1, 10},  {"KWD", 1, 1, 10},  {"OMR", 1, 1, 10},  {"TND", 1, 1, 10},
};

static const struct unit *unit_of(const char *currency)
{
    static const struct unit same = {"", 1, 1, 1};

    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
        if (strcmp(units[i].currency, currency) == 0)
            return &units[i];
    return &same;
}

/* An amount has an end (PAYMENT_AMOUNT_MAX), a hundred times of which is far from what fits. */
static bool convert(int64_t amount, int64_t times, int64_t parts, int64_t *ret_amount)
{
    int64_t product;

    if (__builtin_mul_overflow(amount, times, &product))
        return false;
    *ret_amount = product / parts;
    return product % parts == 0;
}

bool payment_minor_to_psp(int64_t amount_minor, const char *currency, int64_t *ret_amount)
{
    const struct unit *unit = unit_of(currency);

    return convert(amount_minor, unit->theirs, unit->ours, ret_amount) &&
           *ret_amount % unit->step == 0;
}

bool payment_minor_from_psp(int64_t amount, const char *currency, int64_t *ret_amount_minor)
{
    const struct unit *unit = unit_of(currency);

    *ret_amount_minor = amount; /* what is too large to be counted is none of ours anyway */
    return convert(amount, unit->ours, unit->theirs, ret_amount_minor);
}
