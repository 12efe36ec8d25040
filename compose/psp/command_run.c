/* psp run: listens until a signal ends it. */
#include "commands.h"
#include "psp.h"

#include <evt/clock.h>
#include <evt/log.h>
#include <evt/mem.h>

#include <pthread.h>
#include <signal.h>
#include <time.h>

#define WAKE SIGUSR1 /* a fault asks that nobody listens */

static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const formats[] = {"text", "json", NULL};

const struct evt_option psp_run_options[] = {
    {.name = "http-addr",
     .value = "HOST:PORT",
     .fallback = PSP_ADDRESS,
     .help = "where it listens, on loopback; port 0: any free one",
     .kind = EVT_OPTION_TEXT},
    {.name = "data-dir",
     .letter = 'd',
     .value = "FOLDER",
     .fallback = PSP_DATA_DIR,
     .help = "where its book lies: psp.db",
     .kind = EVT_OPTION_TEXT},
    {.name = "key-file",
     .value = "FILE",
     .help = "secret keys that it takes, one a line; else every sk_test_…",
     .kind = EVT_OPTION_TEXT},
    {.name = "fault",
     .value = "'NAME …'",
     .help = "what goes wrong from the start; as `psp fault` has it",
     .kind = EVT_OPTION_TEXT,
     .many = true,
     .flag_only = true},
    {.name = "seed",
     .value = "N",
     .fallback = "1",
     .help = "of faults that come by chance",
     .kind = EVT_OPTION_NUMBER,
     .min = 0,
     .max = INT64_MAX,
     .flag_only = true},
    {.name = "keys-for",
     .value = "SECONDS",
     .fallback = "86400",
     .help = "how long an Idempotency-Key is remembered",
     .kind = EVT_OPTION_NUMBER,
     .min = 1,
     .max = 31536000},
    {.name = "settle-ms",
     .value = "MS",
     .fallback = "1000",
     .help = "how long a refund takes that pends, or fails later",
     .kind = EVT_OPTION_NUMBER,
     .min = 0,
     .max = 86400000},
    {.name = "log-level",
     .value = "LEVEL",
     .fallback = "info",
     .help = "how much it says",
     .kind = EVT_OPTION_CHOICE,
     .choices = levels},
    {.name = "log-format",
     .value = "FORMAT",
     .fallback = "text",
     .help = "how it says it",
     .kind = EVT_OPTION_CHOICE,
     .choices = formats},
    {0},
};

const char psp_run_help[] =
    "Its book survives kill -9. Nobody but this machine can reach it.\n"
    "Beside Stripe's API: GET /_psp/ledger, and GET, POST, DELETE /_psp/faults.";

const struct evt_example psp_run_examples[] = {
    {"run", "listens on " PSP_ADDRESS ", until Ctrl-C"},
    {"run --http-addr 127.0.0.1:0 --data-dir /tmp/psp", "on any free port, which it says"},
    {"run --fault 'latency ms=20-80' --fault 'error status=503 p=0.1'",
     "slow, and every tenth request fails"},
    {0},
};

static void set_up_log(const struct evt_conf *conf)
{
    enum evt_log_level level = EVT_LOG_INFO;
    enum evt_log_format format = EVT_LOG_TEXT;

    EVT_BUG_ON(!evt_log_level_parse(evt_conf_text(conf, "log-level"), &level));
    EVT_BUG_ON(!evt_log_format_parse(evt_conf_text(conf, "log-format"), &format));
    evt_log_init(level, format, "psp");
}

/* Before any thread starts, so that none of them takes one. */
static sigset_t block_signals(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, WAKE);
    EVT_BUG_ON(pthread_sigmask(SIG_BLOCK, &set, NULL) != 0);
    EVT_BUG_ON(sigaction(SIGPIPE, &ignore, NULL) != 0);
    return set;
}

static void wake(void *arg)
{
    pthread_kill(*(pthread_t *)arg, WAKE);
}

static enum evt_err listen_now(struct psp *psp, struct evt_error *err)
{
    const enum evt_err rc = psp_listen(psp, err);

    if (rc == EVT_OK)
        EVT_LOG(INFO, "listens", EVT_FT("http", psp_address(psp)));
    return rc;
}

static bool ends(int number)
{
    return number == SIGTERM || number == SIGINT;
}

/* Nobody listens for so long, unless a signal ends it. */
static int pause_for(struct psp *psp, const sigset_t *set, int64_t ms)
{
    int64_t until_ms, left_ms;
    int number = 0;

    psp_quiet(psp);
    (void)psp_refusal_ms(psp); /* asked for twice, it is one */
    until_ms = evt_clock_ms() + ms;
    while (!ends(number) && (left_ms = until_ms - evt_clock_ms()) > 0) {
        const struct timespec wait = {left_ms / 1000, left_ms % 1000 * 1000000};

        number = sigtimedwait(set, NULL, &wait);
    }
    return number;
}

static enum evt_err serve(struct psp *psp, const sigset_t *set, struct evt_error *err)
{
    enum evt_err rc = listen_now(psp, err);
    int number = 0;

    while (rc == EVT_OK && !ends(number)) {
        number = sigwaitinfo(set, NULL);
        if (number == WAKE) {
            const int64_t ms = psp_refusal_ms(psp);

            number = ms > 0 ? pause_for(psp, set, ms) : 0;
            if (ms > 0 && !ends(number))
                rc = listen_now(psp, err);
        }
    }
    if (rc == EVT_OK)
        EVT_LOG(INFO, "stops", EVT_FT("signal", number == SIGTERM ? "TERM" : "INT"));
    return rc;
}

int psp_command_run(const struct evt_conf *conf, void *arg)
{
    pthread_t self = pthread_self();
    struct psp_options opt = {
        .address = evt_conf_text(conf, "http-addr"),
        .data_dir = evt_conf_text(conf, "data-dir"),
        .key_file = evt_conf_text(conf, "key-file"),
        .keys_ms = evt_conf_number(conf, "keys-for") * 1000,
        .settle_ms = evt_conf_number(conf, "settle-ms"),
        .seed = (uint64_t)evt_conf_number(conf, "seed"),
        .refusal = wake,
        .arg = &self,
    };
    const sigset_t set = block_signals();
    struct psp *psp = NULL;
    struct evt_error err;
    enum evt_err rc;

    (void)arg;
    set_up_log(conf);
    opt.faults_n = evt_conf_many(conf, "fault", &opt.faults);
    rc = psp_open(&opt, &psp, &err);
    if (rc == EVT_OK)
        rc = serve(psp, &set, &err);
    psp_close(psp);
    if (rc != EVT_OK)
        return psp_fail(&err);
    EVT_LOG(INFO, "stopped");
    return EVT_EXIT_OK;
}
