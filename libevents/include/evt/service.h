/* Service: what a service is, as data. main.c of a service holds one of these and nothing else. */
#ifndef EVT_SERVICE_H
#define EVT_SERVICE_H

#include <evt/ctx.h>
#include <evt/err.h>
#include <evt/type.h>
#include <stdint.h>

/* One message type and the function that takes it. */
struct evt_handler {
    const struct evt_type *type;
    void (*fn)(void); /* called through type->call, as what it is */
};
/* EVT_ON(product_reserve_stock, handle_reserve_stock): the generated type, our function. The
 * conditional makes the compiler compare the function with the type's own. */
#define EVT_ON(symbol, function)                                                                   \
    {                                                                                              \
        .type = &symbol##_type, .fn = (void (*)(void))(1 ? (function) : (symbol##_fn *)0)          \
    }

/* A timer that came due. `ref` is what evt_timer_set was given. */
struct evt_timer {
    int64_t id;
    const char *name;
    int64_t due_ms;
    const char *ref;
};
struct evt_timer_handler {
    const char *name;
    enum evt_err (*fn)(struct evt_ctx *ctx, const struct evt_timer *timer, struct evt_error *err);
};

/* How an outside call ended. Anything but a definite answer is unknown, never a failure: the same
 * call with the same key is made again. One that cannot be made is parked: a person decides. A
 * handler sees neither. */
enum evt_call_end {
    EVT_CALL_END_OK,
    EVT_CALL_END_REFUSED,
    EVT_CALL_END_UNKNOWN,
    EVT_CALL_END_PARKED
};
struct evt_call_result {
    int64_t id;
    const char *name;
    const char *ref;
    enum evt_call_end end; /* OK or REFUSED */
    struct evt_bytes response;
};
struct evt_call_handler {
    const char *name;
    enum evt_err (*fn)(struct evt_ctx *ctx, const struct evt_call_result *result,
                       struct evt_error *err);
};

/* sql/NNNN-*.sql, embedded by the build in order. */
struct evt_migration {
    uint32_t number; /* from 1, dense */
    const char *name;
    const char *sql;
};

/* What is wrong with the values of a service's options, told one by one. */
struct evt_faults;
/* In words that name the option and say what to do. */
void evt_fault(struct evt_faults *faults, const char *fmt, ...) EVT_PRINTF(2, 3);
/* Is it a whole address with a host, of one of these schemes (the last one NULL), and without what
 * belongs to an option of its own: a user, a password? */
bool evt_url_fits(const char *url, const char *const *schemes);

struct evt_caller;
struct evt_command;
struct evt_conf;
struct evt_option;
struct evt_route;
struct evt_saga;

struct evt_service {
    const char *name;
    uint32_t generation; /* bumped when decisions change; from 1 */
    const struct evt_registry *registry;
    const struct evt_handler *handlers;     /* ends with {0} */
    const struct evt_timer_handler *timers; /* ends with {0}; NULL: none */
    const struct evt_call_handler *calls;   /* ends with {0}; NULL: none */
    /* How each of these calls is carried out (caller.h), ends with {0}. NULL: a process refuses to
     * start when there are calls; tests and the simulator have their own ways. */
    const struct evt_caller *callers;
    const struct evt_saga *const *sagas; /* definitions, old ones too; ends with NULL; NULL: none */
    const struct evt_migration *migrations; /* ends with {0}; NULL: none */
    const char *const *statements;          /* by the service's own enum, ends with NULL */
    const struct evt_route *routes;         /* its HTTP side (http.h), ends with {0}; NULL: none */
    /* Its own of `run` and `check` (conf.h), ends with {0}; NULL: none. */
    const struct evt_option *options;
    /* What the table cannot say of their values, looked at before anything is made: a start refuses
     * and `check` lists all that is told. It makes nothing and asks nobody. NULL: nothing. */
    void (*check_options)(const struct evt_conf *conf, struct evt_faults *faults);
    /* Its own sub-commands (command.h), which have its options, too; ends with {0}; NULL: none.
     * `arg` is nothing that they know. */
    const struct evt_command *commands;
};

/* Does its inbox take it? What topics.json declares of the service decides, and nothing else that
 * this build happens to know: the declaration's hash stands for it. */
bool evt_service_takes(const struct evt_service *service, const struct evt_type *type);

/* Is `name` declared as a sender of anything that the service takes? */
bool evt_service_hears(const struct evt_service *service, const char *name);

/* Every message that the service takes has a handler, every handler is for one, names are unique,
 * and where there are callers, each call has one. */
EVT_MUST_USE enum evt_err evt_service_check(const struct evt_service *service,
                                            struct evt_error *err);

#endif
