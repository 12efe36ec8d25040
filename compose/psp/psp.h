/* Psp: the stand-in for a payment provider, which a program or a test opens and lets listen. */
#ifndef PSP_H
#define PSP_H

#include <evt/err.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct psp;

struct psp_options {
    const char *address; /* "127.0.0.1:12111"; port 0: any free one */
    const char *data_dir;
    const char *key_file; /* secret keys, one a line; NULL: every one that begins with sk_test_ */
    const char *const *faults; /* "latency ms=20-80" */
    size_t faults_n;
    int64_t keys_ms;   /* how long an Idempotency-Key is remembered */
    int64_t settle_ms; /* how long a refund pends that does */
    uint64_t seed;     /* of faults that come by chance */
    /* Called on the HTTP thread when nobody is to listen for a while: psp_refusal_ms says how long.
     * NULL: that fault is refused. */
    void (*refusal)(void *arg);
    void *arg;
};

/* `opt` and its texts must outlive it. */
EVT_MUST_USE enum evt_err psp_open(const struct psp_options *opt, struct psp **ret_psp,
                                   struct evt_error *err);
/* Again, it listens on the port that it had. */
EVT_MUST_USE enum evt_err psp_listen(struct psp *psp, struct evt_error *err);
const char *psp_address(const struct psp *psp);
int64_t psp_refusal_ms(struct psp *psp); /* asked for since the last call; 0: none */
void psp_quiet(struct psp *psp);         /* whoever waits is answered first */
void psp_close(struct psp *psp);         /* NULL is fine */

#endif
