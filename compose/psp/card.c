/* Card: the table. Numbers, codes and words are those of Stripe's documentation on testing. */
#include "card.h"

#include <string.h>

static const struct psp_reason reasons[] = {
    {"card_declined", "generic_decline", "Your card was declined."},
    {"card_declined", "insufficient_funds", "Your card has insufficient funds."},
    {"card_declined", "lost_card", "Your card was declined."},
    {"card_declined", "stolen_card", "Your card was declined."},
    {"card_declined", "card_velocity_exceeded",
     "Your card was declined for making repeated attempts too frequently or exceeding its amount "
     "limit."},
    {"card_declined", "do_not_honor", "Your card was declined."},
    {"expired_card", NULL, "Your card has expired."},
    {"incorrect_cvc", NULL, "Your card's security code is incorrect."},
    {"processing_error", NULL,
     "An error occurred while processing your card. Try again in a little bit."},
};

static const struct psp_card cards[] = {
    {.name = "visa", .number = "4242424242424242", .what = "pays"},
    {.name = "visa_debit", .number = "4000056655665556", .what = "pays"},
    {.name = "mastercard", .number = "5555555555554444", .what = "pays"},
    {.name = "amex", .number = "378282246310005", .what = "pays"},
    {.name = "chargeDeclined",
     .number = "4000000000000002",
     .declined = "generic_decline",
     .what = "is declined"},
    {.name = "chargeDeclinedInsufficientFunds",
     .number = "4000000000009995",
     .declined = "insufficient_funds",
     .what = "is declined: no money"},
    {.name = "chargeDeclinedLostCard",
     .number = "4000000000009987",
     .declined = "lost_card",
     .what = "is declined: lost"},
    {.name = "chargeDeclinedStolenCard",
     .number = "4000000000009979",
     .declined = "stolen_card",
     .what = "is declined: stolen"},
    {.name = "chargeDeclinedExpiredCard",
     .number = "4000000000000069",
     .declined = "expired_card",
     .what = "is declined: expired"},
    {.name = "chargeDeclinedIncorrectCvc",
     .number = "4000000000000127",
     .declined = "incorrect_cvc",
     .what = "is declined: wrong security code"},
    {.name = "chargeDeclinedProcessingError",
     .number = "4000000000000119",
     .declined = "processing_error",
     .what = "is declined: error of processing"},
    {.name = "chargeDeclinedVelocityLimitExceeded",
     .number = "4000000000006975",
     .declined = "card_velocity_exceeded",
     .what = "is declined: too often"},
    {.name = "chargeCustomerFail",
     .number = "4000000000000341",
     .declined = "generic_decline",
     .what = "is declined whenever it is charged"},
    {.name = "pendingRefund",
     .number = "4000000000007726",
     .refunding = PSP_REFUND_PENDS,
     .what = "pays; a refund is pending at first"},
    {.name = "refundFail",
     .number = "4000000000005126",
     .refunding = PSP_REFUND_FAILS,
     .what = "pays; a refund succeeds and fails later"},
    {.name = "refundRefused",
     .number = "ours, not Stripe's",
     .refunding = PSP_REFUND_REFUSED,
     .what = "pays; a refund is refused"},
    {.name = "captureFail",
     .number = "ours, not Stripe's",
     .capture_refused = true,
     .what = "is authorised; the capture is refused"},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

const char *psp_reason_name(const struct psp_reason *reason)
{
    return reason->decline_code ? reason->decline_code : reason->code;
}

const struct psp_reason *psp_reason_at(size_t i)
{
    return i < COUNT(reasons) ? &reasons[i] : NULL;
}

const struct psp_reason *psp_reason_find(const char *name)
{
    for (size_t i = 0; i < COUNT(reasons); i++)
        if (strcmp(psp_reason_name(&reasons[i]), name) == 0)
            return &reasons[i];
    return NULL;
}

const struct psp_card *psp_card_at(size_t i)
{
    return i < COUNT(cards) ? &cards[i] : NULL;
}

const struct psp_card *psp_card_find(const char *name)
{
    static const char brand[] = "visa_charge";

    if (strncmp(name, brand, sizeof(brand) - 1) == 0)
        name += sizeof("visa_") - 1;
    for (size_t i = 0; i < COUNT(cards); i++)
        if (strcmp(cards[i].name, name) == 0)
            return &cards[i];
    return NULL;
}

static const struct psp_card *of(const char *prefix, const char *name)
{
    const size_t len = strlen(prefix);

    return strncmp(name, prefix, len) == 0 ? psp_card_find(name + len) : NULL;
}

const struct psp_card *psp_card_of_method(const char *method)
{
    return of("pm_card_", method);
}

const struct psp_card *psp_card_of_token(const char *token)
{
    return of("tok_", token);
}
