/* Reconcile: the comparison. */
#include "reconcile.h"

#include <evt/mem.h>

#include <stdlib.h>
#include <string.h>

static const char *const what_texts[] = {
    [RECONCILE_OURS_ONLY] = "ours_only", [RECONCILE_THEIRS_ONLY] = "theirs_only",
    [RECONCILE_STATE] = "state",         [RECONCILE_AMOUNT] = "amount",
    [RECONCILE_STUCK] = "stuck",
};

const char *reconcile_what_str(enum reconcile_what what)
{
    return what_texts[what];
}

void reconcile_books_release(struct reconcile_books *books)
{
    evt_free(books->ours);
    evt_free(books->theirs);
    evt_arena_release(&books->arena);
}

static const char *keep(struct reconcile_books *books, const char *text)
{
    return evt_arena_strndup(&books->arena, text, strlen(text));
}

void reconcile_add_ours(struct reconcile_books *books, const struct reconcile_ours *ours)
{
    struct reconcile_ours *added;

    if (books->ours_n == books->ours_cap) {
        books->ours_cap = books->ours_cap ? 2 * books->ours_cap : 64;
        books->ours = evt_realloc(books->ours, books->ours_cap * sizeof(*books->ours));
    }
    added = &books->ours[books->ours_n++];
    *added = *ours;
    added->order_id = keep(books, ours->order_id);
    added->currency = keep(books, ours->currency);
    added->intent = keep(books, ours->intent);
}

void reconcile_add_theirs(struct reconcile_books *books, const struct reconcile_theirs *theirs)
{
    struct reconcile_theirs *added;

    if (books->theirs_n == books->theirs_cap) {
        books->theirs_cap = books->theirs_cap ? 2 * books->theirs_cap : 64;
        books->theirs = evt_realloc(books->theirs, books->theirs_cap * sizeof(*books->theirs));
    }
    added = &books->theirs[books->theirs_n++];
    *added = *theirs;
    added->id = keep(books, theirs->id);
    added->order_id = keep(books, theirs->order_id);
    added->status = keep(books, theirs->status);
    added->currency = keep(books, theirs->currency);
}

/* ---- order ---- */

static int by_order(const void *left, const void *right)
{
    const struct reconcile_ours *a = left, *b = right;

    return strcmp(a->order_id, b->order_id);
}

static int by_id(const void *left, const void *right)
{
    const struct reconcile_theirs *a = left, *b = right;

    return strcmp(a->id, b->id);
}

/* Of nothing there is no array to sort or to search. */
static struct reconcile_ours *find_ours(const struct reconcile_books *books, const char *order_id)
{
    const struct reconcile_ours key = {.order_id = order_id};

    return books->ours_n ? bsearch(&key, books->ours, books->ours_n, sizeof(*books->ours), by_order)
                         : NULL;
}

static struct reconcile_theirs *find_theirs(const struct reconcile_books *books, const char *id)
{
    const struct reconcile_theirs key = {.id = id};

    return books->theirs_n
               ? bsearch(&key, books->theirs, books->theirs_n, sizeof(*books->theirs), by_id)
               : NULL;
}

static void sort_ours(struct reconcile_ours *ours, size_t n)
{
    if (n)
        qsort(ours, n, sizeof(*ours), by_order);
}

void reconcile_sort_theirs(struct reconcile_books *books)
{
    if (books->theirs_n)
        qsort(books->theirs, books->theirs_n, sizeof(*books->theirs), by_id);
}

void reconcile_add_refund(struct reconcile_books *books, const char *intent, int64_t amount_minor,
                          bool odd)
{
    struct reconcile_theirs *theirs = find_theirs(books, intent);

    if (!theirs)
        return;
    theirs->refunded_minor += amount_minor;
    theirs->odd = theirs->odd || odd;
}

/* ---- the comparison ---- */

static bool is_under_way(enum payment_state state)
{
    return state == PAYMENT_AUTHORISING || state == PAYMENT_CAPTURING || state == PAYMENT_VOIDING ||
           state == PAYMENT_REFUNDING;
}

static void find_motion(const struct reconcile_books *before, struct reconcile_books *books,
                        int64_t stuck_ms)
{
    for (size_t i = 0; i < books->ours_n; i++) {
        struct reconcile_ours *now = &books->ours[i];
        const struct reconcile_ours *then = find_ours(before, now->order_id);

        now->moving = !then || now->state != then->state || now->changed_ms != then->changed_ms ||
                      (is_under_way(now->state) && now->changed_ms >= stuck_ms);
    }
}

static bool has_status(const struct reconcile_theirs *theirs, const char *status)
{
    return strcmp(theirs->status, status) == 0;
}

