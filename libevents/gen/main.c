/* evt-gen, the schema compiler: from schemas and topics.json to C, or the reasons why not.
 *
 * The commands differ in what they write: `generate` C, `lock` the published versions and the docs,
 * `check` nothing. All of them refuse the same things; only `lock` may publish a new version. */
#include "compat.h"
#include "emit.h"
#include "lock.h"
#include "messages.h"
#include "topics.h"
#include "tree.h"
#include "types.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE     2
#define EXIT_DIFFERENT 5      /* compat: the verdict */
#define IDS_PER_ROOT   100000 /* a test's ids must not meet ids that the shop publishes later */

struct options {
    struct list roots; /* const char * */
    const char *out, *docs;
    const char *command;
    char **args;
    int args_n;
};

static const char help[] =
    "Usage: evt-gen [--root DIR]... --out DIR [--docs FILE]\n"
    "       evt-gen check [--root DIR]... [--docs FILE]\n"
    "       evt-gen lock [--root DIR]... [--docs FILE]\n"
    "       evt-gen compat READER.avsc WRITER.avsc\n"
    "\n"
    "The schema compiler. Without a command it writes the C of all messages to DIR/events; check\n"
    "only looks; lock publishes what is new in the last root (schemas.lock) and renews FILE;\n"
    "compat says whether one schema can read what another one wrote.\n"
    "\n"
    "  --root DIR   folder with topics.json, schemas.lock and a folder of schemas per service;\n"
    "               a second one adds to the first (default: schemas)\n"
    "  --out DIR    where C goes\n"
    "  --docs FILE  the description for people, which must be current\n"
    "  --help       this text\n"
    "\n"
    "Exit status: 0 done, 1 refused, 2 wrong use, 5 compat: it cannot.\n"
    "\n"
    "Examples:\n"
    "  evt-gen --root schemas --docs docs/events.md --out build/gen\n"
    "  evt-gen lock --root schemas --docs docs/events.md\n"
    "  evt-gen compat schemas/product/StockGone.avsc schemas/product/StockGone.v1.avsc\n";

static int usage(const char *why, const char *what)
{
    fprintf(stderr, "evt-gen: %s%s\nTry 'evt-gen --help'.\n", why, what);
    return EXIT_USAGE;
}

