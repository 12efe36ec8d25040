/* The provider over HTTP: refunds, those that settle later, and lists. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "test/lib/provider.h"
#include "test/lib/suite.h"

static struct provider pr;

START_TEST(refunded)
{
    char id[64], again[64];

    provider_begin(&pr);
    provider_ask(&pr, PROVIDER_CREATE, PROVIDER_GOOD);
    snprintf(id, sizeof(id), "%s", provider_text(&pr, "id"));
    provider_refund(&pr, id, "&amount=500&reason=requested_by_customer&metadata[order_id]=o-1");
    ck_done(&pr);
    ck_assert_str_eq(provider_text(&pr, "object"), "refund");
    ck_assert_str_eq(provider_text(&pr, "status"), "succeeded");
    ck_assert_str_eq(provider_text(&pr, "payment_intent"), id);
    ck_assert_str_eq(provider_text(&pr, "reason"), "requested_by_customer");
    ck_assert_str_eq(provider_text(&pr, "metadata.order_id"), "o-1");
    ck_assert_str_eq(provider_text(&pr, "currency"), "eur");
    ck_assert_int_eq(provider_number(&pr, "amount"), 500);
    snprintf(again, sizeof(again), "GET /v1/refunds/%s", provider_text(&pr, "id"));
    provider_ask(&pr, again, NULL);
    ck_done(&pr);
    ck_assert_int_eq(provider_number(&pr, "amount"), 500);
    provider_refund(&pr, id, "&amount=701");
    ck_error(&pr, 400, PROVIDER_INVALID, "amount_too_large", "amount",
             "Refund amount (701) is greater than unrefunded amount on charge (700).");
    provider_refund(&pr, id, "");
    ck_assert_int_eq(provider_number(&pr, "amount"), 700);
    provider_refund(&pr, id, "");
    ck_assert_int_eq(pr.web.status, 400);
    ck_assert_str_eq(provider_text(&pr, "error.code"), "charge_already_refunded");
    ck_assert_ptr_nonnull(
        strstr(provider_text(&pr, "error.message"), " has already been refunded."));
    ck_assert_int_eq(provider_sum(&pr, "kept"), 0);
    ck_assert_int_eq(provider_sum(&pr, "refunded"), 1200);
    provider_release(&pr);
}
END_TEST

START_TEST(refunded_by_its_charge)
{
    char form[128];

    provider_begin(&pr);
    provider_ask(&pr, PROVIDER_CREATE, PROVIDER_GOOD);
    snprintf(form, sizeof(form), "charge=%s", provider_text(&pr, "latest_charge"));
    provider_ask(&pr, "POST /v1/refunds", form);
    ck_done(&pr);
    provider_release(&pr);
}
END_TEST

START_TEST(refund_refusals)
{
    const char *id;

    provider_begin(&pr);
    provider_ask(&pr, "POST /v1/refunds", "amount=1");
    ck_error(&pr, 400, PROVIDER_INVALID, "parameter_missing", "payment_intent",
             "One of the following params should be provided for this request: payment_intent or "
             "charge.");
    provider_ask(&pr, "POST /v1/refunds", "payment_intent=pi_1");
    ck_error(&pr, 400, PROVIDER_INVALID, "resource_missing", "payment_intent",
             "No such payment_intent: 'pi_1'");
    provider_ask(&pr, "POST /v1/refunds", "charge=ch_1");
    ck_error(&pr, 400, PROVIDER_INVALID, "resource_missing", "charge", "No such charge: 'ch_1'");
    id = provider_pay(&pr, "pm_card_refundRefused", 100);
    provider_refund(&pr, id, "&amount=0");
    ck_error(&pr, 400, PROVIDER_INVALID, "parameter_invalid_integer", "amount",
             "This value must be greater than or equal to 1 (it currently is 0).");
    provider_refund(&pr, id, "&reason=other");
    ck_error(&pr, 400, PROVIDER_INVALID, "", "reason",
             "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer");
    provider_ask(&pr, provider_line("POST", id, "capture"), NULL);
    provider_refund(&pr, id, "");
    ck_error(&pr, 400, PROVIDER_INVALID, "balance_insufficient", "",
             "Insufficient funds in your Stripe balance to refund this amount.");
    ck_assert_int_eq(provider_sum(&pr, "refunded"), 0);
    provider_release(&pr);
}
END_TEST

/* A time that has come at once: the next request sees it settled. */
START_TEST(refunds_that_settle_later)
{
    char line[96];
    const char *id;

    provider_init(&pr);
    pr.opt.settle_ms = 0;
    provider_start(&pr);
    id = provider_pay(&pr, "pm_card_pendingRefund", 100);
    provider_ask(&pr, provider_line("POST", id, "capture"), NULL);
    provider_refund(&pr, id, "");
    ck_assert_str_eq(provider_text(&pr, "status"), "pending");
    snprintf(line, sizeof(line), "GET /v1/refunds/%s", provider_text(&pr, "id"));
    provider_ask(&pr, line, NULL);
    ck_assert_str_eq(provider_text(&pr, "status"), "succeeded");
    ck_assert_int_eq(provider_sum(&pr, "refunded"), 100);
    id = provider_pay(&pr, "pm_card_refundFail", 30);
    provider_ask(&pr, provider_line("POST", id, "capture"), NULL);
    provider_refund(&pr, id, "");
    ck_assert_str_eq(provider_text(&pr, "status"), "succeeded");
    snprintf(line, sizeof(line), "GET /v1/refunds/%s", provider_text(&pr, "id"));
    provider_ask(&pr, line, NULL);
    ck_assert_str_eq(provider_text(&pr, "status"), "failed");
    ck_assert_str_eq(provider_text(&pr, "failure_reason"), "unknown");
    ck_assert_int_eq(provider_sum(&pr, "refunded"), 130);
    ck_assert_int_eq(provider_sum(&pr, "refund_failed"), 30);
    ck_assert_int_eq(provider_sum(&pr, "kept"), 30);
    provider_refund(&pr, id, ""); /* may be tried again */
    ck_done(&pr);
    provider_release(&pr);
}
END_TEST

