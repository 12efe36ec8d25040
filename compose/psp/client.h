/* Client: one request to a running stand-in, for the verbs that talk to it. */
#ifndef PSP_CLIENT_H
#define PSP_CLIENT_H

#include <evt/buf.h>
#include <evt/err.h>

/* `body`: JSON; NULL: none. What went wrong is EVT_E_AWAY, whatever the answer is it is EVT_OK. */
EVT_MUST_USE enum evt_err psp_client_ask(const char *address, const char *method, const char *path,
                                         const char *body, int *ret_status,
                                         struct evt_buf *ret_body, struct evt_error *err);

#endif
