/* Main: a service's sub-commands and options, as tables. */
#include "main_internal.h"

#include <evt/bus.h>
#include <evt/log.h>
#include <evt/mem.h>

#include <sqlite3.h>
#include <stdio.h>

/* A statement of a message that touches many rows keeps what it may have to undo in memory up to
 * here; SQLite's own 64 KiB sends it to a temporary file after some fifteen pages. */
#define JOURNAL_SPILL (4 * 1024 * 1024)

/* jemalloc's settings, for programs that link with it; MALLOC_CONF changes them. Its eight arenas
 * on two processors, each with pages of its own, are 2 MB of an idle service; two are as fast. */
extern const char *malloc_conf;
const char *malloc_conf = "narenas:2";

static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const formats[] = {"text", "json", NULL};
static const char *const drawings[] = {"mermaid", "dot", NULL};

#define TEXT(name_, letter_, value_, fallback_, help_)                                             \
    {                                                                                              \
        .name = name_, .letter = letter_, .value = value_, .fallback = fallback_, .help = help_,   \
        .kind = EVT_OPTION_TEXT                                                                    \
    }
#define NUMBER(name_, value_, fallback_, min_, max_, help_)                                        \
    {                                                                                              \
        .name = name_, .value = value_, .fallback = fallback_, .min = min_, .max = max_,           \
        .help = help_, .kind = EVT_OPTION_NUMBER                                                   \
    }
#define CHOICE(name_, value_, fallback_, choices_, help_)                                          \
    {                                                                                              \
        .name = name_, .value = value_, .fallback = fallback_, .choices = choices_, .help = help_, \
        .kind = EVT_OPTION_CHOICE                                                                  \
    }

const struct evt_option evt__main_options[] = {
    TEXT("kafka-bootstrap-servers", 'b', "HOST:PORT,…", "127.0.0.1:9092", "the Kafka cluster"),
    TEXT("data-dir", 'd', "FOLDER", "data", "where the stores lie"),
    TEXT("shards", 0, "LIST", "all", "which shards: all, 0,2, 0-3, or 1/3 (the second of three)"),
    CHOICE("log-level", "LEVEL", "info", levels, "how much is said on stderr"),
    CHOICE("log-format", "FORMAT", "text", formats, "how a line looks"),
    {.name = "property",
     .letter = 'X',
     .value = "NAME=VALUE",
     .help = "a librdkafka property; also KAFKA_<PROPERTY>",
     .kind = EVT_OPTION_TEXT,
     .many = true,
     .flag_only = true},
    {0},
};

static const struct evt_option run_options[] = {
    TEXT("http-addr", 0, "HOST:PORT", "127.0.0.1:8081",
         "where HTTP listens: loopback only; port 0 is any free one"),
    TEXT("peers", 0, "P=URL,…", NULL, "who owns the shards that are not ours"),
    NUMBER("http-connections", "N", "1024", 1, 100000, "connections beside those that wait"),
    NUMBER("http-per-client", "N", "256", 1, 100000,
           "of these from one address; behind a gateway: all"),
    NUMBER("http-waits", "N", "4096", 1, 100000, "requests that wait (?wait=, events)"),
    NUMBER("http-waits-per-client", "N", "2048", 1, 100000, "of these from one address"),
    NUMBER("stop-timeout", "SECONDS", "10", 1, 3600, "how long a stop may take"),
    NUMBER("watchdog", "SECONDS", "30", 1, 86400, "after how long without a move a shard is stuck"),
    {0},
};

#define SHARD_OPTIONS                                                                              \
    {.name = "partition",                                                                          \
     .letter = 'p',                                                                                \
     .value = "P",                                                                                 \
     .help = "which shard; may be left out where there is only one",                               \
     .kind = EVT_OPTION_NUMBER,                                                                    \
     .max = INT32_MAX,                                                                             \
     .flag_only = true},                                                                           \
    {                                                                                              \
        .name = "subscription", .value = "NAME", .help = "a subscription's shard instead",         \
        .kind = EVT_OPTION_TEXT, .flag_only = true                                                 \
    }
#define FLAG_ONLY_TEXT(name_, value_, help_)                                                       \
    {                                                                                              \
        .name = name_, .value = value_, .help = help_, .kind = EVT_OPTION_TEXT, .flag_only = true  \
    }
#define FLAG(name_, help_)                                                                         \
    {                                                                                              \
        .name = name_, .help = help_, .kind = EVT_OPTION_FLAG, .flag_only = true                   \
    }

static const struct evt_option replay_options[] = {
    SHARD_OPTIONS,
    FLAG_ONLY_TEXT("out", "FILE", "the store to be built; must not exist"),
    FLAG_ONLY_TEXT("to", "OFFSET|TIME",
                   "the last record: an offset, 2026-11-21T10:20:00Z, 10:20, -1h"),
    {0},
};

static const struct evt_option resend_options[] = {
    SHARD_OPTIONS,
    FLAG_ONLY_TEXT("to", "STREAM.P", "to whom: product.inbox.1"),
    {.name = "from",
     .value = "N",
     .help = "the first number that is missing there",
     .kind = EVT_OPTION_NUMBER,
     .min = 1,
     .max = INT64_MAX,
     .flag_only = true},
    {.name = "until",
     .value = "N",
     .help = "the last one; all that follow when left out",
     .kind = EVT_OPTION_NUMBER,
     .min = 1,
     .max = INT64_MAX,
     .flag_only = true},
    FLAG("dry-run", "only say what would be sent"),
    {0},
};

