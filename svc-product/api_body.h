/* Body: what a request says, field by field. Each returns false when the request was answered with
 * a problem that names the field by its path. */
#ifndef API_BODY_H
#define API_BODY_H

#include <evt/http.h>
#include <jansson.h>

bool body_sku(struct evt_request *req, json_t *body, const char **ret_sku);
bool body_name(struct evt_request *req, json_t *body, const char **ret_name);
bool body_price(struct evt_request *req, json_t *body, int64_t *ret_minor,
                const char **ret_currency);
bool body_quantity(struct evt_request *req, json_t *body, int64_t *ret_quantity);
/* False in `ret_given`: it may be left out, and is, or is null. */
bool body_expected_version(struct evt_request *req, json_t *body, bool *ret_given,
                           int64_t *ret_version);

#endif
