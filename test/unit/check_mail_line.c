/* Mail line: whatever a text holds, it stays what it is: in a header, a body, a page. */
#include "svc-notify/mail_line.h"

#include "test/lib/suite.h"

#include <string.h>

static void ck_header(const char *text, const char *want)
{
    struct evt_buf buf = {0};

    mail_line_header(&buf, "Subject", text);
    ck_assert_str_eq(evt_buf_text(&buf), want);
    evt_buf_release(&buf);
}

START_TEST(a_plain_header_stays_as_it_is)
{
    ck_header("", "Subject: \r\n");
    ck_header("Your order: o-1", "Subject: Your order: o-1\r\n");
    ck_header("a = b?", "Subject: a = b?\r\n");
}
END_TEST

START_TEST(a_long_header_is_folded_at_its_blanks)
{
    ck_header("0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 012345 789",
              "Subject: 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789"
              "\r\n 012345 789\r\n");
    ck_header("x012345678901234567890123456789012345678901234567890123456789012345678901234567890",
              "Subject: "
              "x012345678901234567890123456789012345678901234567890123456789012345678901234567890"
              "\r\n");
}
END_TEST

START_TEST(other_letters_are_encoded)
{
    ck_header("\xc3\xa4", "Subject: =?UTF-8?B?w6Q=?=\r\n");
    ck_header("a\xc3\xa4", "Subject: =?UTF-8?B?YcOk?=\r\n");
    ck_header("ab\xc3\xa4", "Subject: =?UTF-8?B?YWLDpA==?=\r\n");
    ck_header("\xf0\x9f\x8d\xb5 tea", "Subject: =?UTF-8?B?8J+NtSB0ZWE=?=\r\n");
}
END_TEST

/* Each word has 45 bytes at most, of whole letters: 44 here, and the fifth letter of four bytes. */
START_TEST(a_long_word_is_cut_between_letters)
{
    ck_header("\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
              "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
              "\xe2\x82\xac\xe2\x82\xac",
              "Subject: =?UTF-8?B?4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs?="
              "\r\n =?UTF-8?B?4oKs?=\r\n");
    ck_header("0123456789012345678901234567890123456789012\xf0\x9f\x8d\xb5",
              "Subject: =?UTF-8?B?MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMg==?="
              "\r\n =?UTF-8?B?8J+NtQ==?=\r\n");
}
END_TEST

/* Nothing begins another header, and nothing is read as a word that is none. */
START_TEST(a_header_is_one_header)
{
    ck_header("a\r\nBcc: eve@example.org", "Subject: =?UTF-8?B?YSAgQmNjOiBldmVAZXhhbXBsZS5vcmc=?="
                                           "\r\n");
    ck_header("a\xffz", "Subject: =?UTF-8?B?YT96?=\r\n");
    ck_header("=?UTF-8?B?eA==?=", "Subject: =?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?=\r\n");
    ck_header("\x7f", "Subject: =?UTF-8?B?IA==?=\r\n");
}
END_TEST

static void ck_address(const char *phrase, const char *address, const char *want)
{
    struct evt_buf buf = {0};

    mail_line_address(&buf, "To", phrase, address);
    ck_assert_str_eq(evt_buf_text(&buf), want);
    evt_buf_release(&buf);
}

START_TEST(an_address_has_a_phrase)
{
    ck_address("", "ada@example.org", "To: <ada@example.org>\r\n");
    ck_address("Ada", "ada@example.org", "To: \"Ada\"\r\n <ada@example.org>\r\n");
    ck_address("Ada, \"the\" \\", "a@b", "To: \"Ada, \\\"the\\\" \\\\\"\r\n <a@b>\r\n");
    ck_address("\xc3\x84"
               "da",
               "a@b", "To: =?UTF-8?B?w4RkYQ==?=\r\n <a@b>\r\n");
    ck_address("Ada\r\nBcc: e@f", "a@b", "To: =?UTF-8?B?QWRhICBCY2M6IGVAZg==?=\r\n <a@b>\r\n");
    ck_address("", "a@b>\r\nBcc:", "To: <a@b>__Bcc:>\r\n");
}
END_TEST

static void ck_body(const char *text, const char *want)
{
    struct evt_buf buf = {0};

    mail_line_body(&buf, text);
    ck_assert_str_eq(evt_buf_text(&buf), want);
    evt_buf_release(&buf);
}

START_TEST(a_body_is_quoted)
{
    ck_body("", "");
    ck_body("a\n\nb\n", "a\r\n\r\nb\r\n");
    ck_body("no end", "no end\r\n");
    ck_body("a=b \xc3\xa4\r\n", "a=3Db =C3=A4=0D\r\n");
    ck_body("blank \ntab\t\nlast ", "blank=20\r\ntab=09\r\nlast=20\r\n");
    ck_body(".\n..\na.\n", "=2E\r\n=2E.\r\na.\r\n");
    ck_body("From here\nFromage\nx From y\n", "=46rom here\r\nFromage\r\nx From y\r\n");
    ck_body("--=_x", "--=3D_x\r\n");
}
END_TEST

/* No line has more than 76, however long its text is, and no character is cut. */
START_TEST(a_long_line_is_broken)
{
    char text[300], line[80];
    struct evt_buf buf = {0};
    const char *at, *end;
    size_t lines = 0;

    memset(text, 'x', 200);
    text[75] = '.';
    for (size_t i = 200; i < 298; i += 2)
        memcpy(text + i, "\xc3\xa4", 2);
    text[298] = '\0';
    mail_line_body(&buf, text);
    for (at = evt_buf_text(&buf); *at; at = end + 2) {
        end = strstr(at, "\r\n");
        ck_assert_ptr_nonnull(end);
        ck_assert_uint_le((size_t)(end - at), 76);
        memcpy(line, at, (size_t)(end - at));
        line[end - at] = '\0';
        ck_assert(!end[2] || line[strlen(line) - 1] == '=');
        ck_assert_msg(line[0] != '.', "%s", line);
        lines++;
    }
    ck_assert_uint_ge(lines, 6);
    ck_assert_ptr_nonnull(strstr(evt_buf_text(&buf), "x=\r\n=2Ex"));
    evt_buf_release(&buf);
}
END_TEST

START_TEST(a_page_holds_no_tag_of_others)
{
    struct evt_buf buf = {0};

    mail_line_html(&buf, "<b onclick=\"x()\">Tom & J\xc3\xa4rry</b>");
    ck_assert_str_eq(evt_buf_text(&buf), "&lt;b onclick=&quot;x()&quot;&gt;Tom &amp; J\xc3\xa4rry"
                                         "&lt;/b&gt;");
    evt_buf_release(&buf);
}
END_TEST

SUITE("mail line", a_plain_header_stays_as_it_is, a_long_header_is_folded_at_its_blanks,
      other_letters_are_encoded, a_long_word_is_cut_between_letters, a_header_is_one_header,
      an_address_has_a_phrase, a_body_is_quoted, a_long_line_is_broken,
      a_page_holds_no_tag_of_others)