static int report(const struct model *m)
{
    fputs(evt_buf_text(&m->refusals.text), stderr);
    return m->refusals.n ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- reading ---- */

static void add_root(struct model *m, const char *path)
{
    struct root *root = arena_zalloc(&m->arena, sizeof(*root));
    root->path = path;
    root->topics_path = text_printf(&m->arena, "%s/topics.json", path);
    root->lock_path = text_printf(&m->arena, "%s/schemas.lock", path);
    root->first_id = (uint32_t)m->roots.n * IDS_PER_ROOT + 1;
    list_add(&m->arena, &m->roots, root);
}

/* Each step builds on what the one before found in order. */
static void read_model(struct model *m, const struct options *opt, bool publish)
{
    for (size_t i = 0; i < opt->roots.n; i++)
        add_root(m, opt->roots.items[i]);
    for (size_t i = 0; i < m->roots.n; i++)
        topics_read(m, m->roots.items[i]);
    topics_join(m);
    if (m->refusals.n)
        return;
    for (size_t i = 0; i < m->roots.n; i++)
        tree_read(m, m->roots.items[i]);
    tree_join(m);
    if (m->refusals.n)
        return;
    messages_join(m);
    if (m->refusals.n)
        return;
    types_collect(m);
    for (size_t i = 0; i < m->roots.n; i++)
        lock_read(m, m->roots.items[i]);
    if (!m->refusals.n)
        lock_join(m, publish ? m->roots.items[m->roots.n - 1] : NULL);
}

static void check_docs(struct model *m, const struct options *opt)
{
    struct evt_buf docs = {0}, now = {0};
    struct place at = place_file(opt->docs ? opt->docs : "");
    if (!opt->docs || m->refusals.n)
        return;
    emit_docs(m, &docs);
    if (!file_read(opt->docs, &now) || now.len != docs.len ||
        memcmp(now.data, docs.data, docs.len) != 0)
        refuse(&m->refusals, &at, "is not current: run `make schemas`");
    evt_buf_release(&docs);
    evt_buf_release(&now);
}

/* ---- writing ---- */

static void write_file(struct model *m, const char *path, struct evt_buf *buf)
{
    struct place at = place_file(path);
    if (!file_write(path, buf))
        refuse(&m->refusals, &at, "cannot be written: %s", strerror(errno));
    evt_buf_clear(buf);
}

static void write_code(struct model *m, const char *out)
{
    struct evt_buf buf = {0};
    for (size_t i = 0; i < m->folders.n; i++) {
        const char *folder = m->folders.items[i];
        emit_header(m, folder, &buf);
        write_file(m, text_printf(&m->arena, "%s/events/%s.h", out, folder), &buf);
        emit_source(m, folder, &buf);
        write_file(m, text_printf(&m->arena, "%s/events/%s.c", out, folder), &buf);
    }
    emit_registry_header(m, &buf);
    write_file(m, text_printf(&m->arena, "%s/events/registry.h", out), &buf);
    emit_registry(m, &buf);
    write_file(m, text_printf(&m->arena, "%s/events/registry.c", out), &buf);
    evt_buf_release(&buf);
}

static void write_lock(struct model *m, const struct options *opt)
{
    const struct root *root = m->roots.items[m->roots.n - 1];
    struct evt_buf buf = {0};
    lock_print(root, &buf);
    write_file(m, root->lock_path, &buf);
    if (opt->docs) {
        emit_docs(m, &buf);
        write_file(m, opt->docs, &buf);
    }
    evt_buf_release(&buf);
}

/* ---- commands ---- */

static int run(const struct options *opt)
{
    struct model m = {0};
    bool lock = opt->command && !strcmp(opt->command, "lock");
    read_model(&m, opt, lock);
    if (!lock)
        check_docs(&m, opt);
    if (!m.refusals.n && lock)
        write_lock(&m, opt);
    else if (!m.refusals.n && !opt->command)
        write_code(&m, opt->out);
    int status = report(&m);
    model_release(&m);
    return status;
}

static int compat(const struct options *opt)
{
    struct model m = {0};
    if (opt->args_n != 2)
        return usage("compat takes a reader's and a writer's schema", "");
    struct source *reader = model_source(&m, opt->args[0]),
                  *writer = model_source(&m, opt->args[1]);
    int status = report(&m);
    if (!status) {
        struct place at = place_file(opt->args[0]);
        if (!compat_can_read(COMPAT_AVRO, &m.refusals, &at, reader->schema, writer->schema)) {
            report(&m);
            status = EXIT_DIFFERENT;
        }
    }
    model_release(&m);
    return status;
}

static int dispatch(const struct options *opt)
{
    if (opt->command && !strcmp(opt->command, "compat"))
        return compat(opt);
    if (opt->args_n)
        return usage("too many arguments: ", opt->args[0]);
    if (!opt->command && !opt->out)
        return usage("--out is missing", "");
    if (opt->command && strcmp(opt->command, "check") != 0 && strcmp(opt->command, "lock") != 0)
        return usage("no command is called ", opt->command);
    return run(opt);
}

int main(int argc, char **argv)
{
    static const struct option known[] = {{"root", required_argument, NULL, 'r'},
                                          {"out", required_argument, NULL, 'o'},
                                          {"docs", required_argument, NULL, 'd'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    struct evt_arena arena = {0};
    struct options opt = {0};
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (c == 'r')
            list_add(&arena, &opt.roots, optarg);
        else if (c == 'o')
            opt.out = optarg;
        else if (c == 'd')
            opt.docs = optarg;
        else if (c == 'h')
            return fputs(help, stdout) < 0;
        else
            return usage("unknown option, or its value is missing: ", argv[optind - 1]);
    }
    if (!opt.roots.n)
        list_add(&arena, &opt.roots, text_dup(&arena, "schemas"));
    opt.command = optind < argc ? argv[optind++] : NULL;
    opt.args = argv + optind;
    opt.args_n = argc - optind;
    int status = dispatch(&opt);
    evt_arena_release(&arena);
    return status;
}
