/* Mail box: each mail is one file of a Maildir folder, once. */
#include "svc-notify/mail_box.h"

#include "test/lib/folder.h"
#include "test/lib/suite.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct folder folder;
static struct evt_error err;

static const char *box(void)
{
    return folder_path(&folder, "mail");
}

static void put(const char *name, const char *mail)
{
    ck_ok(mail_box_put(box(), name, mail, strlen(mail), &err), err);
}

static void ck_holds(const char *name, const char *want)
{
    size_t len;
    char *mail = folder_read(&folder, name, &len);

    ck_assert_msg(mail, "%s is not there", name);
    ck_assert_str_eq(mail, want);
    free(mail);
}

static int count(const char *name)
{
    DIR *dir = opendir(folder_path(&folder, name));
    struct dirent *entry;
    int n = 0;

    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) != NULL)
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

START_TEST(a_mail_is_a_file)
{
    struct stat st;

    folder_init(&folder);
    put("o-1.confirmed", "one");
    put("o-2.confirmed", "two");
    ck_holds("mail/new/o-1.confirmed", "one");
    ck_holds("mail/new/o-2.confirmed", "two");
    ck_assert_int_eq(count("mail/tmp"), 0);
    ck_assert_int_eq(count("mail/cur"), 0);
    ck_assert_int_eq(stat(folder_path(&folder, "mail/new/o-1.confirmed"), &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    folder_release(&folder);
}
END_TEST

START_TEST(it_is_written_once)
{
    folder_init(&folder);
    put("o-1.confirmed", "one");
    put("o-1.confirmed", "another");
    ck_holds("mail/new/o-1.confirmed", "one");
    ck_assert_int_eq(count("mail/new"), 1);
    folder_release(&folder);
}
END_TEST

/* A mail program has moved it, with its flags behind the name or without. */
START_TEST(what_was_read_is_not_written_again)
{
    static const char *const names[] = {"mail/cur/o-1.confirmed:2,S", "mail/cur/o-1.confirmed"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        folder_init(&folder);
        put("o-1.confirmed", "one");
        ck_assert_int_eq(rename(folder_path(&folder, "mail/new/o-1.confirmed"),
                                folder_path(&folder, names[i])),
                         0);
        put("o-1.confirmed", "one");
        ck_assert_int_eq(count("mail/new"), 0);
        put("o-1.conf", "another one, whose name is a part of its");
        ck_assert_int_eq(count("mail/new"), 1);
        folder_release(&folder);
    }
}
END_TEST

/* A process that died while it wrote. */
START_TEST(what_was_left_behind_is_written_anew)
{
    folder_init(&folder);
    put("o-1.confirmed", "one");
    folder_write(&folder, "mail/tmp/o-2.confirmed", "half of a mail that is longer", 29);
    put("o-2.confirmed", "two");
    ck_holds("mail/new/o-2.confirmed", "two");
    ck_assert_int_eq(count("mail/tmp"), 0);
    folder_release(&folder);
}
END_TEST

static void ck_fails(const char *path, const char *name, const char *words)
{
    char want[512];

    snprintf(want, sizeof(want), "%s: %s", evt_err_str(EVT_E_IO), words);
    ck_refused(mail_box_put(path, name, "m", 1, &err), err, EVT_E_IO, want);
}

START_TEST(what_fails_is_told)
{
    char words[256], name[300];

    folder_init(&folder);
    folder_write(&folder, "file", "x", 1);
    snprintf(words, sizeof(words), "create %s: No such file or directory",
             folder_path(&folder, "no/mail"));
    ck_fails(folder_path(&folder, "no/mail"), "m", words);
    snprintf(words, sizeof(words), "create %s/tmp: Not a directory", folder_path(&folder, "file"));
    ck_fails(folder_path(&folder, "file"), "m", words);
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    ck_assert_int_eq(mail_box_put(box(), name, "m", 1, &err), EVT_E_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "/tmp/nnn"));
    put("m", "after all");
    ck_assert_int_eq(rmdir(folder_path(&folder, "mail/cur")), 0);
    folder_write(&folder, "mail/cur", "x", 1);
    ck_assert_int_eq(mkdir(folder_path(&folder, "mail/tmp/d"), 0700), 0);
    snprintf(words, sizeof(words), "create %s: Is a directory", folder_path(&folder, "mail/tmp/d"));
    ck_fails(box(), "d", words);
    folder_release(&folder);
}
END_TEST

SUITE("mail box", a_mail_is_a_file, it_is_written_once, what_was_read_is_not_written_again,
      what_was_left_behind_is_written_anew, what_fails_is_told)
