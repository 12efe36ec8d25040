/* The provider over HTTP: what Stripe's API answers, and every refusal of it. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "test/lib/provider.h"
#include "test/lib/suite.h"

static struct provider pr;

START_TEST(an_intent_is_stripes_object)
{
    static const char *const fields[] = {"id",
                                         "object",
                                         "amount",
                                         "amount_capturable",
                                         "amount_received",
                                         "canceled_at",
                                         "cancellation_reason",
                                         "capture_method",
                                         "created",
                                         "currency",
                                         "description",
                                         "last_payment_error",
                                         "latest_charge",
                                         "livemode",
                                         "metadata",
                                         "payment_method",
                                         "payment_method_types",
                                         "status"};
    char id[64];

    provider_begin(&pr);
    provider_ask(&pr, PROVIDER_CREATE,
                 PROVIDER_GOOD
                 "&capture_method=manual&description=Tea+%26+mug&metadata[order_id]=o-1"
                 "&metadata[empty]=&payment_method_types[]=card&off_session=true");
    ck_done(&pr);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        ck_assert_msg(json_object_get(pr.json, fields[i]) != NULL, "%s", fields[i]);
    ck_assert_uint_eq(json_object_size(pr.json), sizeof(fields) / sizeof(fields[0]));
    ck_assert_int_eq(strncmp(provider_text(&pr, "id"), "pi_", 3), 0);
    ck_assert_int_eq(strncmp(provider_text(&pr, "latest_charge"), "ch_", 3), 0);
    ck_assert_str_eq(provider_text(&pr, "object"), "payment_intent");
    ck_assert_str_eq(provider_text(&pr, "currency"), "eur");
    ck_assert_str_eq(provider_text(&pr, "description"), "Tea & mug");
    ck_assert_str_eq(provider_text(&pr, "metadata.order_id"), "o-1");
    ck_assert_ptr_null(provider_text(&pr, "metadata.empty"));
    ck_assert_str_eq(provider_text(&pr, "payment_method"), "pm_card_visa");
    ck_assert_str_eq(provider_text(&pr, "status"), "requires_capture");
    ck_assert(json_is_false(json_object_get(pr.json, "livemode")));
    ck_assert_int_eq(provider_number(&pr, "amount_capturable"), 1200);
    ck_assert_int_eq(strncmp(web_header(&pr.web, "Request-Id"), "req_", 4), 0);
    snprintf(id, sizeof(id), "%s", provider_text(&pr, "id"));
    provider_ask(&pr, provider_line("GET", id, ""), NULL);
    ck_done(&pr);
    ck_assert_str_eq(provider_text(&pr, "id"), id);
    ck_assert_str_eq(provider_text(&pr, "metadata.order_id"), "o-1");
    provider_release(&pr);
}
END_TEST

START_TEST(captured_at_once)
{
    provider_begin(&pr);
    provider_ask(&pr, PROVIDER_CREATE, PROVIDER_GOOD);
    ck_done(&pr);
    ck_assert_str_eq(provider_text(&pr, "status"), "succeeded");
    ck_assert_str_eq(provider_text(&pr, "capture_method"), "automatic");
    ck_assert_int_eq(provider_number(&pr, "amount_received"), 1200);
    ck_assert_int_eq(provider_sum(&pr, "kept"), 1200);
    provider_release(&pr);
}
END_TEST

START_TEST(captured_later_and_in_part)
{
    const char *id;

    provider_begin(&pr);
    id = provider_pay(&pr, "pm_card_mastercard", 1000);
    ck_assert_int_eq(provider_sum(&pr, "held"), 1000);
    provider_ask(&pr, provider_line("POST", id, "capture"), "amount_to_capture=700");
    ck_done(&pr);
    ck_assert_str_eq(provider_text(&pr, "status"), "succeeded");
    ck_assert_int_eq(provider_number(&pr, "amount_received"), 700);
    ck_assert_int_eq(provider_number(&pr, "amount_capturable"), 0);
    ck_assert_int_eq(provider_sum(&pr, "released"), 300);
    ck_assert_int_eq(provider_sum(&pr, "held"), 0);
    provider_release(&pr);
}
END_TEST

START_TEST(capture_refusals)
{
    const char *id;

    provider_begin(&pr);
    id = provider_pay(&pr, "pm_card_visa", 1000);
    provider_ask(&pr, provider_line("POST", id, "capture"), "amount_to_capture=1001");
    ck_error(&pr, 400, PROVIDER_INVALID, "amount_too_large", "amount_to_capture",
             "The amount to capture (1001) is greater than the amount that can be captured "
             "(1000).");
    provider_ask(&pr, provider_line("POST", id, "capture"), "amount_to_capture=0");
    ck_error(&pr, 400, PROVIDER_INVALID, "parameter_invalid_integer", "amount_to_capture",
             "This value must be greater than or equal to 1 (it currently is 0).");
    provider_ask(&pr, provider_line("POST", id, "capture"), "amount_to_capture=all");
    ck_error(&pr, 400, PROVIDER_INVALID, "parameter_invalid_integer", "amount_to_capture",
             "Invalid integer: all");
    provider_ask(&pr, provider_line("POST", id, "capture"), "amount=1");
    ck_error(&pr, 400, PROVIDER_INVALID, "parameter_unknown", "amount",
             "Received unknown parameter: amount");
    provider_ask(&pr, provider_line("POST", id, "capture"), NULL);
    ck_done(&pr);
    provider_ask(&pr, provider_line("POST", id, "capture"), NULL);
    ck_error(&pr, 400, PROVIDER_INVALID, "payment_intent_unexpected_state", "",
             "This PaymentIntent could not be captured because it has a status of succeeded. Only "
             "a PaymentIntent with one of the following statuses may be captured: "
             "requires_capture.");
    ck_assert_str_eq(provider_text(&pr, "error.payment_intent.id"), id);
    id = provider_pay(&pr, "pm_card_captureFail", 50);
    provider_ask(&pr, provider_line("POST", id, "capture"), NULL);
    ck_error(&pr, 402, "card_error", "card_declined", "",
             "Your card's issuer refused the capture.");
    ck_assert_str_eq(provider_text(&pr, "error.decline_code"), "do_not_honor");
    ck_assert_str_eq(provider_text(&pr, "error.payment_intent.status"), "requires_capture");
    ck_assert_int_eq(provider_sum(&pr, "captured"), 1000);
    provider_release(&pr);
}
END_TEST

START_TEST(cancelled)
{
    const char *id;

    provider_begin(&pr);
    id = provider_pay(&pr, "pm_card_visa", 1000);
    provider_ask(&pr, provider_line("POST", id, "cancel"), "cancellation_reason=nothing");
    ck_error(&pr, 400, PROVIDER_INVALID, "", "cancellation_reason",
             "Invalid cancellation_reason: must be one of abandoned, duplicate, fraudulent, or "
             "requested_by_customer");
    provider_ask(&pr, provider_line("POST", id, "cancel"), "cancellation_reason=abandoned");
    ck_done(&pr);
    ck_assert_str_eq(provider_text(&pr, "status"), "canceled");
    ck_assert_str_eq(provider_text(&pr, "cancellation_reason"), "abandoned");
    ck_assert_int_gt(provider_number(&pr, "canceled_at"), 0);
    ck_assert_int_eq(provider_sum(&pr, "released"), 1000);
    provider_ask(&pr, provider_line("POST", id, "cancel"), NULL);
    ck_error(&pr, 400, PROVIDER_INVALID, "payment_intent_unexpected_state", "",
             "You cannot cancel this PaymentIntent because it has a status of canceled. Only a "
             "PaymentIntent with one of the following statuses may be canceled: "
             "requires_payment_method, requires_confirmation, requires_capture.");
    provider_refund(&pr, id, "");
    ck_assert_int_eq(pr.web.status, 400);
    ck_assert_str_eq(provider_text(&pr, "error.code"), "payment_intent_unexpected_state");
    ck_assert_ptr_nonnull(strstr(provider_text(&pr, "error.message"),
                                 "does not have a successful charge to refund."));
    provider_release(&pr);
}
END_TEST

START_TEST(declined_cards)
{
    static const struct {
        const char *card, *code, *decline_code, *message;
    } cards[] = {
        {"pm_card_chargeDeclined", "card_declined", "generic_decline", "Your card was declined."},
        {"pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds",
         "Your card has insufficient funds."},
        {"pm_card_chargeDeclinedExpiredCard", "expired_card", NULL, "Your card has expired."},
        {"pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", NULL,
         "Your card's security code is incorrect."},
        {"pm_card_chargeDeclinedProcessingError", "processing_error", NULL,
         "An error occurred while processing your card. Try again in a little bit."},
    };
    char form[128];

    provider_begin(&pr);
    for (size_t i = 0; i < sizeof(cards) / sizeof(cards[0]); i++) {
        snprintf(form, sizeof(form), "amount=500&currency=eur&confirm=true&payment_method=%s",
                 cards[i].card);
        provider_ask(&pr, PROVIDER_CREATE, form);
        ck_error(&pr, 402, "card_error", cards[i].code, "", cards[i].message);
        ck_assert_pstr_eq(provider_text(&pr, "error.decline_code"), cards[i].decline_code);
        ck_assert_str_eq(provider_text(&pr, "error.payment_intent.status"),
                         "requires_payment_method");
        ck_assert_str_eq(provider_text(&pr, "error.payment_intent.last_payment_error.code"),
                         cards[i].code);
    }
    ck_assert_int_eq(provider_sum(&pr, "authorised"), 0);
    ck_assert_int_eq(provider_sum(&pr, "declined"), 2500);
    provider_release(&pr);
}
END_TEST

START_TEST(create_refusals)
{
    static const struct {
        const char *form, *code, *param, *message;
    } refusals[] = {
        {"", "parameter_missing", "amount", "Missing required param: amount."},
        {"amount=&currency=eur", "parameter_missing", "amount", "Missing required param: amount."},
        {"amount=1.5", "parameter_invalid_integer", "amount", "Invalid integer: 1.5"},
        {"amount=%2B1", "parameter_invalid_integer", "amount", "Invalid integer: +1"},
        {"amount=-", "parameter_invalid_integer", "amount", "Invalid integer: -"},
        {"amount=99999999999999999999", "parameter_invalid_integer", "amount",
         "Invalid integer: 99999999999999999999"},
        {"amount=0", "parameter_invalid_integer", "amount",
         "This value must be greater than or equal to 1 (it currently is 0)."},
        {"amount=100000000", "amount_too_large", "amount", "Amount must be no more than 99999999."},
        {"amount=1", "parameter_missing", "currency", "Missing required param: currency."},
        {"amount=550&currency=isk", "parameter_invalid_integer", "amount",
         "Invalid amount: in isk it is a multiple of 100."},
        {"amount=1&currency=UGX", "parameter_invalid_integer", "amount",
         "Invalid amount: in ugx it is a multiple of 100."},
        {"amount=1255&currency=kwd", "parameter_invalid_integer", "amount",
         "Invalid amount: in kwd it is a multiple of 10."},
        {"amount=1&currency=euro", "", "currency", "Invalid currency: euro"},
        {"amount=1&currency=e1r", "", "currency", "Invalid currency: e1r"},
        {"amount=1&currency=eur&capture_method=never", "", "capture_method",
         "Invalid capture_method: must be one of automatic, automatic_async, or manual"},
        {"amount=1&currency=eur&confirm=yes", "", "confirm", "Invalid boolean: yes"},
        {"amount=1&currency=eur&confirm=true", "parameter_missing", "payment_method",
         "You cannot confirm this PaymentIntent because it's missing a payment method."},
        {"amount=1&currency=eur&payment_method=tok_visa", "resource_missing", "payment_method",
         "No such PaymentMethod: 'tok_visa'"},
        {"amount=1&currency=eur&payment_method_data[card][token]=tok_vis", "resource_missing",
         "payment_method_data[card][token]", "No such token: 'tok_vis'"},
        {"amount=1&currency=eur&payment_method_data[type]=sepa", "", "payment_method_data[type]",
         "Invalid payment_method_data[type]: must be card"},
        {"amount=1&currency=eur&payment_method_data[type]=card", "parameter_missing",
         "payment_method_data[card][token]",
         "Missing required param: payment_method_data[card][token]."},
        {"amount=1&currency=eur&metadata[a=1", "", "metadata[a",
         "Invalid metadata: write metadata[KEY]=VALUE, not metadata[a"},
        {"amount=1&currency=eur&metadata[]=1", "", "metadata[]",
         "Invalid metadata: write metadata[KEY]=VALUE, not metadata[]"},
        {"amount=1&currency=eur&metadata[12345678901234567890123456789012345678901]=1", "",
         "metadata[12345678901234567890123456789012345678901]",
         "Metadata keys have up to 40 characters, and values up to 500."},
        {"amount=1&currency=eur&card=4242", "parameter_unknown", "card",
         "Received unknown parameter: card"},
        {"amount=%zz", "", "",
         "Invalid request: the parameters are not percent-encoded UTF-8 text."},
    };

    provider_begin(&pr);
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        provider_ask(&pr, PROVIDER_CREATE, refusals[i].form);
        ck_error(&pr, 400, PROVIDER_INVALID, refusals[i].code, refusals[i].param,
                 refusals[i].message);
    }
    provider_ask(&pr, "GET /v1/payment_intents", NULL);
    ck_assert_uint_eq(json_array_size(json_object_get(pr.json, "data")), 0);
    provider_release(&pr);
}
END_TEST

START_TEST(long_texts_are_refused)
{
    struct evt_buf form = {0};

    provider_begin(&pr);
    evt_buf_printf(&form, "amount=1&currency=eur&description=%01001d", 0);
    provider_ask(&pr, PROVIDER_CREATE, evt_buf_text(&form));
    ck_error(&pr, 400, PROVIDER_INVALID, "", "description",
             "The description has more than 1000 bytes.");
    evt_buf_clear(&form);
    evt_buf_printf(&form, "amount=1&currency=eur&metadata[a]=%0501d", 0);
    provider_ask(&pr, PROVIDER_CREATE, evt_buf_text(&form));
    ck_error(&pr, 400, PROVIDER_INVALID, "", "metadata[a]",
             "Metadata keys have up to 40 characters, and values up to 500.");
    evt_buf_clear(&form);
    evt_buf_add_text(&form, "amount=1&currency=eur");
    for (int i = 0; i < 51; i++)
        evt_buf_printf(&form, "&metadata[k%d]=1", i);
    provider_ask(&pr, PROVIDER_CREATE, evt_buf_text(&form));
    ck_error(&pr, 400, PROVIDER_INVALID, "", "metadata", "Metadata has up to 50 keys.");
    evt_buf_release(&form);
    provider_release(&pr);
}
END_TEST

START_TEST(confirmed_by_its_own_request)
{
    char id[64];

    provider_begin(&pr);
    provider_ask(&pr, PROVIDER_CREATE, "amount=10&currency=eur&capture_method=manual");
    ck_assert_str_eq(provider_text(&pr, "status"), "requires_payment_method");
    ck_assert_ptr_null(provider_text(&pr, "latest_charge"));
    snprintf(id, sizeof(id), "%s", provider_text(&pr, "id"));
    provider_ask(&pr, provider_line("POST", id, "confirm"), NULL);
    ck_error(&pr, 400, PROVIDER_INVALID, "payment_intent_unexpected_state", "",
             "You cannot confirm this PaymentIntent because it's missing a payment method.");
    provider_ask(&pr, provider_line("POST", id, "confirm"),
                 "payment_method=pm_card_chargeDeclined");
    ck_error(&pr, 402, "card_error", "card_declined", "", "Your card was declined.");
    provider_ask(&pr, provider_line("POST", id, "confirm"),
                 "payment_method_data[type]=card&payment_method_data[card][token]=tok_visa");
    ck_done(&pr);
    ck_assert_str_eq(provider_text(&pr, "status"), "requires_capture");
    ck_assert(json_is_null(json_object_get(pr.json, "last_payment_error")));
    provider_ask(&pr, provider_line("POST", id, "confirm"), NULL);
    ck_error(&pr, 400, PROVIDER_INVALID, "payment_intent_unexpected_state", "",
             "You cannot confirm this PaymentIntent because it has a status of requires_capture.");
    provider_ask(&pr, PROVIDER_CREATE, "amount=10&currency=eur&payment_method=pm_card_visa");
    ck_assert_str_eq(provider_text(&pr, "status"), "requires_confirmation");
    snprintf(id, sizeof(id), "%s", provider_text(&pr, "id"));
    provider_ask(&pr, provider_line("POST", id, "confirm"), NULL);
    ck_assert_str_eq(provider_text(&pr, "status"), "succeeded");
    provider_release(&pr);
}
END_TEST

START_TEST(what_is_not_there)
{
    provider_begin(&pr);
    provider_ask(&pr, "GET /v1/payment_intents/pi_1", NULL);
    ck_error(&pr, 404, PROVIDER_INVALID, "resource_missing", "intent",
             "No such payment_intent: 'pi_1'");
    provider_ask(&pr, "POST /v1/payment_intents/pi_1/capture", NULL);
    ck_error(&pr, 404, PROVIDER_INVALID, "resource_missing", "intent",
             "No such payment_intent: 'pi_1'");
    provider_ask(&pr, "POST /v1/payment_intents/pi_1/cancel", NULL);
    ck_error(&pr, 404, PROVIDER_INVALID, "resource_missing", "intent",
             "No such payment_intent: 'pi_1'");
    provider_ask(&pr, "GET /v1/refunds/re_1", NULL);
    ck_error(&pr, 404, PROVIDER_INVALID, "resource_missing", "id", "No such refund: 're_1'");
    provider_release(&pr);
}
END_TEST

static void ask_with(const char *authorization)
{
    provider_ask_raw(&pr, "GET /v1/payment_intents", authorization, NULL);
}

#define NO_KEY                                                                                     \
    "You did not provide an API key. Provide it in the Authorization header, using Bearer auth "   \
    "(e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."

START_TEST(who_may_ask)
{
    static const char *const none[] = {NULL, "Authorization: Bearer \r\n",
                                       "Authorization: Digest sk_test_a\r\n"};
    static const char *const good[] = {"Authorization: Bearer sk_test_a\r\n",
                                       "authorization: basic c2tfdGVzdF9hOg==\r\n"};

    provider_begin(&pr);
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        ask_with(none[i]);
        ck_error(&pr, 401, PROVIDER_INVALID, "", "", NO_KEY);
        ck_assert_str_eq(web_header(&pr.web, "WWW-Authenticate"), "Basic realm=\"Stripe\"");
    }
    ask_with("Authorization: Bearer sk_live_a\r\n");
    ck_error(&pr, 401, PROVIDER_INVALID, "", "",
             "Invalid API Key provided: a stand-in takes those that begin with sk_test_ only.");
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ask_with(good[i]);
        ck_done(&pr);
    }
    provider_release(&pr);
}
END_TEST

START_TEST(who_may_ask_by_a_file)
{
    static const char keys[] = "# of the shop\nsk_test_shop # and its\n\nsk_test_other\n";

    provider_init(&pr);
    folder_write(&pr.folder, "keys", keys, sizeof(keys) - 1);
    pr.opt.key_file = folder_path(&pr.folder, "keys");
    provider_start(&pr);
    ask_with("Authorization: Bearer sk_test_other\r\n");
    ck_done(&pr);
    ask_with("Authorization: Bearer sk_test_a\r\n");
    ck_error(&pr, 401, PROVIDER_INVALID, "", "",
             "Invalid API Key provided: it is none of this stand-in's key file.");
    provider_release(&pr);
}
END_TEST

START_TEST(a_body_is_a_form)
{
    provider_begin(&pr);
    provider_ask_raw(&pr, PROVIDER_CREATE, "Authorization: Bearer sk_test_a\r\n" JSON_TYPE, "{}");
    ck_error(&pr, 400, PROVIDER_INVALID, "", "",
             "Invalid request (check that your POST content type is "
             "application/x-www-form-urlencoded).");
    provider_release(&pr);
}
END_TEST

SUITE("psp_api", an_intent_is_stripes_object, captured_at_once, captured_later_and_in_part,
      capture_refusals, cancelled, declined_cards, create_refusals, long_texts_are_refused,
      confirmed_by_its_own_request, what_is_not_there, who_may_ask, who_may_ask_by_a_file,
      a_body_is_a_form)
