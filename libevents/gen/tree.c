/* Tree: see tree.h. */
#include "tree.h"

#include "names.h"
#include "rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION_MAX 9999

/* "Name.avsc" is version 0, today's; "Name.v3.avsc" is 3; -1: neither. */
static long split(struct model *m, const char *file, const char **ret_record)
{
    const char *dot = strchr(file, '.');
    char *end;
    char *record = evt_arena_strndup(&m->arena, file, (size_t)(dot - file));
    *ret_record = record;
    if (!name_is_pascal(record))
        return -1;
    if (!strcmp(dot, ".avsc"))
        return 0;
    if (dot[1] != 'v' || dot[2] < '1' || dot[2] > '9')
        return -1;
    long version = strtol(dot + 2, &end, 10);
    return strcmp(end, ".avsc") != 0 || version > VERSION_MAX ? -1 : version;
}

/* The message that a file belongs to; its topics.json has named it before. */
static struct message *message_of(struct model *m, const struct root *root, const struct place *at,
                                  const char *folder, const char *record)
{
    char *name = text_printf(&m->arena, RULES_NAMESPACE ".%s", folder, record);
    struct message *msg = model_message(m, name);
    if (!msg)
        refuse(
            &m->refusals, at,
            "%s is not declared, so nobody takes it: add it to \"messages\" in %s with its kind, "
            "taker, key and senders, as its neighbours have them, then run `make schemas`",
            name, root->topics_path);
    else if (msg->root != root)
        refuse(&m->refusals, at, "%s is declared in %s, not here", name, msg->root->topics_path);
    else
        return msg;
    return NULL;
}

static void read_schema(struct model *m, const struct root *root, const char *folder,
                        const char *file)
{
    const char *record;
    char *path = text_printf(&m->arena, "%s/%s/%s", root->path, folder, file);
    struct place at = place_file(path);
    long version = split(m, file, &record);
    if (version < 0) {
        refuse(&m->refusals, &at, "a schema's file is <Name>.avsc or <Name>.v<number>.avsc");
        return;
    }
    struct source *source = model_source(m, path);
    struct message *msg = message_of(m, root, &at, folder, record);
    if (source && source->schema && !version)
        rules_check(&m->refusals, &at, source->schema, folder, record);
    if (!source || !msg)
        return;
    msg->folder = folder;
    msg->record = record;
    msg->symbol = text_printf(&m->arena, "%s_%s", folder, name_snake(&m->arena, record));
    if (!version) {
        msg->today = source;
        return;
    }
    struct version *kept = arena_zalloc(&m->arena, sizeof(*kept));
    kept->number = (uint32_t)version;
    kept->source = source;
    list_add(&m->arena, &msg->kept, kept);
}

static void read_folder(struct model *m, const struct root *root, const char *folder)
{
    struct list files;
    char *path = text_printf(&m->arena, "%s/%s", root->path, folder);
    struct place at = place_file(path);
    bool known = false;
    if (!name_is_service(folder)) {
        refuse(&m->refusals, &at,
               "a folder is named as a service is: lower-case letters and digits");
        return;
    }
    if (!file_list(&m->arena, path, &files)) {
        refuse(&m->refusals, &at, "%s", strerror(errno));
        return;
    }
    for (size_t i = 0; i < files.n; i++) {
        const char *file = files.items[i];
        size_t len = strlen(file);
        if (len > 5 && !strcmp(file + len - 5, ".avsc"))
            read_schema(m, root, folder, file);
    }
    for (size_t i = 0; i < m->folders.n; i++)
        known = known || !strcmp(m->folders.items[i], folder);
    if (!known)
        list_add(&m->arena, &m->folders, (void *)folder);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void tree_read(struct model *m, struct root *root)
{
    struct list names;
    struct place at = place_file(root->path);
    if (!file_list(&m->arena, root->path, &names)) {
        refuse(&m->refusals, &at, "%s", strerror(errno));
        return;
    }
    for (size_t i = 0; i < names.n; i++) {
        if (file_is_folder(text_printf(&m->arena, "%s/%s", root->path, (char *)names.items[i])))
            read_folder(m, root, names.items[i]);
    }
    list_sort(&m->folders, by_text);
}

void tree_join(struct model *m)
{
    for (size_t i = 0; i < m->messages.n; i++) {
        const struct message *msg = m->messages.items[i];
        struct place file_at = place_file(msg->root->topics_path);
        struct place all_at = place_key(&file_at, "messages"), at = place_key(&all_at, msg->name);
        if (!msg->folder)
            refuse(&m->refusals, &at, "there is no schema of this name under %s", msg->root->path);
        else if (!msg->today)
            refuse(&m->refusals, &at, "there is no %s/%s/%s.avsc", msg->root->path, msg->folder,
                   msg->record);
    }
}
