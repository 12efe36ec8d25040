/* Subscription: a shard whose inbox is a partition of another service's events, and whose only
 * handler sends each fact on to the subscriber's inbox, bytes unchanged, under the subscriber's
 * key. */
#include "shard_internal.h"

#include <evt/codec.h>
#include <evt/hash.h>
#include <evt/mem.h>

#include <string.h>

static const char *key_field(const struct evt_subscription *sub, const struct evt_type *type)
{
    for (size_t i = 0; i < sub->keys_n; i++)
        if (sub->keys[i].type == type)
            return sub->keys[i].field;
    return NULL;
}

static enum evt_err forward(struct evt_ctx *ctx, void *arg, struct evt_error *err)
{
    struct evt_shard *sh = ctx->sh;
    const struct evt_type *type = arg;
    const struct evt_topic *inbox = sh->subscription->inbox;
    struct evt_text key;
    void *msg = evt_arena_alloc(&sh->msg_arena, type->size);
    enum evt_err rc = evt_type_decode(sh->registry, type, ctx->rec->value, ctx->rec->value_len,
                                      &sh->msg_arena, msg, err);

    if (rc != EVT_OK)
        return rc;
    key.text = evt_type_text(type, msg, key_field(sh->subscription, type));
    key.len = strlen(key.text);
    if (key.len == 0 || key.len > EVT_KEY_MAX)
        return evt_fail(err, EVT_E_KEY_SIZE, "%s of %s has %zu bytes, 1 to %d are allowed",
                        key_field(sh->subscription, type), type->name, key.len, EVT_KEY_MAX);
    return evt__queue(ctx, inbox, evt_partition_of(key.text, key.len, inbox->partitions),
                      (struct evt_text){type->name, strlen(type->name)}, key, ctx->rec->value,
                      ctx->rec->value_len, err);
}

/* Which facts the subscriber needs is its handlers' business: all are copied. Libevents' own facts
 * (CommandAnswered) are for whoever asked, and have no key of the subscriber's. */
enum evt_err evt__forward(struct evt_ctx *ctx, bool *ret_ignored, struct evt_error *err)
{
    struct evt_shard *sh = ctx->sh;
    const struct evt_type *type =
        evt_registry_type(sh->registry, ctx->env.type.text, ctx->env.type.len);

    EVT_BUG_ON(!type); /* it is waited for */
    if (!evt_text_is(ctx->env.service, sh->topic->service))
        return evt_fail(err, EVT_E_TYPE_SENDER, "%s from %.*s", type->name,
                        (int)ctx->env.source.len, ctx->env.source.text);
    *ret_ignored = type->kind == EVT_KIND_SYSTEM;
    if (*ret_ignored)
        return EVT_OK;
    if (!key_field(sh->subscription, type))
        return evt_fail(err, EVT_E_TYPE_UNKNOWN, "%s", type->name);
    return evt__guarded(ctx, forward, (void *)(uintptr_t)type, err);
}
