/* psp ledger: what the book says, whether somebody has it open or not. */
#include "book.h"
#include "commands.h"
#include "ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PIECE 1000 /* entries read at once */

const struct evt_option psp_ledger_options[] = {
    {.name = "data-dir",
     .letter = 'd',
     .value = "FOLDER",
     .fallback = PSP_DATA_DIR,
     .help = "where the book lies",
     .kind = EVT_OPTION_TEXT},
    {.name = "totals", .help = "the sums only", .kind = EVT_OPTION_FLAG, .flag_only = true},
    {.name = "json",
     .help = "for programs: a JSON object a line, the sums last",
     .kind = EVT_OPTION_FLAG,
     .flag_only = true},
    {0},
};
const char psp_ledger_help[] = "Every movement of money is a line. held: what cards are still "
                               "bound by; kept: what the shop has.";
const struct evt_example psp_ledger_examples[] = {
    {"ledger", "every entry, and the sums"},
    {"ledger --totals --data-dir /tmp/psp", "the sums of another one"},
    {"ledger --json", "for jq"},
    {0},
};

static const char *text(const json_t *entry, const char *name)
{
    const char *value = json_string_value(json_object_get(entry, name));

    return value ? value : "";
}

static long long number(const json_t *entry, const char *name)
{
    return (long long)json_integer_value(json_object_get(entry, name));
}

static void print_entry(const json_t *entry, bool json)
{
    const time_t at_s = (time_t)(number(entry, "at_ms") / 1000);
    char time_text[32];
    struct tm parts;

    if (json) {
        json_dumpf(entry, stdout, JSON_COMPACT);
        putchar('\n');
        return;
    }
    gmtime_r(&at_s, &parts);
    strftime(time_text, sizeof(time_text), "%Y-%m-%dT%H:%M:%SZ", &parts);
    printf("%6lld  %s  %-13s %12lld %s  %s%s%s\n", number(entry, "number"), time_text,
           text(entry, "kind"), number(entry, "amount"), text(entry, "currency"),
           text(entry, "payment_intent"), *text(entry, "refund") ? " " : "", text(entry, "refund"));
}

static void print_totals(const json_t *ledger, bool json)
{
    json_t *totals = json_object_get(ledger, "totals"), *sums, *sum;
    const char *currency, *name;

    if (json) {
        json_t *both =
            json_pack("{s:O, s:O}", "totals", totals, "counts", json_object_get(ledger, "counts"));

        json_dumpf(both, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(both);
        return;
    }
    json_object_foreach(totals, currency, sums)
    {
        json_object_foreach(sums, name, sum)
        {
            printf("%-13s %12lld %s\n", name, (long long)json_integer_value(sum), currency);
        }
    }
}

/* A failure of the file is the end's to say. */
static void print(struct psp_book *book, const struct evt_conf *conf)
{
    const bool json = evt_conf_flag(conf, "json");
    struct psp_ledger_query query = {.limit = evt_conf_flag(conf, "totals") ? 0 : PIECE};
    json_t *ledger, *entry;
    size_t i;

    for (;;) {
        bool more;

        ledger = psp_ledger_json(book, &query);
        json_array_foreach(json_object_get(ledger, "entries"), i, entry)
        {
            print_entry(entry, json);
            query.after = number(entry, "number");
        }
        more = query.limit > 0 && json_is_true(json_object_get(ledger, "has_more"));
        if (!more)
            break;
        json_decref(ledger);
    }
    print_totals(ledger, json);
    json_decref(ledger);
}

int psp_command_ledger(const struct evt_conf *conf, void *arg)
{
    struct psp_book *book = NULL;
    struct evt_error err;
    int status = EVT_EXIT_OK;

    (void)arg;
    if (psp_book_open(evt_conf_text(conf, "data-dir"), true, &book, &err) != EVT_OK)
        return psp_fail(&err);
    psp_book_begin(book, false);
    print(book, conf);
    if (!psp_book_end(book, false, &err))
        status = psp_fail(&err);
    psp_book_close(book);
    return status;
}
