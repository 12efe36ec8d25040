/* Settings: the values of topics.json. A value that is absent leaves what was there. */
#ifndef GEN_SETTINGS_H
#define GEN_SETTINGS_H

#include "model.h"

/* An object with no other keys than `known`, which ends with NULL. */
bool setting_keys(struct model *m, const struct place *at, const json_t *object,
                  const char *const *known);
void setting_number(struct model *m, const struct place *up, const json_t *object, const char *key,
                    int64_t min, int64_t max, int64_t *ret_number);
void setting_retention(struct model *m, const struct place *up, const json_t *object,
                       int64_t *ret_retention);
void setting_compression(struct model *m, const struct place *up, const json_t *object,
                         const char **ret_compression);

#endif
