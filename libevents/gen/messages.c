/* Messages: see messages.h. */
#include "messages.h"

#include "names.h"

#include <string.h>

/* What a topics.json says, until the schemas are known. */
static void read_message(struct model *m, const struct place *at, const char *name,
                         const json_t *json, struct root *root)
{
    struct message *msg = model_message(m, name);
    if (msg) {
        refuse(&m->refusals, at, "is declared in %s already", msg->root->topics_path);
        return;
    }
    if (!json_is_object(json)) {
        refuse(&m->refusals, at, "must be an object");
        return;
    }
    msg = arena_zalloc(&m->arena, sizeof(*msg));
    msg->name = name;
    msg->root = root;
    msg->declaration = json;
    list_add(&m->arena, &m->messages, msg);
}

void messages_read(struct model *m, const struct place *at, const json_t *json, struct root *root)
{
    if (json && !json_is_object(json))
        refuse(&m->refusals, at, "must be an object");
    for (void *iter = json_object_iter((json_t *)json); iter;
         iter = json_object_iter_next((json_t *)json, iter)) {
        struct place here = place_key(at, json_object_iter_key(iter));
        read_message(m, &here, json_object_iter_key(iter), json_object_iter_value(iter), root);
    }
}

static bool kind_of(struct model *m, const struct place *at, struct message *msg)
{
    const json_t *kind = json_object_get(msg->declaration, "kind");
    static const struct {
        const char *word;
        enum evt_kind kind;
    } known[] = {{"command", EVT_KIND_COMMAND},
                 {"reply", EVT_KIND_REPLY},
                 {"fact", EVT_KIND_FACT},
                 {"system", EVT_KIND_SYSTEM}};
    for (size_t i = 0; json_is_string(kind) && i < sizeof(known) / sizeof(*known); i++) {
        if (!strcmp(known[i].word, json_string_value(kind))) {
            msg->kind = known[i].kind;
            return true;
        }
    }
    refuse(&m->refusals, at, "\"kind\" must be command, reply, fact or system");
    return false;
}