/* Does what they have of it go with what we say? */
static bool same_state(const struct reconcile_ours *ours, const struct reconcile_theirs *theirs)
{
    switch (ours->state) {
    case PAYMENT_AUTHORISED:
        return has_status(theirs, "requires_capture");
    case PAYMENT_CAPTURE_REFUSED: /* perhaps for the reason that it has expired */
        return has_status(theirs, "requires_capture") || has_status(theirs, "canceled");
    case PAYMENT_CAPTURED:
        return has_status(theirs, "succeeded") && theirs->refunded_minor == 0;
    case PAYMENT_VOIDED:
        return has_status(theirs, "canceled");
    case PAYMENT_REFUNDED:
        return has_status(theirs, "succeeded") && theirs->refunded_minor == theirs->received_minor;
    case PAYMENT_NONE:
    case PAYMENT_DECLINED: /* has no intent */
    case PAYMENT_AUTHORISING:
    case PAYMENT_CAPTURING:
    case PAYMENT_VOIDING:
    case PAYMENT_REFUNDING:
    case PAYMENT_STATES_N:
        break;
    }
    return false;
}

static bool same_amount(const struct reconcile_ours *ours, const struct reconcile_theirs *theirs)
{
    return !theirs->odd && ours->amount_minor == theirs->amount_minor &&
           strcmp(ours->currency, theirs->currency) == 0 &&
           (!has_status(theirs, "succeeded") || theirs->received_minor == theirs->amount_minor);
}

/* Somebody's money is with them, or may be: what was declined, given up or given back is nobody's
 * difference. */
static bool has_money(const struct reconcile_theirs *theirs)
{
    if (has_status(theirs, "succeeded"))
        return theirs->received_minor != theirs->refunded_minor;
    return !has_status(theirs, "canceled") && !has_status(theirs, "requires_payment_method");
}

static void tell(const struct reconcile_options *opt, struct reconcile_result *result,
                 enum reconcile_what what, const struct reconcile_ours *ours,
                 const struct reconcile_theirs *theirs)
{
    const struct reconcile_difference difference = {
        .what = what,
        .order_id = ours ? ours->order_id : theirs->order_id,
        .ours = ours,
        .theirs = theirs,
    };

    result->different++;
    opt->each(opt->arg, &difference);
}

/* Whether they agree about an intent that both have; else it is told. */
static bool agree(const struct reconcile_ours *ours, const struct reconcile_theirs *theirs,
                  const struct reconcile_options *opt, struct reconcile_result *result)
{
    if (same_state(ours, theirs) && same_amount(ours, theirs))
        return true;
    tell(opt, result, same_state(ours, theirs) ? RECONCILE_AMOUNT : RECONCILE_STATE, ours, theirs);
    return false;
}

static void compare_ours(const struct reconcile_books *books, const struct reconcile_ours *ours,
                         const struct reconcile_options *opt, struct reconcile_result *result)
{
    struct reconcile_theirs *theirs = ours->intent[0] ? find_theirs(books, ours->intent) : NULL;

    if (theirs)
        theirs->known = true;
    if (ours->moving)
        result->moving++;
    else if (is_under_way(ours->state))
        tell(opt, result, RECONCILE_STUCK, ours, theirs);
    else if (theirs)
        result->agree += agree(ours, theirs, opt, result);
    else if (!ours->intent[0]) /* what is with them all the same is found among theirs */
        result->agree++;
    else if (ours->asked_ms >= opt->since_ms)
        tell(opt, result, RECONCILE_OURS_ONLY, ours, NULL);
}

/* An order may have more than one of them, when it was asked for twice. */
static void compare_theirs(const struct reconcile_books *books,
                           const struct reconcile_theirs *theirs,
                           const struct reconcile_options *opt, struct reconcile_result *result)
{
    const struct reconcile_ours *ours = find_ours(books, theirs->order_id);

    if (theirs->known || theirs->created_ms < opt->since_ms || (ours && ours->moving) ||
        !has_money(theirs) || (opt->is_here && !opt->is_here(opt->arg, theirs->order_id)))
        return;
    tell(opt, result, RECONCILE_THEIRS_ONLY, ours, theirs);
}

struct reconcile_result reconcile(const struct reconcile_books *before,
                                  struct reconcile_books *books,
                                  const struct reconcile_options *opt)
{
    struct reconcile_result result = {0};

    sort_ours(before->ours, before->ours_n);
    sort_ours(books->ours, books->ours_n);
    reconcile_sort_theirs(books);
    find_motion(before, books, opt->stuck_ms);
    for (size_t i = 0; i < books->ours_n; i++)
        compare_ours(books, &books->ours[i], opt, &result);
    for (size_t i = 0; i < books->theirs_n; i++)
        compare_theirs(books, &books->theirs[i], opt, &result);
    return result;
}
