/* Type: finding what the schema compiler wrote. Its tables are sorted, so every search halves. */
#include <evt/type.h>

#include <stdlib.h>
#include <string.h>

const char *evt_kind_str(enum evt_kind kind)
{
    switch (kind) {
    case EVT_KIND_COMMAND:
        return "command";
    case EVT_KIND_REPLY:
        return "reply";
    case EVT_KIND_FACT:
        return "fact";
    case EVT_KIND_SYSTEM:
        return "system";
    }
    return "unknown";
}

/* Of two names, the left one given by length: a header from outside may hold anything, NUL too. */
static int text_order(const char *left, size_t len, const char *right)
{
    size_t other = strlen(right);
    int order = memcmp(left, right, len < other ? len : other);

    return order ? order : (len > other) - (len < other);
}

const struct evt_type *evt_registry_type(const struct evt_registry *reg, const char *name,
                                         size_t len)
{
    size_t low = 0, high = reg->types_n, mid;
    int order;

    while (low < high) {
        mid = low + (high - low) / 2;
        order = text_order(name, len, reg->types[mid]->name);
        if (order == 0)
            return reg->types[mid];
        if (order > 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

const struct evt_schema_ref *evt_registry_schema(const struct evt_registry *reg, uint32_t id)
{
    size_t low = 0, high = reg->refs_n, mid;

    while (low < high) {
        mid = low + (high - low) / 2;
        if (reg->refs[mid].id == id)
            return &reg->refs[mid];
        if (reg->refs[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

/* Every other table is of structs that begin with their name. */
static int name_order(const void *name, const void *entry)
{
    return strcmp(name, *(const char *const *)entry);
}

static const void *entry_find(const char *name, const void *table, size_t n, size_t size)
{
    return n ? bsearch(name, table, n, size, name_order) : NULL; /* an empty table may be NULL */
}

const struct evt_topic *evt_registry_topic(const struct evt_registry *reg, const char *name)
{
    _Static_assert(offsetof(struct evt_topic, name) == 0, "searched by it");
    return entry_find(name, reg->topics, reg->topics_n, sizeof(*reg->topics));
}

const struct evt_topic *evt_registry_service_topic(const struct evt_registry *reg,
                                                   const char *service, enum evt_topic_kind kind)
{
    size_t i;

    for (i = 0; i < reg->topics_n; i++)
        if (reg->topics[i].kind == kind && strcmp(reg->topics[i].service, service) == 0)
            return &reg->topics[i];
    return NULL;
}

const struct evt_subscription *evt_registry_subscription(const struct evt_registry *reg,
                                                         const char *name)
{
    _Static_assert(offsetof(struct evt_subscription, name) == 0, "searched by it");
    return entry_find(name, reg->subscriptions, reg->subscriptions_n, sizeof(*reg->subscriptions));
}

const struct evt_declaration *evt_registry_declaration(const struct evt_registry *reg,
                                                       const char *service)
{
    _Static_assert(offsetof(struct evt_declaration, service) == 0, "searched by it");
    return entry_find(service, reg->declarations, reg->declarations_n, sizeof(*reg->declarations));
}