static const struct evt_option upgrade_options[] = {
    FLAG("no-wait", "append the boundaries and do not wait for the old process"),
    {.name = "timeout",
     .value = "SECONDS",
     .fallback = "300",
     .help = "how long to wait",
     .kind = EVT_OPTION_NUMBER,
     .min = 1,
     .max = 86400,
     .flag_only = true},
    {0},
};

static const struct evt_option describe_options[] = {
    FLAG("saga", "draw the sagas instead"),
    {.name = "format",
     .value = "FORMAT",
     .fallback = "mermaid",
     .help = "of the drawing",
     .choices = drawings,
     .kind = EVT_OPTION_CHOICE,
     .flag_only = true},
    FLAG_ONLY_TEXT("ref", "ID", "draw this instance, and where it stands"),
    {0},
};

static const struct evt_example run_examples[] = {
    {"run", "all shards, Kafka on this machine"},
    {"run --shards 1/3 --http-addr 127.0.0.1:8082", "the second of three processes"},
    {0},
};
static const struct evt_example replay_examples[] = {
    {"replay -p 0 --out scratch.db", "rebuild, and compare with the live store"},
    {"replay -p 0 --out then.db --to -1h", "the store as it was an hour ago"},
    {0},
};
static const struct evt_example resend_examples[] = {
    {"resend -p 0 --to order.inbox.1 --from 4711 --until 4712 --dry-run", "what is missing there"},
    {0},
};
static const struct evt_example describe_examples[] = {
    {"describe", "everything, as JSON"},
    {"describe --saga", "for a page that knows Mermaid"},
    {"describe --saga --format dot | dot -Tsvg > saga.svg", "by Graphviz"},
    {"describe --saga --ref 0192f0c1-0000-7000-8000-000000000001", "where one order stands"},
    {0},
};
static const struct evt_example upgrade_examples[] = {
    {"upgrade", "ends the old generation at a boundary; then start this version"},
    {0},
};

const struct evt_command evt__main_commands[] = {
    {.name = "run",
     .operands = "",
     .summary = "take messages until a signal comes",
     .help = "Stops on SIGTERM or SIGINT: finishes the batch, commits, exits 0; at once on the\n"
             "second. Exits 6 when a newer generation begins.",
     .options = run_options,
     .examples = run_examples,
     .run = evt__main_run},
    {.name = "upgrade",
     .operands = "",
     .summary = "let this version's generation begin, while the older one runs",
     .options = upgrade_options,
     .examples = upgrade_examples,
     .run = evt__main_upgrade},
    {.name = "replay",
     .operands = "",
     .summary = "rebuild a store from its log and compare it with the live one",
     .help = "Nothing is sent. Exits 5 when they differ.",
     .options = replay_options,
     .examples = replay_examples,
     .run = evt__main_replay},
    {.name = "resend",
     .operands = "",
     .summary = "make lost messages again and send them",
     .help = "The shard is rebuilt in a temporary file (TMPDIR, else /tmp) to find them.",
     .options = resend_options,
     .examples = resend_examples,
     .run = evt__main_resend},
    {.name = "describe",
     .operands = "",
     .summary = "what this service takes, sends and offers, as JSON; its sagas as a drawing",
     .options = describe_options,
     .examples = describe_examples,
     .run = evt__main_describe},
    {.name = "check",
     .operands = "",
     .summary = "look at everything that a start needs, and change nothing",
     .run = evt__main_check},
    {0},
};

static void init_log(const struct evt_conf *conf, const char *service)
{
    enum evt_log_level level = EVT_LOG_INFO;
    enum evt_log_format format = EVT_LOG_TEXT;

    EVT_BUG_ON(!evt_log_level_parse(evt_conf_text(conf, "log-level"), &level));
    EVT_BUG_ON(!evt_log_format_parse(evt_conf_text(conf, "log-format"), &format));
    evt_log_init(level, format, service);
}

/* Before the first store is opened: SQLite takes neither afterwards. */
static int begin(const struct evt_conf *conf, void *arg)
{
    const struct evt_main *main = arg;
    struct evt_error err;

    init_log(conf, main->service->name);
    sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, JOURNAL_SPILL);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS,
                   0); /* nobody asks, and its lock is one for all threads */
    evt_log_sqlite();
    return evt__main_generation(main->service, &err) == EVT_OK ? EVT_EXIT_OK
                                                               : evt__main_fail(main, &err);
}

int evt_service_main(int argc, char **argv, const struct evt_service *service)
{
    struct evt_command *commands = evt__main_commands_of(service);
    struct evt_main main = {.service = service, .commands = commands, .options = evt__main_options};
    char summary[128];
    int status;
    const struct evt_program program = {
        .name = main.program,
        .summary = summary,
        .version = EVT_VERSION,
        .commands = commands,
        .options = evt__main_options,
        .begin = begin,
        .arg = &main,
    };

    snprintf(main.program, sizeof(main.program), "svc-%s", service->name);
    snprintf(summary, sizeof(summary), "the %s service, generation %u", service->name,
             (unsigned)service->generation);
    status = evt_program_main(&program, argc, argv);
    evt__main_commands_free(commands);
    return status;
}
