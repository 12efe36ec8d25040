/* evt: the command line, as data. */
#include "cli.h"

#include <evt/log.h>
#include <evt/main.h>
#include <evt/mem.h>

#define SET(name_, letter_, value_, fallback_, help_)                                              \
    {                                                                                              \
        .name = name_, .letter = letter_, .value = value_, .fallback = fallback_, .help = help_,   \
        .kind = EVT_OPTION_TEXT                                                                    \
    }

static const char *const levels[] = {"error", "warn", "info", "debug", NULL};

static const struct evt_option options[] = {
    SET("kafka-bootstrap-servers", 'b', "HOST:PORT,…", NULL,
        "the Kafka cluster; else what the broker file says, else 127.0.0.1:9092"),
    SET("broker-file", 0, "FILE", CLI_BROKER_FILE, "where `evt broker` says where it listens"),
    SET("data-dir", 'd', "FOLDER", "data", "where the stores lie"),
    {.name = "property",
     .letter = 'X',
     .value = "NAME=VALUE",
     .help = "a librdkafka property; also KAFKA_<PROPERTY>",
     .kind = EVT_OPTION_TEXT,
     .many = true,
     .flag_only = true},
    {.name = "json",
     .help = "for programs: a JSON object a line",
     .kind = EVT_OPTION_FLAG,
     .flag_only = true},
    {.name = "log-level",
     .value = "LEVEL",
     .fallback = "error",
     .help = "how much of what librdkafka and SQLite say is shown",
     .kind = EVT_OPTION_CHOICE,
     .choices = levels},
    {0},
};

static const struct evt_command commands[] = {
    {.name = "publish",
     .operands = "TYPE [JSON]",
     .summary = "publish a command, and with --wait see what becomes of it",
     .help = cli_publish_help,
     .options = cli_publish_options,
     .examples = cli_publish_examples,
     .operands_min = 1,
     .operands_max = 2,
     .run = cli_publish},
    {.name = "tail",
     .operands = "TOPIC[,TOPIC]... [OFFSETS]",
     .summary = "show the records of topics, decoded",
     .help = cli_tail_help,
     .options = cli_tail_options,
     .examples = cli_tail_examples,
     .operands_min = 1,
     .operands_max = 2,
     .run = cli_tail},
    {.name = "topics apply",
     .operands = "",
     .summary = "create and mend the topics that topics.json declares",
     .help = "Every partition begins with a birth record, which says which log it is.\n"
             "What cannot be mended is refused before anything is changed.",
     .options = cli_topics_options,
     .examples = cli_apply_examples,
     .run = cli_topics_apply},
    {.name = "topics diff",
     .operands = "",
     .summary = "say how the cluster's topics differ from topics.json",
     .help = "Exits 5 when they do.",
     .options = cli_topics_options,
     .examples = cli_diff_examples,
     .run = cli_topics_diff},
    {.name = "schema check",
     .operands = "",
     .summary = "are the schemas in order, and compatible with all that were published",
     .options = cli_schema_options,
     .examples = cli_schema_check_examples,
     .run = cli_schema_check},
    {.name = "schema add",
     .operands = "",
     .summary = "publish new schemas: give them their ids",
     .options = cli_schema_options,
     .examples = cli_schema_add_examples,
     .run = cli_schema_add},
    {.name = "stream list",
     .operands = "",
     .summary = "the streams that are held, and why",
     .help = "Reads the stores under --data-dir, also while their services run.",
     .options = cli_stream_options,
     .examples = cli_list_examples,
     .run = cli_stream_list},
    {.name = "stream accept",
     .operands = "SOURCE",
     .summary = "let a held stream go on without what is missing",
     .help = cli_accept_help,
     .options = cli_accept_options,
     .examples = cli_accept_examples,
     .operands_min = 1,
     .operands_max = 1,
     .run = cli_stream_accept},
    {.name = "resend",
     .operands = "SENDER STREAM.PARTITION FROM[-UNTIL]",
     .summary = "make messages again that a receiver's log has lost",
     .help = cli_resend_help,
     .options = cli_resend_options,
     .examples = cli_resend_examples,
     .operands_min = 3,
     .operands_max = 3,
     .run = cli_resend},
    {.name = "broker",
     .operands = "",
     .summary = "a stand-in for Kafka on this machine, which keeps nothing",
     .examples = cli_broker_examples,
     .run = cli_broker},
    {.name = "doctor",
     .operands = "",
     .summary = "look at broker, topics, schemas, stores and streams, and say what to do",
     .help = "Exits 1 when something is bad. Nothing is changed.",
     .examples = cli_doctor_examples,
     .run = cli_doctor},
    {0},
};

static int begin(const struct evt_conf *conf, void *arg)
{
    enum evt_log_level level = EVT_LOG_ERROR;

    (void)arg;
    EVT_BUG_ON(!evt_log_level_parse(evt_conf_text(conf, "log-level"), &level));
    evt_log_init(level, EVT_LOG_TEXT, NULL);
    evt_log_sqlite();
    return EVT_EXIT_OK;
}

int main(int argc, char **argv)
{
    static const struct evt_program program = {
        .name = "evt",
        .summary = "the shop's command line: publish, watch, look after topics and streams",
        .version = EVT_VERSION,
        .commands = commands,
        .options = options,
        .begin = begin,
    };

    return evt_program_main(&program, argc, argv);
}