START_TEST(a_pending_refund_has_moved_nothing)
{
    const char *id;

    provider_begin(&pr);
    id = provider_pay(&pr, "pm_card_pendingRefund", 100);
    provider_ask(&pr, provider_line("POST", id, "capture"), NULL);
    provider_refund(&pr, id, "");
    ck_assert_str_eq(provider_text(&pr, "status"), "pending");
    ck_assert_int_eq(provider_sum(&pr, "refunded"), 0);
    provider_refund(&pr, id, "");
    ck_assert_str_eq(provider_text(&pr, "error.code"), "charge_already_refunded");
    provider_release(&pr);
}
END_TEST

START_TEST(lists_have_pages)
{
    char ids[5][64], line[128];

    provider_begin(&pr);
    for (int i = 0; i < 5; i++)
        snprintf(ids[i], sizeof(ids[i]), "%s", provider_pay(&pr, "pm_card_visa", i + 1));
    provider_ask(&pr, "GET /v1/payment_intents", NULL);
    ck_assert_str_eq(provider_text(&pr, "object"), "list");
    ck_assert_str_eq(provider_text(&pr, "url"), "/v1/payment_intents");
    ck_assert(json_is_false(json_object_get(pr.json, "has_more")));
    ck_assert_str_eq(provider_text(&pr, "data.0.id"), ids[4]);
    ck_assert_str_eq(provider_text(&pr, "data.4.id"), ids[0]);
    provider_ask(&pr, "GET /v1/payment_intents?limit=2", NULL);
    ck_assert_uint_eq(json_array_size(json_object_get(pr.json, "data")), 2);
    ck_assert(json_is_true(json_object_get(pr.json, "has_more")));
    snprintf(line, sizeof(line), "GET /v1/payment_intents?limit=3&starting_after=%s", ids[3]);
    provider_ask(&pr, line, NULL);
    ck_assert_str_eq(provider_text(&pr, "data.0.id"), ids[2]);
    ck_assert_uint_eq(json_array_size(json_object_get(pr.json, "data")), 3);
    ck_assert(json_is_false(json_object_get(pr.json, "has_more")));
    provider_release(&pr);
}
END_TEST

START_TEST(refunds_have_pages)
{
    char first[64], second[64], line[128];

    provider_begin(&pr);
    provider_ask(&pr, PROVIDER_CREATE, PROVIDER_GOOD);
    snprintf(first, sizeof(first), "%s", provider_text(&pr, "id"));
    provider_ask(&pr, PROVIDER_CREATE, PROVIDER_GOOD);
    snprintf(second, sizeof(second), "%s", provider_text(&pr, "id"));
    provider_refund(&pr, first, "&amount=1");
    provider_refund(&pr, second, "&amount=2");
    provider_refund(&pr, first, "&amount=3");
    provider_ask(&pr, "GET /v1/refunds?limit=2", NULL);
    ck_assert_int_eq(provider_number(&pr, "data.0.amount"), 3);
    ck_assert(json_is_true(json_object_get(pr.json, "has_more")));
    snprintf(line, sizeof(line), "GET /v1/refunds?starting_after=%s",
             provider_text(&pr, "data.1.id"));
    provider_ask(&pr, line, NULL);
    ck_assert_int_eq(provider_number(&pr, "data.0.amount"), 1);
    snprintf(line, sizeof(line), "GET /v1/refunds?payment_intent=%s", first);
    provider_ask(&pr, line, NULL);
    ck_assert_uint_eq(json_array_size(json_object_get(pr.json, "data")), 2);
    ck_assert_int_eq(provider_number(&pr, "data.1.amount"), 1);
    provider_release(&pr);
}
END_TEST

START_TEST(list_refusals)
{
    static const char limit[] = "Invalid limit: must be from 1 to 100.";

    provider_begin(&pr);
    provider_ask(&pr, "GET /v1/payment_intents?limit=0", NULL);
    ck_error(&pr, 400, PROVIDER_INVALID, "parameter_invalid_integer", "limit", limit);
    provider_ask(&pr, "GET /v1/refunds?limit=101", NULL);
    ck_error(&pr, 400, PROVIDER_INVALID, "parameter_invalid_integer", "limit", limit);
    provider_ask(&pr, "GET /v1/payment_intents?limit=x", NULL);
    ck_error(&pr, 400, PROVIDER_INVALID, "parameter_invalid_integer", "limit",
             "Invalid integer: x");
    provider_ask(&pr, "GET /v1/payment_intents?starting_after=pi_1", NULL);
    ck_error(&pr, 400, PROVIDER_INVALID, "resource_missing", "starting_after",
             "No such payment_intent: 'pi_1'");
    provider_ask(&pr, "GET /v1/refunds?payment_intent=pi_1", NULL);
    ck_error(&pr, 400, PROVIDER_INVALID, "resource_missing", "payment_intent",
             "No such payment_intent: 'pi_1'");
    provider_ask(&pr, "GET /v1/refunds?page=2", NULL);
    ck_error(&pr, 400, PROVIDER_INVALID, "parameter_unknown", "page",
             "Received unknown parameter: page");
    provider_release(&pr);
}
END_TEST

SUITE("psp_refund", refunded, refunded_by_its_charge, refund_refusals, refunds_that_settle_later,
      a_pending_refund_has_moved_nothing, lists_have_pages, refunds_have_pages, list_refusals)
