/* Sim world: everything of one simulated history, and how its parts see each other.
 *
 *   sim_world.c     the start, the end and the clockwork of a history
 *   sim_template.c  stores to begin with
 *   sim_node.c      processes: start, kill, exit, what an operator does about it
 *   sim_seat.c      a shard in a process: the driver of the core, step by step
 *   sim_producer.c  sends on their way to the log
 *   sim_provider.c  the world outside: keyed, idempotent, forgetful, silent at times
 *   sim_psp.c       a payment provider with a ledger
 *   sim_mail.c      a mail server
 *   sim_script.c    what customers send
 *   sim_shop.c      the same for the whole shop
 *   sim_plan.c      sagas by chance
 *   sim_model.c     what a trip may send (and sim_model_see.c)
 *   sim_orders.c    what an order may do
 *   sim_hostile.c   what strangers send
 *   sim_fault.c     what goes wrong, and when
 *   sim_directed.c  the same at one exact moment, without chance
 *   sim_operator.c  deploys, held streams, resends
 *   sim_replay.c    a shard rebuilt in a scratch file, through its generations
 *   sim_check.c     what must hold in the end
 *   sim_main.c      seeds, figures, exit status */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "sim_service.h"

#include <evt/due.h>
#include <evt/shard.h>
#include <evt/sim_disk.h>
#include <evt/sim_log.h>
#include <evt/sim_queue.h>
#include <evt/sim_rand.h>
#include <evt/snapshot.h>

enum {
    SIM_SEATS_MAX = 6,  /* of a process: two partitions, and two of each of two subscriptions */
    SIM_NODES_MAX = 28, /* zombies included */
    SIM_CALLS_MAX = 8192,
    SIM_ORDERS_MAX = 96,
    SIM_MAILS_MAX = 4 * SIM_ORDERS_MAX,
    SIM_SKUS = 8,
    SIM_SHARDS_MAX = 16,
    SIM_TABLES_MAX = 24,
    SIM_TRIPS_KEPT = 16
};

/* What goes wrong. Each is counted when it happened, not when it was planned. */
#define SIM_FAULTS(X)                                                                              \
    X(KILL, "kill")                                                                                \
    X(STOP, "clean stop")                                                                          \
    X(KILL_DISK, "kill at a disk operation")                                                       \
    X(POWER_CUT, "power cut")                                                                      \
    X(PRODUCER, "producer error")                                                                  \
    X(REPORT_LATE, "late report")                                                                  \
    X(REFUSE, "destination refuses")                                                               \
    X(RECONNECT, "reconnect")                                                                      \
    X(SLOW, "slow shard")                                                                          \
    X(DISK_FULL, "disk full")                                                                      \
    X(WRITE_ERROR, "write error")                                                                  \
    X(SYNC_ERROR, "fsync error")                                                                   \
    X(NOMEM, "allocation failed")                                                                  \
    X(NIGHT, "everything off for a day")                                                           \
    X(PARKED, "call parked")                                                                       \
    X(ANSWER_LOST, "answer of a call lost")                                                        \
    X(OUTCOME_LOST, "outcome or timer lost")                                                       \
    X(OUTCOME_REPEATED, "outcome or timer repeated")                                               \
    X(STORE_DELETED, "store deleted")                                                              \
    X(STORE_OLD, "old store restored")                                                             \
    X(TAIL_LOST, "log tail lost")                                                                  \
    X(TAIL_REFILLED, "log tail lost and refilled")                                                 \
    X(RECREATED, "topic recreated")                                                                \
    X(ZOMBIE, "second owner")                                                                      \
    X(ZOMBIE_OLD, "second owner of the older generation")                                          \
    X(DEPLOY, "deploy")                                                                            \
    X(DEPLOY_KILL, "deploy with a kill")                                                           \
    X(DEPLOY_POWER, "deploy with a power cut")                                                     \
    X(DEPLOY_MISSING, "deploy with the old version away")                                          \
    X(NEW_TYPE, "new type before its receiver")                                                    \
    X(RESEND, "resend beside traffic")                                                             \
    X(HOSTILE, "hostile record")                                                                   \
    X(HOLE, "hole in a log")                                                                       \
    X(PSP_AWAY, "payment provider away")                                                           \
    X(MAIL_AWAY, "mail server away")                                                               \
    /* What follows is not planned: it comes with what customers and the world outside do. */      \
    X(PSP_ERROR, "error page of the payment provider")                                             \
    X(PSP_SLOW, "request that arrives when nobody waits any more")                                 \
    X(PSP_TWICE, "answer that comes twice")                                                        \
    X(DECLINED, "card declined")                                                                   \
    X(CAPTURE_REFUSED, "capture refused")                                                          \
    X(REFUND_REFUSED, "refund refused")                                                            \
    X(VOID_REFUSED, "void refused")                                                                \
    X(MAIL_DEFERRED, "mail deferred")                                                              \
    X(MAIL_REFUSED, "mail refused")                                                                \
    X(STOCK_GONE, "stock gone after the payment")
