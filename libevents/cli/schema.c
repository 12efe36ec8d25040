/* evt schema check, evt schema add: the schema compiler's rules, and its publication of what is
 * new. The compiler evt-gen does both. */
#include "cli.h"

#include "program.h"

#include <glob.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DOCS "docs/events.md"

const struct evt_option cli_schema_options[] = {
    {.name = "root",
     .value = "FOLDER",
     .fallback = "schemas",
     .help = "the folder with topics.json and schemas.lock",
     .kind = EVT_OPTION_TEXT,
     .flag_only = true},
    {0},
};
const struct evt_example cli_schema_check_examples[] = {
    {"schema check", "are schemas/ and topics.json in order, and compatible with all before"},
    {0},
};
const struct evt_example cli_schema_add_examples[] = {
    {"schema add", "publish what is new: ids into schemas.lock, docs/events.md renewed"},
    {0},
};

static int run(const char *command, const char *root, const char *more)
{
    struct cli_args args = {0};
    struct evt_buf path = {0};
    int status;

    cli_args_add(&args, command);
    cli_args_add(&args, "--root");
    cli_args_add(&args, root);
    if (more) {
        cli_args_add(&args, "--root");
        cli_args_add(&args, more);
    } else if (strcmp(root, "schemas") == 0 && access(DOCS, F_OK) == 0) {
        cli_args_add(&args, "--docs");
        cli_args_add(&args, DOCS);
    }
    cli_program_path("evt-gen", &path);
    status = cli_program_run(evt_buf_text(&path), &args);
    evt_buf_release(&path);
    return status;
}

static int look(const char *root)
{
    struct evt_buf topics = {0};
    int status = EVT_EXIT_OK;

    evt_buf_printf(&topics, "%s/topics.json", root);
    if (access(evt_buf_text(&topics), R_OK) != 0)
        status = cli_refuse(EVT_EXIT_NOT_FOUND,
                            "%s is not there: run this in the project's folder, or say --root",
                            evt_buf_text(&topics));
    evt_buf_release(&topics);
    return status;
}

/* The tests' own schemas stand on the shop's. */
static int add_tests(const char *root)
{
    glob_t found = {0};
    int status = EVT_EXIT_OK;

    if (strcmp(root, "schemas") == 0 && glob("test/*/schemas/topics.json", 0, NULL, &found) == 0)
        for (size_t i = 0; status == EVT_EXIT_OK && i < found.gl_pathc; i++)
            status = run("lock", root, dirname(found.gl_pathv[i]));
    globfree(&found);
    return status;
}

int cli_schema_check(const struct evt_conf *conf, void *arg)
{
    const char *root = evt_conf_text(conf, "root");
    int status = look(root);

    (void)arg;
    if (status == EVT_EXIT_OK)
        status = run("check", root, NULL);
    if (status == EVT_EXIT_OK)
        fprintf(stderr, "evt: %s is in order\n", root);
    return status;
}

int cli_schema_add(const struct evt_conf *conf, void *arg)
{
    const char *root = evt_conf_text(conf, "root");
    int status = look(root);

    (void)arg;
    if (status == EVT_EXIT_OK)
        status = run("lock", root, NULL);
    if (status == EVT_EXIT_OK)
        status = add_tests(root);
    if (status == EVT_EXIT_OK)
        fprintf(stderr, "evt: %s/schemas.lock has all of %s; commit both together\n", root, root);
    return status;
}
