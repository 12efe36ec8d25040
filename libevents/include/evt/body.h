/* Body: what a request's JSON says, field by field. Each function returns false when the request
 * was answered with a problem that names the field by its path: 400 where the form is wrong, 422
 * where a value breaks a rule of the service, so that what its handler would reject does not reach
 * the log. */
#ifndef EVT_BODY_H
#define EVT_BODY_H

#include <evt/err.h>
#include <evt/http.h>

/* The body as an object; `fields` (ends with NULL) are all that it may have. */
bool evt_body_read(struct evt_request *req, const char *const *fields, struct json_t **ret_body);
/* Does `object`, which is at `path` ("" for the body itself), have only these? */
bool evt_body_only(struct evt_request *req, struct json_t *object, const char *path,
                   const char *const *fields);
/* The last name of a path ("/price/amount") is the field of `object`; it must be there. */
bool evt_body_text(struct evt_request *req, struct json_t *object, const char *path,
                   const char **ret_text);
bool evt_body_integer(struct evt_request *req, struct json_t *object, const char *path,
                      int64_t *ret_number);
/* `words` say what it should look like: "{amount, currency}". */
bool evt_body_object(struct evt_request *req, struct json_t *object, const char *path,
                     const char *words, const char *const *fields, struct json_t **ret_object);
/* {amount, currency}. */
bool evt_body_money(struct evt_request *req, struct json_t *object, const char *path,
                    int64_t *ret_minor, const char **ret_currency);
/* What one of the service's own checks said; `path` may be "" for a rule over several fields. */
bool evt_body_obeys(struct evt_request *req, const char *path, enum evt_err rc,
                    const struct evt_error *err);
bool evt_body_refuse(struct evt_request *req, const char *path, const char *what); /* 400; false */

#endif