enum sim_fault {
#define SIM_FAULT_ENUM(name, text) SIM_FAULT_##name,
    SIM_FAULTS(SIM_FAULT_ENUM)
#undef SIM_FAULT_ENUM
        SIM_FAULT_KINDS,
    SIM_FAULTS_PLANNED = SIM_FAULT_PSP_ERROR
};
const char *sim_fault_str(enum sim_fault fault);

struct sim_stats {
    uint64_t histories, records, faults[SIM_FAULT_KINDS];
    uint64_t held, dead_letters, rebuilds, restarts, refusals, effects;
    uint64_t trips, trips_undone, trips_retried, trips_settled;
    uint64_t orders, confirmed, rejected, cancelled, refunded, orders_retried;
};

struct sim_world;
struct sim_directed;
struct sim_node;

enum sim_seat_state {
    SIM_SEAT_DOWN,
    SIM_SEAT_OPENING,
    SIM_SEAT_JOINING,
    SIM_SEAT_RUNNING,
    SIM_SEAT_WAITING, /* for the reports of its batch */
};

/* One shard as a process runs it. */
struct sim_seat {
    struct sim_node *node;
    const struct evt_subscription *sub; /* NULL: the service's own inbox */
    struct evt_sim_partition *part;     /* the log that it reads */
    char path[64];
    int generation; /* of the binary that runs it */
    enum sim_seat_state state;
    uint64_t life; /* counts starts, rollbacks of fate: events of an older one are ignored */
    struct evt_shard *sh;
    struct evt_due *due;
    uint32_t epoch; /* of the log, when it was joined last */
    int64_t end_at_join;
    int64_t begun_us;
    size_t batch_max;
    uint64_t batch; /* numbers batches, for reports */
    size_t waiting, reported;
    uint64_t ticket; /* of the step that comes next */
    bool idle;
    char was[192];          /* its source before its log was created anew; "": it was not */
    bool must_notice;       /* the log lost what this store had committed */
    bool must_notice_batch; /* … what its open transaction, which is sent, had applied */
    bool no_hold_back;      /* a proof did not match: rebuild with everything sent */
    int64_t step_us;        /* how long a step takes */
    int retries;
};

/* What a group's offset and its metadata say of a shard. */
struct sim_group {
    char name[32];
    int32_t partition;
    int64_t offset; /* -1: never committed */
    char proof[EVT_PROOF_LEN];
};

struct sim_lane; /* a producer's queue to one partition */

struct sim_node {
    struct sim_world *world;
    enum sim_kind kind;
    bool zombie;
    bool up;
    char folder[24];
    struct evt_sim_process process;
    struct sim_seat seats[SIM_SEATS_MAX];
    size_t seats_n;
    struct sim_lane *lanes;
    uint64_t producer; /* counts producers: reports of an older one are ignored */
    uint64_t life;
    bool cut_at_burst; /* it ends when it sends next, as `cut_as` */
    enum sim_fault cut_as;
    enum sim_fault armed; /* what `process.fault` will be counted as */
    /* Set while a step runs, looked at after it. */
    enum evt_err exit_code;
    struct sim_seat *exit_seat;
    char exit_text[256];
};

