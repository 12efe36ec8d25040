/* The provider's parts: forms, cards, ids. */
#include "compose/psp/card.h"
#include "compose/psp/form.h"
#include "compose/psp/id.h"

#include <evt/buf.h>

#include <stdio.h>
#include <string.h>

#include "test/lib/suite.h"

static const char *read_form(struct psp_form *form, const char *text)
{
    return psp_form_read(form, text, strlen(text));
}

START_TEST(a_form_is_decoded)
{
    struct psp_form form;

    ck_assert_ptr_null(read_form(&form, "a=1&metadata%5Border%5D=x+y%26&&b&c=&a=2"));
    ck_assert_uint_eq(form.n, 5);
    ck_assert_str_eq(psp_form_get(&form, "a"), "2"); /* the last one */
    ck_assert_str_eq(psp_form_get(&form, "metadata[order]"), "x y&");
    ck_assert_str_eq(psp_form_get(&form, "b"), "");
    ck_assert_str_eq(psp_form_get(&form, "c"), "");
    ck_assert_ptr_null(psp_form_get(&form, "d"));
    psp_form_release(&form);
    ck_assert_ptr_null(read_form(&form, ""));
    ck_assert_uint_eq(form.n, 0);
    psp_form_release(&form);
}
END_TEST

START_TEST(what_is_no_form)
{
    static const char *const texts[] = {"a=%", "a=%4", "a=%4g", "a=%00", "%ff=1", "a=%ff"};
    struct psp_form form;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_assert_str_eq(read_form(&form, texts[i]),
                         "Invalid request: the parameters are not percent-encoded UTF-8 text.");
        psp_form_release(&form);
    }
}
END_TEST

START_TEST(a_form_has_a_bound)
{
    struct evt_buf text = {0};
    struct psp_form form;

    for (int i = 0; i < PSP_FORM_MAX; i++)
        evt_buf_printf(&text, "a%d=%d&", i, i);
    ck_assert_ptr_null(read_form(&form, evt_buf_text(&text)));
    ck_assert_uint_eq(form.n, PSP_FORM_MAX);
    psp_form_release(&form);
    evt_buf_add_text(&text, "b=1");
    ck_assert_str_eq(read_form(&form, evt_buf_text(&text)),
                     "Invalid request: more than 128 parameters.");
    psp_form_release(&form);
    evt_buf_release(&text);
}
END_TEST

START_TEST(names_are_known_or_begin_as_one)
{
    static const char *const names[] = {"amount", "metadata[", NULL};
    struct psp_form form;

    ck_assert_ptr_null(read_form(&form, "amount=1&metadata[a]=1&metadata[b]=2"));
    ck_assert_ptr_null(psp_form_other(&form, names));
    psp_form_release(&form);
    ck_assert_ptr_null(read_form(&form, "amount=1&amounts=1&metadata=2"));
    ck_assert_str_eq(psp_form_other(&form, names), "amounts");
    psp_form_release(&form);
}
END_TEST

static uint64_t hash(const char *text)
{
    struct psp_form form;
    uint64_t hash;

    ck_assert_ptr_null(read_form(&form, text));
    hash = psp_form_hash(&form);
    psp_form_release(&form);
    return hash;
}

START_TEST(forms_are_equal_in_any_order)
{
    ck_assert_uint_eq(hash("a=1&b=2"), hash("b=2&a=%31"));
    ck_assert_uint_ne(hash("a=1&b=2"), hash("a=2&b=1"));
    ck_assert_uint_ne(hash("a=1&b=2"), hash("a=1&b=2&b=2"));
    ck_assert_uint_ne(hash("a=b"), hash("ab="));
}
END_TEST

START_TEST(cards_have_two_names)
{
    const struct psp_card *card = psp_card_of_method("pm_card_visa");

    ck_assert_ptr_nonnull(card);
    ck_assert_ptr_eq(card, psp_card_of_token("tok_visa"));
    ck_assert_ptr_null(psp_card_of_method("tok_visa"));
    ck_assert_ptr_null(psp_card_of_token("pm_card_visa"));
    ck_assert_ptr_null(psp_card_of_method("pm_card_"));
    ck_assert_ptr_null(psp_card_of_method("pm_card_visit"));
    card = psp_card_of_method("pm_card_chargeDeclined");
    ck_assert_ptr_nonnull(card);
    ck_assert_ptr_eq(card, psp_card_of_method("pm_card_visa_chargeDeclined"));
    ck_assert_ptr_eq(card, psp_card_of_token("tok_visa_chargeDeclined"));
}
END_TEST

START_TEST(what_a_card_is_declined_for_is_known)
{
    size_t declined = 0;

    for (size_t i = 0; psp_card_at(i); i++) {
        const struct psp_card *card = psp_card_at(i);

        ck_assert_ptr_eq(psp_card_find(card->name), card);
        if (!card->declined)
            continue;
        declined++;
        ck_assert_ptr_nonnull(psp_reason_find(card->declined));
    }
    ck_assert_uint_eq(declined, 9);
    ck_assert_ptr_null(psp_reason_find("card_declined"));
}
END_TEST

START_TEST(an_id_is_its_number)
{
    static const int64_t numbers[] = {1, 35, 36, 1000000, 3656158440062975};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        const struct psp_id id = psp_id_of("pi", numbers[i], 7);

        ck_assert_uint_eq(strlen(id.text), 26);
        ck_assert_int_eq(psp_id_number("pi", id.text, 7), numbers[i]);
        ck_assert_int_eq(psp_id_number("re", id.text, 7), 0);
        ck_assert_int_eq(psp_id_number("pi", id.text, 8), 0);
        ck_assert_str_ne(psp_id_of("ch", numbers[i], 7).text + 3, id.text + 3);
    }
}
END_TEST

START_TEST(what_is_no_id)
{
    struct psp_id id = psp_id_of("pi", 4711, 7);

    ck_assert_int_eq(psp_id_number("pi", "", 7), 0);
    ck_assert_int_eq(psp_id_number("pi", "pi", 7), 0);
    ck_assert_int_eq(psp_id_number("pi", "pi_1", 7), 0);
    ck_assert_int_eq(psp_id_number("pi", psp_id_of("pi", 0, 7).text, 7), 0);
    for (size_t i = 0; id.text[i]; i++) {
        struct psp_id other = id;

        other.text[i] = other.text[i] == '?' ? '!' : '?';
        ck_assert_int_eq(psp_id_number("pi", other.text, 7), 0);
    }
}
END_TEST

SUITE("psp_form", a_form_is_decoded, what_is_no_form, a_form_has_a_bound,
      names_are_known_or_begin_as_one, forms_are_equal_in_any_order, cards_have_two_names,
      what_a_card_is_declined_for_is_known, an_id_is_its_number, what_is_no_id)
