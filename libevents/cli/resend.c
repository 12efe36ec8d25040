/* evt resend: messages that a receiver's log has lost are made again. It is the sender's own
 * program that does it, by replaying the shard that decided them: this one only finds it. */
#include "cli.h"

#include "program.h"

#include <evt/envelope.h>
#include <evt/mem.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct evt_option cli_resend_options[] = {
    {.name = "binary",
     .value = "FILE",
     .help = "the sender's program, of the generation that decided; else svc-<service> beside evt",
     .kind = EVT_OPTION_TEXT,
     .flag_only = true},
    {.name = "dry-run",
     .letter = 'n',
     .help = "only say what would be sent",
     .kind = EVT_OPTION_FLAG,
     .flag_only = true},
    {0},
};
const struct evt_example cli_resend_examples[] = {
    {"resend order.0 product.inbox.1 7-9", "messages 7 to 9 of order's shard 0 to that partition"},
    {"resend order.0 product.inbox.1 7 --dry-run", "what 7 was, and all that follow"},
    {0},
};
const char cli_resend_help[] =
    "SENDER is a service's shard (order.0), a subscription's (notify.user.0) or a ce_source.\n"
    "STREAM.PARTITION is where the messages lack. They get the ids that they had, so what is\n"
    "there already is dropped. `evt stream list` says which are missing.";

struct sender {
    char name[EVT_NAME_MAX + 1]; /* service or subscription */
    const char *service;
    bool subscription;
    char partition[12];
};

/* "order.0", "notify.user.0", "/shop/order/0/<lineage>" */
static bool split(const char *text, struct sender *ret_sender)
{
    const bool source = strncmp(text, "/shop/", 6) == 0;
    const char *name = source ? text + 6 : text;
    const char *end = source ? strchr(name, '/') : strrchr(name, '.');
    const size_t digits = end ? strspn(end + 1, "0123456789") : 0;

    if (digits == 0 || digits >= sizeof(ret_sender->partition) ||
        (size_t)(end - name) >= sizeof(ret_sender->name) ||
        (source ? end[1 + digits] != '/' : end[1 + digits] != '\0'))
        return false;
    snprintf(ret_sender->name, sizeof(ret_sender->name), "%.*s", (int)(end - name), name);
    snprintf(ret_sender->partition, sizeof(ret_sender->partition), "%.*s", (int)digits, end + 1);
    return true;
}

static int find_sender(const char *text, struct sender *ret_sender)
{
    const struct evt_subscription *sub;

    if (!split(text, ret_sender))
        return cli_refuse(EVT_EXIT_USAGE, "'%s' is no shard: say order.0 or its ce_source", text);
    sub = evt_registry_subscription(&evt_registry, ret_sender->name);
    ret_sender->subscription = sub != NULL;
    ret_sender->service = sub ? sub->service : ret_sender->name;
    if (!evt_registry_declaration(&evt_registry, ret_sender->service))
        return cli_refuse(EVT_EXIT_NOT_FOUND, "topics.json has no service or subscription %s",
                          ret_sender->name);
    return EVT_EXIT_OK;
}

/* "7-9", "7" */
static bool range(const char *text, char from[24], char until[24])
{
    const size_t first = strspn(text, "0123456789");
    const size_t last = text[first] == '-' ? strspn(text + first + 1, "0123456789") : 0;

    if (first == 0 || first > 19 || last > 19 || text[0] == '0' ||
        (text[first] == '-' ? last == 0 || text[first + 1 + last] : text[first] != '\0'))
        return false;
    snprintf(from, 24, "%.*s", (int)first, text);
    snprintf(until, 24, "%.*s", (int)last, last ? text + first + 1 : "");
    return true;
}

static void add_common(struct cli_args *args, const struct evt_conf *conf)
{
    const char *const *properties;
    const size_t n = evt_conf_many(conf, "property", &properties);

    cli_args_add(args, "--kafka-bootstrap-servers");
    cli_args_add(args, cli_kafka(conf).brokers);
    cli_args_add(args, "--data-dir");
    cli_args_add(args, evt_conf_text(conf, "data-dir"));
    for (size_t i = 0; i < n; i++) {
        cli_args_add(args, "-X");
        cli_args_add(args, properties[i]);
    }
}

static int run(const struct evt_conf *conf, const struct sender *sender, const char *to,
               const char *from, const char *until)
{
    struct cli_args args = {0};
    struct evt_buf path = {0}, name = {0};
    int status;

    cli_args_add(&args, "resend");
    cli_args_add(&args, "--partition");
    cli_args_add(&args, sender->partition);
    if (sender->subscription) {
        cli_args_add(&args, "--subscription");
        cli_args_add(&args, sender->name);
    }
    cli_args_add(&args, "--to");
    cli_args_add(&args, to);
    cli_args_add(&args, "--from");
    cli_args_add(&args, from);
    if (*until) {
        cli_args_add(&args, "--until");
        cli_args_add(&args, until);
    }
    if (evt_conf_flag(conf, "dry-run"))
        cli_args_add(&args, "--dry-run");
    add_common(&args, conf);
    evt_buf_printf(&name, "svc-%s", sender->service);
    if (evt_conf_given(conf, "binary"))
        evt_buf_add_text(&path, evt_conf_text(conf, "binary"));
    else
        cli_program_path(evt_buf_text(&name), &path);
    status = cli_program_run(evt_buf_text(&path), &args);
    evt_buf_release(&path);
    evt_buf_release(&name);
    return status;
}

int cli_resend(const struct evt_conf *conf, void *arg)
{
    const char *const *operands;
    struct sender sender = {0};
    const struct evt_topic *topic;
    int32_t partition;
    char from[24], until[24], to[256];
    int status;

    (void)arg;
    evt_conf_operands(conf, &operands);
    status = find_sender(operands[0], &sender);
    if (status != EVT_EXIT_OK)
        return status;
    if (!cli_partition(operands[1], &topic, &partition))
        return cli_refuse(EVT_EXIT_NOT_FOUND,
                          "'%s' is no partition of a declared topic: say product.inbox.1",
                          operands[1]);
    if (!range(operands[2], from, until))
        return cli_refuse(EVT_EXIT_USAGE, "'%s' is no range of numbers: say 7 or 7-9", operands[2]);
    snprintf(to, sizeof(to), "%s.%d", topic->stream, (int)partition);
    return run(conf, &sender, to, from, until);
}