struct sim_effect {
    char key[64], ref[48], name[12];
    bool refused;
    int64_t known_ms;
    int status; /* of a payment provider's answer, which it repeats */
    const char *body;
};

/* A payment, in its provider's books. */
struct sim_intent {
    char id[16], order_id[48], token[40], status[20];
    int64_t amount_minor, refunded_minor;
    int refusals; /* of refunds and voids, so far */
};

/* A mail by its Message-ID, at the server. */
struct sim_mail {
    char ref[48], key[64]; /* of the call that brought it first, or tries to */
    int delivered;
    bool unsure; /* that call was told otherwise at some time, or nothing */
};

/* A call, on its way to the world outside. */
struct sim_request {
    struct sim_seat *seat;
    uint64_t seat_life;
    int64_t id, sent_us;
    int attempt;
    char key[64], ref[48], name[12];
    struct evt_bytes bytes;
    bool reached; /* it gets there */
    bool told;    /* the answer gets back */
    enum evt_call_end end;
    const char *response;
};

/* What a customer ordered. */
struct sim_order {
    char id[24];
    const char *token, *email;
    bool hopeless;      /* it cannot be confirmed */
    char cancel_id[40]; /* of the command; "": none was sent */
};

struct sim_hostile {
    const struct evt_sim_partition *part;
    int64_t offset;
};

struct sim_world {
    uint64_t seed;
    bool trace;
    bool lossy;   /* a log lost records: what depends on them is not checked */
    bool healing; /* faults are over */
    struct evt_sim_rand clock_rand, fault_rand, script_rand, log_rand;
    struct evt_sim_queue queue;
    struct evt_sim_disk *disk;
    struct evt_sim_log *log;
    struct evt_sim_process scratch;
    struct sim_node nodes[SIM_NODES_MAX];
    size_t nodes_n;
    bool here[SIM_KINDS];      /* the services of this history */
    int generation[SIM_KINDS]; /* that was deployed last */
    struct sim_group groups[SIM_SHARDS_MAX];
    size_t groups_n;
    struct sim_effect effects[SIM_CALLS_MAX];
    size_t effects_n;
    struct sim_hostile hostile[64];
    size_t hostile_n;
    struct sim_intent intents[SIM_ORDERS_MAX];
    size_t intents_n;
    struct sim_mail mails[SIM_MAILS_MAX];
    size_t mails_n;
    struct sim_order orders[SIM_ORDERS_MAX];
    size_t orders_n;
    int64_t prices[SIM_SKUS];      /* as the shop's pages show them */
    int64_t pace;                  /* so many times as slow as others: hours instead of moments */
    bool outage;                   /* something was away for longer than some are patient */
    size_t in_flight;              /* sends, calls and restarts on their way */
    int64_t refuses_until_us[128]; /* by partition's place in the log */
    int64_t provider_away_us, mail_away_us;
    bool reports_late;
    uint64_t births[128]; /* hashes of the first birth records, by partition */
    uint64_t records;     /* appended so far */
    uint64_t steps;
    unsigned commands_n;
    char trips[SIM_TRIPS_KEPT][24]; /* refs of some that were started */
    size_t trips_n, checked_trips;
    struct evt_buf scratch_buf;
    struct sim_stats *stats;
    char failure[512]; /* "" while all holds */
};

/* sim_world.c */
struct sim_world *sim_world_new(struct sim_stats *stats);
void sim_world_free(struct sim_world *world);
/* Runs the history of a seed. False: `failure` says why. */
bool sim_world_run(struct sim_world *world, uint64_t seed, bool trace);
bool sim_world_run_directed(struct sim_world *world, const struct sim_directed *directed,
                            bool trace);
