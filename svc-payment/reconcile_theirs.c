/* Reconcile, the provider's books: its intents and then its refunds, the newest first, a page at a
 * time, until they are older than what is compared. */
#include "payment_minor.h"
#include "reconcile.h"

#include <evt/buf.h>
#include <evt/caller.h>
#include <evt/mem.h>

#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PAGE       100 /* as many as Stripe gives */
#define TIMEOUT_MS 30000
#define TRIES      5 /* of a page, a second apart, when we ask too often */

struct reader {
    const char *url;
    int64_t since_ms;
    struct reconcile_books *books;
    CURL *curl;
    struct curl_slist *headers;
    struct evt_buf body;
    char last[PAYMENT_INTENT_MAX + 1]; /* the last id of the page before */
};

static size_t take(char *text, size_t size, size_t n, void *arg)
{
    struct reader *reader = arg;

    evt_buf_add(&reader->body, text, size * n);
    return size * n;
}

/* A page's body. */
static enum evt_err get(struct reader *reader, const char *path, struct evt_error *err)
{
    struct evt_buf url = {0};
    CURLcode code = CURLE_OK;
    long status = 0;

    evt_buf_printf(&url, "%s/v1/%s?limit=%d%s%s", reader->url, path, PAGE,
                   reader->last[0] ? "&starting_after=" : "", reader->last);
    curl_easy_setopt(reader->curl, CURLOPT_URL, evt_buf_text(&url));
    evt_buf_release(&url);
    for (int i = 0; i < TRIES && (i == 0 || (code == CURLE_OK && status == 429)); i++) {
        if (i > 0)
            sleep(1);
        evt_buf_clear(&reader->body);
        code = curl_easy_perform(reader->curl);
        curl_easy_getinfo(reader->curl, CURLINFO_RESPONSE_CODE, &status);
    }
    if (code != CURLE_OK)
        return evt_fail(err, EVT_E_IO,
                        "ask %s for its %s: %s: say where the provider is (--psp-url)", reader->url,
                        path, curl_easy_strerror(code));
    if (status == 200)
        return EVT_OK;
    return evt_fail(err, EVT_E_IO, "ask %s for its %s: it answers %ld%s", reader->url, path, status,
                    status == 401 ? ": set PSP_KEY" : "");
}

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value ? value : "";
}

static int64_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static int64_t created_ms(const json_t *object)
{
    return number(object, "created") * 1000;
}

static void read_currency(const json_t *object, char ret_currency[PAYMENT_CURRENCY_LEN + 1])
{
    snprintf(ret_currency, PAYMENT_CURRENCY_LEN + 1, "%s", text(object, "currency"));
    for (char *at = ret_currency; *at; at++) /* ASCII, whatever the locale says */
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
}

static void take_intent(struct reader *reader, const json_t *object)
{
    char currency[PAYMENT_CURRENCY_LEN + 1];
    struct reconcile_theirs theirs = {
        .id = text(object, "id"),
        .order_id = text(json_object_get(object, "metadata"), "order_id"),
        .status = text(object, "status"),
        .currency = currency,
        .created_ms = created_ms(object),
    };

    read_currency(object, currency);
    theirs.odd = !payment_minor_from_psp(number(object, "amount"), currency, &theirs.amount_minor);
    if (!payment_minor_from_psp(number(object, "amount_received"), currency,
                                &theirs.received_minor))
        theirs.odd = true;
    reconcile_add_theirs(reader->books, &theirs);
}

static void take_refund(struct reader *reader, const json_t *object)
{
    const char *status = text(object, "status");
    char currency[PAYMENT_CURRENCY_LEN + 1];
    int64_t amount_minor;
    bool odd;

    if (strcmp(status, "succeeded") != 0 && strcmp(status, "pending") != 0)
        return;
    read_currency(object, currency);
    odd = !payment_minor_from_psp(number(object, "amount"), currency, &amount_minor);
    reconcile_add_refund(reader->books, text(object, "payment_intent"), amount_minor, odd);
}

/* Takes a page; false in `ret_more`: it was the last that counts. */
static enum evt_err take_page(struct reader *reader, const char *path,
                              void (*take_one)(struct reader *, const json_t *), bool *ret_more,
                              struct evt_error *err)
{
    json_t *page = json_loadb((const char *)reader->body.data, reader->body.len, 0, NULL);
    const json_t *data = json_object_get(page, "data");
    const size_t n = json_array_size(data);
    const json_t *last = n ? json_array_get(data, n - 1) : NULL;
    const bool more = json_is_true(json_object_get(page, "has_more"));
    enum evt_err rc = EVT_OK;

    if (!json_is_array(data) || (more && (n == 0 || strcmp(text(last, "id"), reader->last) == 0))) {
        rc = evt_fail(err, EVT_E_IO, "ask %s for its %s: it does not answer as Stripe does",
                      reader->url, path);
    } else {
        for (size_t i = 0; i < n; i++)
            take_one(reader, json_array_get(data, i));
        snprintf(reader->last, sizeof(reader->last), "%s", last ? text(last, "id") : "");
        *ret_more = more && created_ms(last) >= reader->since_ms;
    }
    json_decref(page);
    return rc;
}

static enum evt_err read_all(struct reader *reader, const char *path,
                             void (*take_one)(struct reader *, const json_t *),
                             struct evt_error *err)
{
    bool more = true;
    enum evt_err rc = EVT_OK;

    reader->last[0] = '\0';
    while (rc == EVT_OK && more) {
        rc = get(reader, path, err);
        if (rc == EVT_OK)
            rc = take_page(reader, path, take_one, &more, err);
    }
    return rc;
}

enum evt_err reconcile_read_theirs(const char *url, const char *key, int64_t since_ms,
                                   struct reconcile_books *books, struct evt_error *err)
{
    struct reader reader = {.url = url, .since_ms = since_ms, .books = books};
    struct evt_buf bearer = {0};
    char *no_proxy = evt_no_proxy();
    enum evt_err rc;

    evt_buf_printf(&bearer, "Authorization: Bearer %s", key);
    reader.curl = curl_easy_init();
    reader.headers = curl_slist_append(NULL, evt_buf_text(&bearer));
    EVT_BUG_ON(!reader.curl || !reader.headers);
    curl_easy_setopt(reader.curl, CURLOPT_HTTPHEADER, reader.headers);
    curl_easy_setopt(reader.curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(reader.curl, CURLOPT_NOPROXY, no_proxy);
    curl_easy_setopt(reader.curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(reader.curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
    curl_easy_setopt(reader.curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(reader.curl, CURLOPT_WRITEDATA, &reader);
    rc = read_all(&reader, "payment_intents", take_intent, err);
    reconcile_sort_theirs(books);
    if (rc == EVT_OK)
        rc = read_all(&reader, "refunds", take_refund, err);
    curl_easy_cleanup(reader.curl);
    curl_slist_free_all(reader.headers);
    evt_buf_release(&reader.body);
    evt_buf_release(&bearer);
    evt_free(no_proxy);
    return rc;
}