static void check_keys(struct model *m, const struct place *at, const struct message *msg)
{
    static const char *const known[] = {"kind", "taker", "key", "from"};
    static const bool has[][4] = {
        [EVT_KIND_COMMAND] = {true, true, true, true},
        [EVT_KIND_REPLY] = {true, true, true, true},
        [EVT_KIND_FACT] = {true, false, true, true},
        [EVT_KIND_SYSTEM] = {true, false, false, false},
    };
    static const char *const words[] = {
        [EVT_KIND_COMMAND] = "a command",
        [EVT_KIND_REPLY] = "a reply",
        [EVT_KIND_FACT] = "a fact",
        [EVT_KIND_SYSTEM] = "a system message",
    };
    for (void *iter = json_object_iter((json_t *)msg->declaration); iter;
         iter = json_object_iter_next((json_t *)msg->declaration, iter)) {
        size_t i = 0;
        while (i < 4 && strcmp(known[i], json_object_iter_key(iter)) != 0)
            i++;
        if (i == 4)
            refuse(&m->refusals, at, "unknown key \"%s\"", json_object_iter_key(iter));
        else if (!has[msg->kind][i])
            refuse(&m->refusals, at, "%s has no \"%s\"", words[msg->kind], known[i]);
    }
    for (size_t i = 1; i < 4; i++) {
        if (has[msg->kind][i] && !json_object_get(msg->declaration, known[i]))
            refuse(&m->refusals, at, "%s needs a \"%s\"", words[msg->kind], known[i]);
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void join_senders(struct model *m, const struct place *up, struct message *msg)
{
    struct place at = place_key(up, "from");
    const json_t *from = json_object_get(msg->declaration, "from");
    if (!from)
        return;
    if (!json_array_size(from)) {
        refuse(&m->refusals, &at, "must be a list of senders");
        return;
    }
    for (size_t i = 0; i < json_array_size(from); i++) {
        struct place here = place_index(&at, i);
        const char *sender = json_string_value(json_array_get(from, i));
        bool outside = sender && !strcmp(sender, OUTSIDE);
        if (!sender || (!outside && !model_service(m, sender)))
            refuse(&m->refusals, &here, "\"%s\" is no service", sender ? sender : "");
        else if (outside && msg->kind != EVT_KIND_COMMAND)
            refuse(&m->refusals, &here, "only commands come from outside");
        for (size_t j = 0; sender && j < msg->senders.n; j++) {
            if (!strcmp(msg->senders.items[j], sender))
                refuse(&m->refusals, &here, "\"%s\" is given twice", sender);
        }
        if (sender)
            list_add(&m->arena, &msg->senders, (void *)sender);
    }
    if (msg->kind == EVT_KIND_FACT && msg->senders.n > 1)
        refuse(&m->refusals, &at, "a fact has one sender: the service whose events topic it is on");
    list_sort(&msg->senders, by_text);
}

static void join_taker(struct model *m, const struct place *up, struct message *msg)
{
    struct place at = place_key(up, "taker");
    const json_t *taker = json_object_get(msg->declaration, "taker");
    if (msg->kind == EVT_KIND_FACT && msg->senders.n) {
        const struct service *sender = model_service(m, msg->senders.items[0]);
        msg->topic = sender ? sender->events : NULL;
    }
    if (!taker)
        return;
    msg->taker = json_is_string(taker) ? model_service(m, json_string_value(taker)) : NULL;
    if (!msg->taker)
        refuse(&m->refusals, &at, "\"%s\" is no service",
               json_is_string(taker) ? json_string_value(taker) : "");
    else
        msg->topic = msg->taker->inbox;
}

static void join_key(struct model *m, const struct place *up, struct message *msg)
{
    struct place at = place_key(up, "key");
    const json_t *key = json_object_get(msg->declaration, "key");
    if (!key)
        return;
    if (!json_is_string(key)) {
        refuse(&m->refusals, &at, "must be the name of a field");
        return;
    }
    msg->key = json_string_value(key);
    model_key(m, &at, msg, msg->key);
}

/* Subjects are named as Confluent's TopicRecordName strategy does; a system message is on many
 * topics, so the record's name stands alone. */
static void join_message(struct model *m, struct message *msg)
{
    struct place file_at = place_file(msg->root->topics_path),
                 all_at = place_key(&file_at, "messages");
    struct place at = place_key(&all_at, msg->name);
    if (!kind_of(m, &at, msg))
        return;
    if ((msg->kind == EVT_KIND_SYSTEM) != !strcmp(msg->folder, SYSTEM_FOLDER))
        refuse(&m->refusals, &at, "system messages, and no others, are in the folder %s",
               SYSTEM_FOLDER);
    check_keys(m, &at, msg);
    join_senders(m, &at, msg);
    join_taker(m, &at, msg);
    join_key(m, &at, msg);
    msg->subject =
        msg->topic ? text_printf(&m->arena, "%s-%s", msg->topic->name, msg->name) : msg->name;
}

const char *messages_subscription_key(const struct subscription *sub, const struct message *fact)
{
    for (size_t i = 0; i < sub->keys.n; i++) {
        const struct subscription_key *own = sub->keys.items[i];
        if (!strcmp(own->type, fact->name))
            return own->field;
    }
    return sub->key;
}

/* A default would stand for a key that an old fact lacks, and could change: then a rebuild would
 * send that fact on under another key, and a subscription has no generation that could tell. */
static void check_subscription_key(struct model *m, const struct place *at,
                                   const struct message *fact, const char *name)
{
    const struct schema_field *field = model_key(m, at, fact, name);
    if (field && field->dflt)
        refuse(&m->refusals, at, "\"%s\" of %s has a default: a subscription's key has none", name,
               fact->name);
}

static void join_subscription(struct model *m, const struct subscription *sub)
{
    struct place file_at = place_file(sub->path), services_at = place_key(&file_at, "services");
    struct place service_at = place_key(&services_at, sub->service->name);
    struct place list_at = place_key(&service_at, "subscriptions");
    struct place at = place_index(&list_at, sub->index), keys_at = place_key(&at, "keys");
    for (size_t i = 0; i < m->messages.n; i++) {
        const struct message *fact = m->messages.items[i];
        if (fact->kind == EVT_KIND_FACT && fact->topic == sub->source->events)
            check_subscription_key(m, &at, fact, messages_subscription_key(sub, fact));
    }
    for (size_t i = 0; i < sub->keys.n; i++) {
        const struct subscription_key *own = sub->keys.items[i];
        const struct message *fact = model_message(m, own->type);
        struct place key_at = place_key(&keys_at, own->type);
        if (!fact || fact->kind != EVT_KIND_FACT || fact->topic != sub->source->events)
            refuse(&m->refusals, &key_at, "is no fact on %s", sub->source->events->stream);
    }
}

static int by_name(const void *a, const void *b)
{
    const struct message *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

void messages_join(struct model *m)
{
    size_t before = m->refusals.n;
    list_sort(&m->messages, by_name);
    for (size_t i = 0; i < m->messages.n; i++)
        join_message(m, m->messages.items[i]);
    for (size_t i = 0; m->refusals.n == before && i < m->subscriptions.n; i++)
        join_subscription(m, m->subscriptions.items[i]);
}
