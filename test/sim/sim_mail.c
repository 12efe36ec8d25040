/* Sim mail: a mail server: takes what it is brought, refuses or defers it by the address, defers
 * some of it for no reason. By the Message-ID, which follows from order and kind, it knows what it
 * was brought twice; that is right only where somebody could not know. */
#include "sim_world.h"

#include "../../svc-notify/mail_call.h"
#include "../../svc-notify/mail_caller.h"

#include <evt/buf.h>
#include <evt/mem.h>
#include <stdio.h>
#include <string.h>

static struct sim_mail *find(struct sim_world *world, const char *ref)
{
    for (size_t i = 0; i < world->mails_n; i++)
        if (strcmp(world->mails[i].ref, ref) == 0)
            return &world->mails[i];
    return NULL;
}

struct sim_mail *sim_mail_find(struct sim_world *world, const char *ref)
{
    struct sim_mail *mail = find(world, ref);

    return mail != NULL && mail->delivered > 0 ? mail : NULL;
}

/* What was told of an earlier call does not count, as long as none brought it. */
static struct sim_mail *find_or_add(struct sim_world *world, const struct sim_request *request)
{
    struct sim_mail *mail = find(world, request->ref);

    if (mail == NULL) {
        EVT_BUG_ON(world->mails_n == SIM_MAILS_MAX);
        mail = &world->mails[world->mails_n++];
        *mail = (struct sim_mail){.delivered = 0};
        snprintf(mail->ref, sizeof mail->ref, "%s", request->ref);
    }
    if (mail->delivered == 0 && strcmp(mail->key, request->key) != 0) {
        snprintf(mail->key, sizeof mail->key, "%s", request->key);
        mail->unsure = false;
    }
    return mail;
}

static void take(struct sim_world *world, const struct sim_request *request, struct sim_mail *mail)
{
    if (strcmp(mail->key, request->key) != 0 && !mail->unsure && !world->lossy)
        sim_fail(world, "the mail %s is sent twice, by the calls %s and %s", mail->ref, mail->key,
                 request->key);
    mail->delivered++;
    sim_trace(world, "mail server: takes %s", mail->ref);
}

static int decide(struct sim_world *world, const struct sim_request *request, struct sim_mail *mail,
                  const char *email)
{
    if (strcmp(email, SIM_EMAIL_NOBODY) == 0) {
        sim_count(world, SIM_FAULT_MAIL_REFUSED);
        return 550;
    }
    if (strcmp(email, SIM_EMAIL_FULL) == 0 ||
        (!world->healing && evt_sim_rand_chance(&world->script_rand, 60))) {
        sim_count(world, SIM_FAULT_MAIL_DEFERRED);
        return evt_sim_rand_chance(&world->script_rand, 100) ? 535 : 451;
    }
    take(world, request, mail);
    return 250;
}

enum evt_call_end sim_mail_call(struct sim_world *world, const struct sim_request *request,
                                struct evt_buf *words)
{
    struct evt_arena arena = {0};
    struct notify_send_mail msg;
    int64_t accepted_ms;
    struct sim_mail *mail = find_or_add(world, request);
    struct evt_error err;
    int status = 0;

    EVT_BUG_ON(mail_request_parse(request->bytes, &arena, &accepted_ms, &msg, &err) != EVT_OK);
    if (request->reached)
        status = decide(world, request, mail, msg.email);
    evt_arena_release(&arena);
    if (!request->told || status != 250)
        mail->unsure = true;
    return mail_attempt_end(&(const struct evt_call_answer){.status = request->told ? status : 0,
                                                            .reason = "Words of a server",
                                                            .body = "Words of a server"},
                            request->attempt, words);
}

bool sim_mail_settle(struct sim_world *world, const char *ref, struct evt_buf *words)
{
    if (sim_mail_find(world, ref) != NULL)
        return true;
    evt_buf_add_text(words, MAIL_DEFERRAL "nobody knows");
    return false;
}
