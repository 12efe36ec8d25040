/* Mail options: how mails leave, whom they are from, and what is wrong with that. */
#include "mail_options.h"

#include "mail_message.h"

#include <string.h>

const struct evt_option mail_options[] = {
    {.name = MAIL_URL,
     .value = "URL",
     .help = "where mails go: smtp://host:port, smtps://…, maildir:FOLDER (default: mail in the "
             "data folder), or inside: nowhere",
     .kind = EVT_OPTION_TEXT},
    {.name = MAIL_FROM,
     .value = "ADDRESS",
     .fallback = "shop@localhost",
     .help = "whom mails are from",
     .kind = EVT_OPTION_TEXT},
    {.name = MAIL_USER,
     .value = "NAME",
     .help = "who we are to the mail server; only where the connection is encrypted",
     .kind = EVT_OPTION_TEXT},
    {.name = MAIL_PASSWORD,
     .value = "PASSWORD",
     .help = "its password",
     .kind = EVT_OPTION_TEXT,
     .secret = true},
    {0},
};

enum mail_way mail_way_of(const char *url)
{
    if (!url)
        return MAIL_WAY_BOX;
    if (strncmp(url, MAIL_BOX, strlen(MAIL_BOX)) == 0 && url[strlen(MAIL_BOX)])
        return MAIL_WAY_BOX;
    if (strncmp(url, "smtp://", 7) == 0 || strncmp(url, "smtps://", 8) == 0)
        return MAIL_WAY_SMTP;
    return strcmp(url, "inside") == 0 ? MAIL_WAY_INSIDE : MAIL_WAY_NONE;
}

void mail_options_check(const struct evt_conf *conf, struct evt_faults *faults)
{
    static const char *const schemes[] = {"smtp", "smtps", NULL};
    const char *url = evt_conf_text(conf, MAIL_URL), *from = evt_conf_text(conf, MAIL_FROM);
    const bool user = evt_conf_text(conf, MAIL_USER), password = evt_conf_text(conf, MAIL_PASSWORD);
    const enum mail_way way = mail_way_of(url);

    if (way == MAIL_WAY_NONE || (way == MAIL_WAY_SMTP && !evt_url_fits(url, schemes)))
        evt_fault(faults,
                  MAIL_URL " '%.80s': say smtp://host:port, smtps://host:port, maildir:FOLDER or"
                           " inside",
                  url);
    if (!mail_message_may_come_from(from))
        evt_fault(faults, MAIL_FROM " '%.80s': say an address alone, as shop@example.org", from);
    if (user && !password)
        evt_fault(faults, MAIL_USER " is set without a password: set MAIL_PASSWORD, or"
                                    " MAIL_PASSWORD_FILE to a file that holds it");
    if (password && !user)
        evt_fault(faults,
                  MAIL_PASSWORD " is set without a name: say by " MAIL_USER " who we are to the"
                                " server");
}
