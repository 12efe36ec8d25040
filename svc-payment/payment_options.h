/* Payment options: who the provider is. */
#ifndef PAYMENT_OPTIONS_H
#define PAYMENT_OPTIONS_H

#include <evt/conf.h>
#include <evt/service.h>

#define PAYMENT_PSP_URL     "psp-url"
#define PAYMENT_PSP_KEY     "psp-key"
#define PAYMENT_PSP_DEFAULT "http://127.0.0.1:12111"
#define PAYMENT_PSP_INSIDE  "inside"

extern const struct evt_option payment_options[];
void payment_options_check(const struct evt_conf *conf, struct evt_faults *faults);

/* Whether a secret key may go there: encrypted, or not off this machine. */
bool payment_psp_is_private(const char *url);
/* The secret key to be used at `url`, of what PSP_KEY says (NULL: nothing): the stand-in's own on
 * this machine; NULL: it has to be set. */
const char *payment_psp_key(const char *url, const char *psp_key);

#endif
