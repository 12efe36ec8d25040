/* Core driver: appends what is published to the log of the shard under test. */
#include "test/lib/core_driver.h"

#include <string.h>

static void publish(void *self, const struct evt_send *send)
{
    struct core_driver *driver = self;

    ck_assert_str_eq(send->topic, "shop.product.inbox.v1");
    ck_assert_int_eq(send->partition, CORE_PARTITION);
    evt_buf_printf(&driver->did, "%s;", core_header(send, "ce_id"));
    if (!driver->lost)
        core_append(driver->core, send);
}

static void call(void *self, const struct evt_call_request *request)
{
    struct core_driver *driver = self;

    evt_buf_printf(&driver->did, "%s %lld %s '%.*s' attempt %d;", request->name,
                   (long long)request->id, request->ref, (int)request->request.len,
                   request->request.len ? (const char *)request->request.data : "",
                   request->attempt);
}

void core_driver_begin(struct core_driver *driver, const char *sku)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, sku, "o1"));
    core_run(core);
    core_ok(core, evt_shard_caught_up(core->sh, &core->err));
    core_told(core);
    *driver = (struct core_driver){.core = core, .due = evt_due_new(core->sh, CORE_JITTER)};
}

void core_driver_end(struct core_driver *driver)
{
    evt_due_free(driver->due);
    evt_buf_release(&driver->did);
    core_free(driver->core);
}

enum evt_err core_driver_run(struct core_driver *driver, int64_t now_ms)
{
    const struct evt_due_driver hooks = {driver, publish, call};

    evt_buf_clear(&driver->did);
    driver->core->now_ms = now_ms - driver->ahead_ms;
    return evt_due_run(driver->due, now_ms, &hooks, &driver->core->err);
}

const char *core_driver_at(struct core_driver *driver, int64_t now_ms)
{
    core_ok(driver->core, core_driver_run(driver, now_ms));
    return evt_buf_text(&driver->did);
}

void core_driver_ended(struct core_driver *driver, int64_t id, enum evt_call_end end,
                       const char *response, int64_t now_ms)
{
    const struct evt_bytes bytes = {(const uint8_t *)response, strlen(response)};

    evt_due_call_ended(driver->due, id, end, bytes, now_ms);
}
