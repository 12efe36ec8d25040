/* Secret: Stripe's secret keys, as a bearer token or as the user of Basic authentication. */
#include "call.h"
#include "psp_internal.h"

#include <evt/mem.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PREFIX      "sk_test_"
#define SECRETS_MAX 64
#define SECRET_MAX  256

struct psp_secrets {
    char *items[SECRETS_MAX];
    size_t n; /* 0: any that begins with the prefix */
};

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static enum evt_err read_lines(struct psp_secrets *secrets, FILE *file, const char *path,
                               struct evt_error *err)
{
    char line[SECRET_MAX];

    while (fgets(line, sizeof(line), file)) {
        line[strcspn(line, " \t\r\n#")] = '\0';
        if (!*line)
            continue;
        if (!begins(line, PREFIX))
            return evt_fail(err, EVT_E_USAGE,
                            "%s: a key does not begin with " PREFIX ": a stand-in wants no others",
                            path);
        if (secrets->n == SECRETS_MAX)
            return evt_fail(err, EVT_E_USAGE, "%s: more than %d keys", path, SECRETS_MAX);
        secrets->items[secrets->n++] = evt_strdup(line);
    }
    if (!secrets->n)
        return evt_fail(err, EVT_E_USAGE,
                        "%s: there is no key in it; write one a line, as " PREFIX "shop", path);
    return EVT_OK;
}

enum evt_err psp_secrets_open(const char *path, struct psp_secrets **ret_secrets,
                              struct evt_error *err)
{
    struct psp_secrets *secrets = evt_zalloc(sizeof(*secrets));
    FILE *file = path ? fopen(path, "re") : NULL;
    enum evt_err rc = EVT_OK;

    if (file)
        rc = read_lines(secrets, file, path, err);
    else if (path)
        rc = evt_fail(err, EVT_E_USAGE, "--key-file %s: %s", path, strerrordesc_np(errno));
    if (file)
        fclose(file);
    if (rc != EVT_OK)
        psp_secrets_free(secrets);
    else
        *ret_secrets = secrets;
    return rc;
}

void psp_secrets_free(struct psp_secrets *secrets)
{
    if (!secrets)
        return;
    for (size_t i = 0; i < secrets->n; i++)
        evt_free(secrets->items[i]);
    evt_free(secrets);
}

static int digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* The user of "user:password" in base64. */
static void read_basic(const char *text, char *secret)
{
    unsigned bits = 0, n = 0;
    size_t len = 0;

    for (int digit; (digit = digit_of(*text)) >= 0 && len < SECRET_MAX - 1; text++) {
        bits = bits << 6 | (unsigned)digit;
        n += 6;
        if (n >= 8) {
            n -= 8;
            secret[len++] = (char)(bits >> n & 0xff);
        }
    }
    secret[len] = '\0';
    secret[strcspn(secret, ":")] = '\0';
}

static bool is_known(const struct psp_secrets *secrets, const char *secret)
{
    if (secrets->n == 0)
        return begins(secret, PREFIX);
    for (size_t i = 0; i < secrets->n; i++)
        if (strcmp(secrets->items[i], secret) == 0)
            return true;
    return false;
}

bool psp_secrets_check(const struct psp_secrets *secrets, struct psp_call *call)
{
    const char *header = evt_request_header(call->req, "Authorization");
    char secret[SECRET_MAX] = "";

    if (header && strncasecmp(header, "Bearer ", 7) == 0)
        snprintf(secret, sizeof(secret), "%s", header + 7);
    else if (header && strncasecmp(header, "Basic ", 6) == 0)
        read_basic(header + 6, secret);
    if (is_known(secrets, secret))
        return true;
    evt_reply_header(call->req, "WWW-Authenticate", "Basic realm=\"Stripe\"");
    if (!*secret)
        return psp_refuse(call, 401, PSP_WRONG(NULL, NULL),
                          "You did not provide an API key. Provide it in the Authorization header, "
                          "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').");
    /* Of a key that may be a real one nothing is repeated. */
    return psp_refuse(
        call, 401, PSP_WRONG(NULL, NULL),
        begins(secret, PREFIX)
            ? "Invalid API Key provided: it is none of this stand-in's key file."
            : "Invalid API Key provided: a stand-in takes those that begin with " PREFIX " only.");
}
