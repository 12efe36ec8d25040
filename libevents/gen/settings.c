/* Settings: see settings.h. */
#include "settings.h"

#include <string.h>

bool setting_keys(struct model *m, const struct place *at, const json_t *object,
                  const char *const *known)
{
    bool ok = json_is_object(object);
    if (!ok)
        refuse(&m->refusals, at, "must be an object");
    for (void *iter = json_object_iter((json_t *)object); iter;
         iter = json_object_iter_next((json_t *)object, iter)) {
        const char *const *key = known;
        while (*key && strcmp(*key, json_object_iter_key(iter)) != 0)
            key++;
        if (!*key) {
            refuse(&m->refusals, at, "unknown key \"%s\"", json_object_iter_key(iter));
            ok = false;
        }
    }
    return ok;
}

void setting_number(struct model *m, const struct place *up, const json_t *object, const char *key,
                    int64_t min, int64_t max, int64_t *ret_number)
{
    const json_t *value = json_object_get(object, key);
    struct place at = place_key(up, key);
    if (!value)
        return;
    if (!json_is_integer(value) || json_integer_value(value) < min ||
        json_integer_value(value) > max)
        refuse(&m->refusals, &at, "must be a whole number from %lld to %lld", (long long)min,
               (long long)max);
    else
        *ret_number = json_integer_value(value);
}

void setting_compression(struct model *m, const struct place *up, const json_t *object,
                         const char **ret_compression)
{
    static const char *const known[] = {"none", "gzip", "snappy", "lz4", "zstd"};
    const json_t *value = json_object_get(object, "compression");
    struct place at = place_key(up, "compression");
    if (!value)
        return;
    for (size_t i = 0; json_is_string(value) && i < sizeof(known) / sizeof(*known); i++) {
        if (!strcmp(known[i], json_string_value(value))) {
            *ret_compression = known[i];
            return;
        }
    }
    refuse(&m->refusals, &at, "must be none, gzip, snappy, lz4 or zstd");
}

void setting_retention(struct model *m, const struct place *up, const json_t *object,
                       int64_t *ret_retention)
{
    struct place at = place_key(up, "retention_ms");
    setting_number(m, up, object, "retention_ms", -1, INT64_MAX, ret_retention);
    if (*ret_retention == 0)
        refuse(&m->refusals, &at, "0 would keep nothing; -1 is for ever");
}
