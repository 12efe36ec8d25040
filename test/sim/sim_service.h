/* Sim service: the services that run in the simulator, each in two generations.
 *
 * product is the real one. The scripted ones record every application of a message, a timer and an
 * outcome in tables, so that what is lost or applied twice can be seen afterwards:
 *
 *   order    a buyer: reserves stock and charges an account, then buys, gives back or waits
 *   bank     an outside call for each charge and refund, a timer beside it
 *   watcher  counts the facts of product and bank, which come by subscriptions
 *   trip     sagas that are made up from the seed
 *   host     does what trips ask for, and undoes it, when and if it likes
 *
 * In the histories of the whole shop the real order, payment and notify services run instead of
 * them, beside the real product service. Their generation 2 decides the same, only that orders
 * begin on a second definition of the saga.
 *
 * Generation 2 of the scripted ones decides otherwise, has one more migration and knows two more
 * types. */
#ifndef SIM_SERVICE_H
#define SIM_SERVICE_H

#include "events/product.h"
#include "events/sim.h"

#include <evt/evt.h>

enum sim_kind {
    SIM_PRODUCT,
    SIM_ORDER,
    SIM_BANK,
    SIM_WATCHER,
    SIM_TRIP,
    SIM_HOST,
    SIM_SHOP, /* the real order service, which has the buyer's name */
    SIM_PAYMENT,
    SIM_NOTIFY,
    SIM_KINDS
};
/* Its handlers note in tables of ours what they take. */
bool sim_is_scripted(enum sim_kind kind);

/* `generation` is 1 or 2. */
const struct evt_service *sim_service(enum sim_kind kind, int generation);
enum { SIM_GENERATIONS = 2 };
/* Registries that differ between the generations; once per program. */
void sim_services_init(void);

extern const struct evt_service sim_buyer[SIM_GENERATIONS];
extern const struct evt_service sim_bank[SIM_GENERATIONS];
extern const struct evt_service sim_watcher[SIM_GENERATIONS];
extern const struct evt_service sim_trip[SIM_GENERATIONS];
extern const struct evt_service sim_host[SIM_GENERATIONS];
extern struct evt_registry sim_registry[SIM_GENERATIONS];

/* The first statements and tables of each scripted service. */
#define SIM_STATEMENTS                                                                             \
    "INSERT INTO seen VALUES (?1, ?2, ?3, 1) ON CONFLICT (source, id) DO UPDATE SET n = n + 1",    \
        "INSERT INTO fired VALUES (?1, ?2, 1) ON CONFLICT (timer_id) DO UPDATE SET n = n + 1",     \
        "INSERT INTO ended VALUES (?1, ?2, 1) ON CONFLICT (call_id) DO UPDATE SET n = n + 1"
enum sim_statement {
    SIM_STATEMENT_SEEN,
    SIM_STATEMENT_FIRED,
    SIM_STATEMENT_ENDED,
    SIM_STATEMENTS_N /* a service's own begin here */
};
#define SIM_TABLES                                                                                 \
    "CREATE TABLE seen (source TEXT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,"               \
    " n INTEGER NOT NULL, PRIMARY KEY (source, id)) STRICT, WITHOUT ROWID;"                        \
    "CREATE TABLE fired (timer_id INTEGER PRIMARY KEY, name TEXT NOT NULL, n INTEGER NOT NULL)"    \
    " STRICT;"                                                                                     \
    "CREATE TABLE ended (call_id INTEGER PRIMARY KEY, name TEXT NOT NULL, n INTEGER NOT NULL)"     \
    " STRICT;"

EVT_MUST_USE enum evt_err sim_seen(struct evt_ctx *ctx, const struct evt_type *type,
                                   struct evt_error *err);
EVT_MUST_USE enum evt_err sim_fired(struct evt_ctx *ctx, const struct evt_timer *timer,
                                    struct evt_error *err);
EVT_MUST_USE enum evt_err sim_ended(struct evt_ctx *ctx, const struct evt_call_result *result,
                                    struct evt_error *err);

#endif
