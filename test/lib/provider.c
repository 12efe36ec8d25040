/* Provider: forms out, JSON in. */
#include "provider.h"

#include "test/lib/suite.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS (24 * 3600 * 1000)

void provider_init(struct provider *pr)
{
    *pr = (struct provider){
        .opt = {.address = "127.0.0.1:0", .keys_ms = DAY_MS, .settle_ms = DAY_MS, .seed = 1}};
    folder_init(&pr->folder);
}

void provider_start(struct provider *pr)
{
    static char data[512];
    struct evt_error err;

    snprintf(data, sizeof(data), "%s/data", pr->folder.path);
    pr->opt.data_dir = data;
    ck_ok(psp_open(&pr->opt, &pr->psp, &err), err);
    ck_ok(psp_listen(pr->psp, &err), err);
}

void provider_begin(struct provider *pr)
{
    provider_init(pr);
    provider_start(pr);
}

void provider_stop(struct provider *pr)
{
    psp_close(pr->psp);
    pr->psp = NULL;
}

static void add_headers(const struct provider *pr, struct evt_buf *out)
{
    evt_buf_add_text(out, "Authorization: Bearer sk_test_shop\r\n");
    if (pr->key)
        evt_buf_printf(out, "Idempotency-Key: %s\r\n", pr->key);
}

void provider_send(const struct provider *pr, struct web *web, const char *line, const char *form)
{
    struct evt_buf out = {0};

    evt_buf_printf(&out, "%s HTTP/1.1\r\nHost: test\r\n", line);
    add_headers(pr, &out);
    if (form)
        evt_buf_printf(&out,
                       "Content-Type: application/x-www-form-urlencoded\r\n"
                       "Content-Length: %zu\r\n",
                       strlen(form));
    evt_buf_printf(&out, "\r\n%s", form ? form : "");
    web_open(web, psp_address(pr->psp));
    web_send(web, evt_buf_text(&out));
    evt_buf_release(&out);
}

/* The last answer, with its connection, stays until the next one is asked for. */
static void forget(struct provider *pr)
{
    if (pr->asked)
        web_close(&pr->web);
    pr->asked = false;
    json_decref(pr->json);
    pr->json = NULL;
}

void provider_ask(struct provider *pr, const char *line, const char *form)
{
    forget(pr);
    provider_send(pr, &pr->web, line, form);
    pr->asked = true;
    ck_assert_msg(web_read(&pr->web, false), "%s: no answer", line);
    pr->json = json_loads(evt_buf_text(&pr->web.body), 0, NULL);
    ck_assert_ptr_nonnull(pr->json);
}

void provider_refund(struct provider *pr, const char *id, const char *rest)
{
    char form[256];

    snprintf(form, sizeof(form), "payment_intent=%s%s", id, rest);
    provider_ask(pr, "POST /v1/refunds", form);
}

const char *provider_line(const char *method, const char *id, const char *verb)
{
    static char lines[4][128];
    static unsigned next;
    char *line = lines[next++ % 4];

    snprintf(line, sizeof(lines[0]), "%s /v1/payment_intents/%s%s%s", method, id, *verb ? "/" : "",
             verb);
    return line;
}

void provider_expect_cut(struct provider *pr, const char *line, const char *form)
{
    struct web web;

    provider_send(pr, &web, line, form);
    ck_assert(!web_read(&web, false));
    ck_assert_uint_eq(web.in.len, 0);
    web_close(&web);
}

void provider_ask_raw(struct provider *pr, const char *line, const char *headers, const char *body)
{
    forget(pr);
    web_ask_once(&pr->web, psp_address(pr->psp), line, headers, body);
    pr->asked = true;
    pr->json = json_loads(evt_buf_text(&pr->web.body), 0, NULL);
}

void provider_clear(struct provider *pr)
{
    provider_ask_raw(pr, "DELETE /_psp/faults", NULL, NULL);
    ck_assert_str_eq(evt_buf_text(&pr->web.body), "{\"faults\":[]}");
}

void provider_fault(struct provider *pr, const char *json)
{
    provider_ask_raw(pr, "POST /_psp/faults", JSON_TYPE, json);
    ck_assert_msg(pr->web.status == 200, "%s: %s", json, evt_buf_text(&pr->web.body));
}

static const json_t *at(const json_t *json, const char *path)
{
    while (json && path) {
        const char *dot = strchr(path, '.');
        char name[64];

        snprintf(name, sizeof(name), "%.*s", (int)(dot ? dot - path : (long)strlen(path)), path);
        json = json_is_array(json) ? json_array_get(json, (size_t)(*name - '0'))
                                   : json_object_get(json, name);
        path = dot ? dot + 1 : NULL;
    }
    return json;
}

const char *provider_text(const struct provider *pr, const char *path)
{
    return json_string_value(at(pr->json, path));
}

int64_t provider_number(const struct provider *pr, const char *path)
{
    const json_t *json = at(pr->json, path);

    ck_assert_msg(json_is_integer(json), "%s: %s", path, evt_buf_text(&pr->web.body));
    return json_integer_value(json);
}

const char *provider_pay(struct provider *pr, const char *card, int64_t amount)
{
    static char id[64];
    char form[256];

    snprintf(form, sizeof(form),
             "amount=%lld&currency=eur&confirm=true&capture_method=manual&payment_method=%s",
             (long long)amount, card);
    provider_ask(pr, PROVIDER_CREATE, form);
    ck_done(pr);
    ck_assert_str_eq(provider_text(pr, "status"), "requires_capture");
    snprintf(id, sizeof(id), "%s", provider_text(pr, "id"));
    return id;
}

int64_t provider_sum(struct provider *pr, const char *name)
{
    char path[64];

    provider_ask(pr, "GET /_psp/ledger", NULL);
    snprintf(path, sizeof(path), "totals.eur.%s", name);
    return provider_number(pr, path);
}

static bool is(const struct provider *pr, const char *name, const char *want)
{
    char path[64];
    const char *have;

    snprintf(path, sizeof(path), "error.%s", name);
    have = provider_text(pr, path);
    return strcmp(have ? have : "", want) == 0;
}

void provider_expect(const struct provider *pr, int line, int status, const char *type,
                     const char *code, const char *param, const char *message)
{
    ck_assert_msg(pr->web.status == status && is(pr, "type", type) && is(pr, "code", code) &&
                      is(pr, "param", param) && is(pr, "message", message),
                  "line %d: %d %s", line, pr->web.status, evt_buf_text(&pr->web.body));
}

void provider_release(struct provider *pr)
{
    forget(pr);
    psp_close(pr->psp);
    folder_release(&pr->folder);
}
