/* Mail options: how mails leave, and whom they are from. */
#ifndef MAIL_OPTIONS_H
#define MAIL_OPTIONS_H

#include <evt/conf.h>
#include <evt/service.h>

#define MAIL_URL      "mail-url"
#define MAIL_FROM     "mail-from"
#define MAIL_USER     "mail-user"
#define MAIL_PASSWORD "mail-password"
#define MAIL_BOX      "maildir:"

extern const struct evt_option mail_options[];
void mail_options_check(const struct evt_conf *conf, struct evt_faults *faults);

enum mail_way { MAIL_WAY_NONE, MAIL_WAY_BOX, MAIL_WAY_SMTP, MAIL_WAY_INSIDE };
/* Of MAIL_URL, NULL: it is not set. */
enum mail_way mail_way_of(const char *url);

#endif
