/* Caller: how a service's outside calls are carried out. A handler wrote a row (evt_call); after
 * the commit the driver makes an attempt at it, again and again under the same key, until its end
 * is definite, and publishes that to the own inbox.
 *
 *     static const struct evt_caller callers[] = {
 *         {.name = "authorise", .destination = "psp", .timeout_ms = 10000,
 *          .begin = begin_authorise, .end = end_authorise},
 *         {0},
 *     };
 *
 * `begin` says what to send, `end` what came of it. Both run on one thread, which has all of the
 * process's attempts under way by libcurl and must not block; both see no store, and may keep
 * nothing: everything that matters is in the request and in the answer. */
#ifndef EVT_CALLER_H
#define EVT_CALLER_H

#include <evt/due.h>
#include <evt/service.h>

/* Attempts at one destination share connections, this bound, a circuit breaker and the provider's
 * Retry-After; what has to wait for any of these goes in the order in which it came. The circuit
 * opens after EVT_CALL_UNKNOWNS unknown ends in a row; after a pause, which doubles, one attempt is
 * let through; any definite end closes it. */
#define EVT_CALL_UNDER_WAY_MAX 64
#define EVT_CALL_UNKNOWNS      5
#define EVT_CALL_PAUSE_MS      1000
#define EVT_CALL_PAUSE_MS_MAX  30000
#define EVT_CALL_RETRY_MS_MAX  60000 /* of a Retry-After so much is heeded */

struct evt_attempt;

/* Whom an SMTP server refused, before the mail itself. */
enum evt_call_refused {
    EVT_CALL_REFUSED_MAIL,
    EVT_CALL_REFUSED_SENDER,
    EVT_CALL_REFUSED_RECIPIENT
};

/* What came back. */
struct evt_call_answer {
    int status;                    /* HTTP's, or the last of SMTP's; 0: none */
    const char *reason;            /* why there is none, in words; else "" */
    const char *body;              /* NUL-terminated, cut at EVT_CALL_RESPONSE_MAX; SMTP's words */
    size_t body_len;               /* it may hold NULs itself */
    int64_t retry_after_ms;        /* the provider's wish; 0: none */
    bool replayed;                 /* HTTP: it is the answer that this key had before, for good */
    enum evt_call_refused refused; /* SMTP, of a status from 400: what it is about */
};

struct evt_caller {
    const char *name;        /* of evt_call */
    const char *destination; /* short and fixed: it labels metrics */
    int64_t timeout_ms;      /* for one attempt */
    /* Says what to send. A failure (a request that cannot be understood) is a bug of the service's
     * own, and parks the call for a person. */
    enum evt_err (*begin)(struct evt_attempt *attempt, const struct evt_call_request *request,
                          struct evt_error *err);
    /* What the answer means: OK and REFUSED are definite, UNKNOWN is tried again, PARKED is for a
     * person. What the handler shall learn of it is set by evt_attempt_result; else it is the
     * body. */
    enum evt_call_end (*end)(struct evt_attempt *attempt, const struct evt_call_answer *answer);
};

/* The call that this is an attempt at. */
const struct evt_call_request *evt_attempt_request(const struct evt_attempt *attempt);
/* The service's options, by their names, for addresses and secrets; one that its table does not
 * have aborts. NULL: not set. */
const char *evt_attempt_option(const struct evt_attempt *attempt, const char *name);
void *evt_attempt_alloc(struct evt_attempt *attempt, size_t size); /* zeroed, for the attempt */

/* ---- of `begin`: everything is copied. What would let a request say something else than it seems
 * to (an address, a header or a URL with a control character) parks the call. ---- */

/* HTTP: the whole address, headers, a body. Redirections are not followed. */
void evt_attempt_url(struct evt_attempt *attempt, const char *method, const char *fmt, ...)
    EVT_PRINTF(3, 4);
void evt_attempt_header(struct evt_attempt *attempt, const char *name, const char *value);
void evt_attempt_body(struct evt_attempt *attempt, const char *type, const void *body, size_t len);
/* SMTP: "smtp://host:25", one recipient, the message with its headers, lines ended by CR LF. */
void evt_attempt_mail(struct evt_attempt *attempt, const char *url, const char *from,
                      const char *to, const void *mail, size_t len);
/* For either; over SMTP only when the connection is encrypted. */
void evt_attempt_login(struct evt_attempt *attempt, const char *user, const char *password);
/* Nothing to send: it was done by `begin` itself, on this machine and within milliseconds; `end` is
 * called at once with this status and body. Status 0: `body` is the reason. */
void evt_attempt_done(struct evt_attempt *attempt, int status, const char *body);

/* ---- of `end` ---- */

/* What the handler is told; cut at EVT_CALL_RESPONSE_MAX. */
void evt_attempt_result(struct evt_attempt *attempt, const void *result, size_t len);

/* ---- for whoever asks by libcurl alone ---- */

/* For CURLOPT_NOPROXY: this machine is never asked for by a proxy, nor what no_proxy names. To be
 * freed. */
char *evt_no_proxy(void);

#endif
