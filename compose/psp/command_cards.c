/* psp cards: the test cards, and the reasons for which one can be declined. */
#include "card.h"
#include "commands.h"

#include <jansson.h>
#include <stdio.h>

const struct evt_option psp_cards_options[] = {
    {.name = "json",
     .help = "for programs: a JSON object a line",
     .kind = EVT_OPTION_FLAG,
     .flag_only = true},
    {0},
};
const struct evt_example psp_cards_examples[] = {
    {"cards", "what to pay with, and what happens then"},
    {0},
};

static void print_json(const struct psp_card *card)
{
    json_t *json = json_pack("{s:s+, s:s+, s:s, s:s*, s:s}", "payment_method", "pm_card_",
                             card->name, "token", "tok_", card->name, "number", card->number,
                             "declined", card->declined, "what", card->what);

    json_dumpf(json, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(json);
}

int psp_command_cards(const struct evt_conf *conf, void *arg)
{
    const bool json = evt_conf_flag(conf, "json");

    (void)arg;
    for (size_t i = 0; psp_card_at(i); i++) {
        const struct psp_card *card = psp_card_at(i);

        if (json)
            print_json(card);
        else
            printf("pm_card_%-36s %s\n", card->name, card->what);
    }
    if (json)
        return EVT_EXIT_OK;
    printf("\nAs a token, tok_… instead of pm_card_…. Reasons to decline (psp fault decline "
           "code=…):\n ");
    for (size_t i = 0; psp_reason_at(i); i++)
        printf(" %s", psp_reason_name(psp_reason_at(i)));
    printf("\n");
    return EVT_EXIT_OK;
}