int64_t sim_now_ms(const struct sim_world *world);
void sim_trace(struct sim_world *world, const char *fmt, ...) EVT_PRINTF(2, 3);
void sim_fail(struct sim_world *world, const char *fmt, ...) EVT_PRINTF(2, 3);
void sim_count(struct sim_world *world, enum sim_fault fault);
const struct evt_record *sim_append(struct sim_world *world, struct evt_sim_partition *part,
                                    const struct evt_send *send);
/* An unnumbered message to one partition, with our headers. */
const struct evt_record *sim_append_message(struct sim_world *world, struct evt_sim_partition *part,
                                            const char *source, const char *id,
                                            const struct evt_type *type, const void *msg,
                                            const char *key);
void sim_birth(struct sim_world *world, struct evt_sim_partition *part);
size_t sim_partition_place(const struct sim_world *world, const struct evt_sim_partition *part);
const char *sim_kind_name(enum sim_kind kind);
enum sim_kind sim_some_kind(struct sim_world *world, struct evt_sim_rand *rand);
struct evt_sim_partition *sim_inbox(struct sim_world *world, enum sim_kind kind, int32_t partition);

/* sim_template.c */
#define SIM_TEMPLATES "/template/"
void sim_templates_make(struct sim_world *world);
/* Puts a store that has applied the birth only where there is none. */
void sim_template_use(struct sim_world *world, enum sim_kind kind,
                      const struct evt_subscription *sub, const struct evt_sim_partition *part,
                      const char *path);

/* sim_node.c */
struct sim_node *sim_node_add(struct sim_world *world, enum sim_kind kind, int32_t partition,
                              bool zombie);
void sim_node_start(struct sim_node *node);
void sim_node_kill(struct sim_node *node, bool power_cut);
void sim_node_stop(struct sim_node *node); /* closes everything first */
void sim_node_restart_in(struct sim_node *node, int64_t us);
/* Runs `fn` in the node's process; deals with whatever happened to it. */
void sim_node_run(struct sim_node *node, void (*fn)(void *arg), void *arg);

/* sim_seat.c */
void sim_seat_schedule(struct sim_seat *seat, int64_t in_us);
void sim_seat_wake(struct sim_world *world, const struct evt_sim_partition *part);
void sim_seat_reported(struct sim_seat *seat, uint64_t life, uint64_t batch);
void sim_seat_reconnect(struct sim_seat *seat);
void sim_seat_producer_failed(struct sim_seat *seat);
void sim_seat_call_ended(struct sim_seat *seat, uint64_t life, int64_t id, enum evt_call_end end,
                         const char *response);
struct evt_shard_options sim_shard_options(struct sim_world *world, enum sim_kind kind,
                                           int generation, const struct evt_subscription *sub,
                                           struct evt_sim_partition *part, const char *path);

/* sim_producer.c */
void sim_producer_send(struct sim_node *node, const struct evt_send *send, struct sim_seat *seat);
/* What is not in the log yet may still get there in part; nothing is reported any more. */
void sim_producer_fail(struct sim_node *node);

/* sim_provider.c */
/* What the provider's books say of a key; NULL: nothing. */
struct sim_effect *sim_provider_find(struct sim_world *world, const char *key);
/* Done for a person, without a call. */
struct sim_effect *sim_provider_do(struct sim_world *world, const char *key, const char *ref,
                                   const char *name);
void sim_provider_call(struct sim_seat *seat, const struct evt_call_request *request);

/* sim_psp.c: what comes of a request, as the service's own caller understands the answer. */
enum evt_call_end sim_psp_call(struct sim_world *world, const struct sim_request *request,
                               struct evt_buf *words);
/* What the books say of a parked call: was it done? And its words. */
bool sim_psp_settle(struct sim_world *world, const char *key, struct evt_buf *words);

/* sim_mail.c: the same. */
enum evt_call_end sim_mail_call(struct sim_world *world, const struct sim_request *request,
                                struct evt_buf *words);
bool sim_mail_settle(struct sim_world *world, const char *ref, struct evt_buf *words);
/* NULL: it was never delivered. */
struct sim_mail *sim_mail_find(struct sim_world *world, const char *ref);

