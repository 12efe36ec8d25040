/* History: a mixed one, lived in batches of any size, with restarts and rollbacks, and built again
 * from its log alone: the same rows, and the same messages in the same order. */
#include "test/lib/core.h"

#include <evt/due.h>
#include <evt/sim_rand.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORDS = 250 };

struct history {
    struct core *core;
    struct evt_sim_rand rand;
    struct core_sender order;
    const struct evt_send *late[4]; /* what a gap holds back */
    size_t late_n;
};

static const char *const skus[] = {"tea",  "reject", "taken", "timer", "call",
                                   "uuid", "look",   "mute",  "busy"};

static const struct evt_send *some_command(struct history *h, int i)
{
    static const char *const names[] = {"tea", "reject it", "refuse it", "detail"};
    char id[16];

    snprintf(id, sizeof(id), "c%d", i / 2); /* some ids come twice, for another request */
    return CREATE(h->core, i % 3 ? "/cli/a" : "/edge/product", id,
                  names[evt_sim_rand_below(&h->rand, 4)]);
}

static const struct evt_send *some_message(struct history *h, int i)
{
    static char ids[RECORDS][16];
    const char *sku = skus[evt_sim_rand_below(&h->rand, sizeof(skus) / sizeof(*skus))];

    snprintf(ids[i], sizeof(ids[0]), "o%d", i);
    return RESERVE(h->core, &h->order, sku, ids[i]);
}

static void append_one(struct history *h, int i)
{
    uint64_t what = evt_sim_rand_below(&h->rand, 10);
    const struct evt_send *send;

    if (what < 3) {
        core_append(h->core, some_command(h, i));
        return;
    }
    send = some_message(h, i);
    if (what == 3 && h->late_n < 4) {
        h->late[h->late_n++] = send;
        return;
    }
    core_append(h->core, send);
    if (what == 4) /* sent again */
        core_append(h->core, send);
    if (what == 5)
        evt_sim_log_hole(h->core->part, 2);
    while (what > 7 && h->late_n > 0)
        core_append(h->core, h->late[--h->late_n]);
}

static void publish(void *self, const struct evt_send *send)
{
    core_append(self, send);
}

/* Every call is refused at once. */
struct calls {
    int64_t ids[64];
    size_t n;
};
static struct calls calls;

static void call(void *self, const struct evt_call_request *request)
{
    (void)self;
    if (calls.n < 64)
        calls.ids[calls.n++] = request->id;
}

static void run_due(struct history *h, struct evt_due *due)
{
    const struct evt_due_driver driver = {h->core, publish, call};
    const struct evt_bytes no = {(const uint8_t *)"no", 2};

    core_ok(h->core, evt_shard_caught_up(h->core->sh, &h->core->err));
    core_ok(h->core, evt_due_run(due, h->core->now_ms, &driver, &h->core->err));
    while (calls.n > 0)
        evt_due_call_ended(due, calls.ids[--calls.n], EVT_CALL_END_REFUSED, no, h->core->now_ms);
}

static void live_some(struct history *h)
{
    fake_product_busy = evt_sim_rand_below(&h->rand, 3) == 0;
    while (core_apply_some(h->core, 1 + evt_sim_rand_below(&h->rand, 12)) != EVT_OK)
        evt_shard_rollback(h->core->sh);
    if (evt_sim_rand_below(&h->rand, 6) == 0)
        evt_shard_rollback(h->core->sh);
    else
        core_ok(h->core, core_commit(h->core));
    if (evt_sim_rand_below(&h->rand, 10) == 0)
        core_restart(h->core);
}

static void live(struct history *h)
{
    struct evt_due *due;

    for (int i = 0; i < RECORDS; i++) {
        append_one(h, i);
        h->core->now_ms += (int64_t)evt_sim_rand_below(&h->rand, 1500);
        if (evt_sim_rand_below(&h->rand, 8) != 0)
            continue;
        live_some(h);
        fake_product_busy = 0;
        core_run(h->core);
        due = evt_due_new(h->core->sh, 1);
        run_due(h, due);
        run_due(h, due);
        evt_due_free(due);
    }
    while (h->late_n > 0)
        core_append(h->core, h->late[--h->late_n]);
    core_run(h->core);
}

static void rebuild(struct history *h, const char *store, uint64_t batch)
{
    struct core *core = h->core;
    const size_t lived_n = core->sent_n;
    uint64_t hash = core_hash(core);

    core_use(core, store);
    core->opt.store.reverse_unordered = true;
    core_start(core);
    do {
        core_ok(core, core_apply_some(core, 1 + evt_sim_rand_below(&h->rand, batch)));
        core_ok(core, core_commit(core));
    } while (evt_sim_log_from(core->part, evt_shard_next_offset(core->sh)));
    ck_assert_uint_eq(core->sent_n, 2 * lived_n);
    for (size_t i = 0; i < lived_n; i++) {
        const struct evt_send *send = core->sent[i], *again = core->sent[lived_n + i];

        ck_assert_str_eq(again->topic, send->topic);
        ck_assert_uint_eq(again->headers_n, send->headers_n);
        for (size_t j = 0; j < send->headers_n; j++)
            ck_assert_mem_eq(again->headers[j].value, send->headers[j].value, send->headers[j].len);
    }
    ck_assert_uint_eq(core_hash(core), hash);
    core->sent_n = lived_n;
}

static void history(uint64_t seed)
{
    struct history h = {.core = core_new(&fake_product)};

    evt_sim_rand_init(&h.rand, seed, 1);
    core_sender(h.core, &h.order, "order");
    live(&h);
    /* It was a mixed one. */
    ck_assert_str_eq(
        core_rows(
            h.core,
            "SELECT (SELECT count(*) FROM evt_answers) > 20, (SELECT count(*) FROM notes) > 99,"
            " (SELECT counter FROM evt_meta) > 20, (SELECT parked FROM evt_marks),"
            " (SELECT count(*) FROM notes WHERE text LIKE 'fired%') > 0,"
            " (SELECT count(*) FROM notes WHERE text LIKE 'bank%') > 0"),
        "1|1|1|0|1|1");
    ck_assert_ptr_nonnull(strstr(core_told(h.core), "drained"));
    rebuild(&h, "one.db", 1);
    rebuild(&h, "some.db", 40);
    rebuild(&h, "all.db", 100000);
    core_free(h.core);
}

START_TEST(a_store_is_a_function_of_its_log)
{
    for (uint64_t seed = 1; seed <= 6; seed++)
        history(seed);
}
END_TEST

SUITE("shard history", a_store_is_a_function_of_its_log)