/* sim_shop.c */
#define SIM_TOKEN_FINE     "tok_visa"
#define SIM_TOKEN_DECLINED "tok_chargeDeclined"
#define SIM_TOKEN_ACTION   "tok_authenticationRequired"
#define SIM_TOKEN_CAPTURE  "tok_captureFails" /* authorised, and then not */
#define SIM_TOKEN_REFUND   "tok_refundFails"  /* for a while */
#define SIM_TOKEN_VOID     "tok_voidFails"    /* for a while */
#define SIM_EMAIL_NOBODY   "nobody@example.org"
#define SIM_EMAIL_FULL     "full@example.org"
void sim_shop_open(struct sim_world *world);
void sim_shop_more(struct sim_world *world);
/* A person had to take an order up again: was there a reason? */
void sim_shop_retried(struct sim_world *world, const char *order_id);

/* sim_script.c */
void sim_script_begin(struct sim_world *world);
void sim_script_more(struct sim_world *world);
/* A command to a partition, as it would have come anyway. */
void sim_script_filler(struct sim_world *world, enum sim_kind kind, struct evt_sim_partition *part);

/* A new id of a command; a key of the partition, or of another one. */
void sim_script_command(struct sim_world *world, enum sim_kind kind, const struct evt_type *type,
                        const void *msg, const char *key, const char *id);
void sim_script_id(struct sim_world *world, char *buf, size_t size);
void sim_script_key(struct sim_world *world, const struct evt_sim_partition *part, bool right,
                    char *buf, size_t size);

/* sim_hostile.c */
void sim_hostile(struct sim_world *world);

/* sim_fault.c */
void sim_fault_plan(struct sim_world *world);
/* The node has sent, and nothing of it is reported yet. */
void sim_fault_burst(struct sim_node *node);
/* Everything from `offset` on is lost; whoever had applied it must say so. */
void sim_fault_lose(struct sim_world *world, struct evt_sim_partition *part, int64_t offset);

/* sim_directed.c: histories without chance, in which one thing goes wrong at one exact moment. */
struct sim_directed {
    const char *name;
    /* Called after every event: true once it has made happen what it is for. */
    bool (*happen)(struct sim_world *world);
    bool whole_shop;         /* else the small one */
    enum sim_fault leads_to; /* in whose place something comes of it; 0: nothing that counts */
};
extern const struct sim_directed sim_directed[]; /* ends with {0} */

/* sim_operator.c */
void sim_operator_deploy(struct sim_world *world, enum sim_kind kind);
/* Heals held streams by resends and words; returns how many there were. */
size_t sim_operator_heal(struct sim_world *world);
/* Has what is parked of sagas taken up again, or settles it by the hosts' ledgers; returns how many
 * there were. */
size_t sim_operator_retry(struct sim_world *world);
/* Settles parked calls by the provider's books; returns how many there were. */
size_t sim_operator_settle(struct sim_world *world);
/* After a process ended by itself: what its last words say to do. */
void sim_operator_after_exit(struct sim_node *node);

/* sim_replay.c */
struct sim_table { /* of a store: what its content hash is made of */
    char name[40];
    int64_t rows;
    uint64_t hash;
};
struct sim_tables {
    struct sim_table tables[SIM_TABLES_MAX];
    size_t n;
};
void sim_note_table(void *arg, const char *table, int64_t rows, uint64_t hash);

struct sim_replay {
    void (*send)(void *arg, const struct evt_send *send);
    void (*observe)(void *arg, const struct evt_record *rec, enum evt_outcome outcome,
                    const char *reason);
    void *arg;     /* what a record sends is sent right after it was observed */
    uint64_t hash; /* out: the content of the store */
    struct sim_tables tables;
    int generation; /* that runs, or ran last */
    char source[192];
};
/* The shard's whole log, through its generations, into a scratch file. */
bool sim_replay(struct sim_world *world, enum sim_kind kind, const struct evt_subscription *sub,
                struct evt_sim_partition *part, struct sim_replay *replay);

/* sim_check.c */
void sim_check(struct sim_world *world);

#endif
