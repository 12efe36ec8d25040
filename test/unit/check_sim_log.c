/* The simulated log, its clock and its chance: what the histories take for granted. */
#include <evt/sim_log.h>
#include <evt/sim_queue.h>
#include <evt/sim_rand.h>

#include <string.h>

#include "test/lib/suite.h"

static const struct evt_topic topic = {.name = "shop.a.inbox.v1",
                                       .stream = "a.inbox",
                                       .service = "a",
                                       .partitions = 2};
static struct evt_sim_log *history;
static struct evt_sim_partition *part;

static void setup(void)
{
    history = evt_sim_log_new();
    evt_sim_log_create(history, &topic);
    part = evt_sim_log_find(history, "shop.a.inbox.v1", 1);
}

static void teardown(void)
{
    evt_sim_log_free(history);
}

static void append(const char *key, const char *value)
{
    const struct evt_header headers[] = {{"ce_id", "1", 1}, {"empty", NULL, 0}};
    const struct evt_send send = {.topic = topic.name,
                                  .partition = 1,
                                  .key = key,
                                  .key_len = strlen(key),
                                  .value = value,
                                  .value_len = value == NULL ? 0 : strlen(value),
                                  .headers = headers,
                                  .headers_n = 2};

    evt_sim_log_append(history, part, &send, 7);
}

START_TEST(records_are_copied_whole)
{
    char key[] = "key";
    const struct evt_record *rec;

    setup();
    append(key, NULL);
    key[0] = 'x';
    rec = evt_sim_log_at(part, 0);
    ck_assert_ptr_nonnull(rec);
    ck_assert_str_eq(rec->topic, topic.name);
    ck_assert_int_eq(rec->partition, 1);
    ck_assert_int_eq(rec->time_ms, 7);
    ck_assert_mem_eq(rec->key, "key", 3);
    ck_assert_ptr_null(rec->value);
    ck_assert_uint_eq(rec->headers_n, 2);
    ck_assert_str_eq(rec->headers[0].name, "ce_id");
    ck_assert_mem_eq(rec->headers[0].value, "1", 1);
    ck_assert_ptr_null(rec->headers[1].value);
    teardown();
}
END_TEST

START_TEST(holes_are_skipped)
{
    setup();
    append("a", "1");
    evt_sim_log_hole(part, 3);
    append("b", "2");
    ck_assert_int_eq(part->next, 5);
    ck_assert_ptr_null(evt_sim_log_at(part, 2));
    ck_assert_int_eq(evt_sim_log_from(part, 1)->offset, 4);
    ck_assert_int_eq(evt_sim_log_from(part, 4)->offset, 4);
    ck_assert_ptr_null(evt_sim_log_from(part, 5));
    teardown();
}
END_TEST

START_TEST(a_lost_tail_gives_its_offsets_away_again)
{
    setup();
    append("a", "1");
    append("b", "2");
    append("c", "3");
    evt_sim_log_truncate(part, 1);
    ck_assert_uint_eq(part->epoch, 1);
    ck_assert_ptr_null(evt_sim_log_from(part, 1));
    append("d", "4");
    ck_assert_mem_eq(evt_sim_log_at(part, 1)->key, "d", 1);
    ck_assert_uint_eq(part->n, 2);
    teardown();
}
END_TEST

START_TEST(a_recreated_partition_begins_at_0)
{
    setup();
    append("a", "1");
    evt_sim_log_recreate(part);
    ck_assert_uint_eq(part->epoch, 1);
    append("b", "2");
    ck_assert_mem_eq(evt_sim_log_at(part, 0)->key, "b", 1);
    teardown();
}
END_TEST

START_TEST(a_reset_log_is_empty)
{
    setup();
    for (int i = 0; i < 5000; i++)
        append("a", "a value of some length, so that more than one block of memory is needed");
    evt_sim_log_reset(history);
    ck_assert_ptr_null(evt_sim_log_find(history, topic.name, 1));
    ck_assert_ptr_null(evt_sim_log_nth(history, 0));
    evt_sim_log_create(history, &topic);
    part = evt_sim_log_find(history, topic.name, 1);
    ck_assert_ptr_eq(part, evt_sim_log_nth(history, 1));
    ck_assert_uint_eq(part->n, 0);
    append("b", "2");
    ck_assert_mem_eq(evt_sim_log_at(part, 0)->key, "b", 1);
    ck_assert_ptr_null(evt_sim_log_find(history, topic.name, 2));
    ck_assert_ptr_null(evt_sim_log_find(history, "other", 0));
    teardown();
}
END_TEST

START_TEST(kept_sends_are_copies)
{
    char key[] = "key";
    const struct evt_header header = {"ce_id", key, 3};
    const struct evt_send send = {.topic = topic.name,
                                  .partition = 1,
                                  .key = key,
                                  .key_len = 3,
                                  .headers = &header,
                                  .headers_n = 1};
    const struct evt_send *copy;

    setup();
    copy = evt_sim_log_keep(history, &send);
    key[0] = 'x';
    ck_assert_mem_eq(copy->key, "key", 3);
    ck_assert_mem_eq(copy->headers[0].value, "key", 3);
    ck_assert_int_eq(copy->partition, 1);
    teardown();
}
END_TEST

static char letters[] = "abcdx";
static char order[16];

static void note(void *self, void *what, uint64_t life)
{
    struct evt_sim_queue *queue = self;
    const size_t len = strlen(order);

    order[len] = *(const char *)what;
    if (life == 1) /* the past is now */
        evt_sim_queue_add(queue, 0, note, queue, &letters[4], 0);
}

START_TEST(events_come_by_time_and_then_in_order)
{
    struct evt_sim_queue queue = {.n = 0};

    memset(order, 0, sizeof order);
    evt_sim_queue_reset(&queue, 100);
    evt_sim_queue_add(&queue, 300, note, &queue, &letters[3], 0);
    evt_sim_queue_add(&queue, 200, note, &queue, &letters[1], 1);
    evt_sim_queue_add(&queue, 200, note, &queue, &letters[2], 0);
    evt_sim_queue_add(&queue, 150, note, &queue, &letters[0], 0);
    ck_assert(evt_sim_queue_run(&queue));
    ck_assert_int_eq(queue.now_us, 150);
    while (evt_sim_queue_run(&queue))
        ;
    ck_assert_str_eq(order, "abcxd");
    ck_assert_int_eq(queue.now_us, 300);
    evt_sim_queue_release(&queue);
}
END_TEST

START_TEST(a_long_queue_is_sorted)
{
    struct evt_sim_queue queue = {.n = 0};
    struct evt_sim_rand rand;
    int64_t before = 0;

    memset(order, 0, sizeof order);
    evt_sim_rand_init(&rand, 3, 0);
    evt_sim_queue_reset(&queue, 0);
    for (int i = 0; i < 2000; i++)
        evt_sim_queue_add(&queue, evt_sim_rand_between(&rand, 0, 500), note, &queue, &letters[5],
                          0);
    for (int i = 0; i < 2000; i++) {
        ck_assert(evt_sim_queue_run(&queue));
        ck_assert_int_ge(queue.now_us, before);
        before = queue.now_us;
    }
    ck_assert(!evt_sim_queue_run(&queue));
    evt_sim_queue_release(&queue);
}
END_TEST

START_TEST(chance_repeats_with_its_seed_and_purpose)
{
    struct evt_sim_rand a, b, other, purpose;
    uint8_t bytes[13] = {0}, zeros[13] = {0};
    int yes = 0;

    evt_sim_rand_init(&a, 1, 1);
    evt_sim_rand_init(&b, 1, 1);
    evt_sim_rand_init(&other, 2, 1);
    evt_sim_rand_init(&purpose, 1, 2);
    for (int i = 0; i < 100; i++) {
        const uint64_t drawn = evt_sim_rand_u64(&a);

        ck_assert_uint_eq(drawn, evt_sim_rand_u64(&b));
        ck_assert_uint_ne(drawn, evt_sim_rand_u64(&other));
        ck_assert_uint_ne(drawn, evt_sim_rand_u64(&purpose));
    }
    for (int i = 0; i < 10000; i++) {
        const int64_t drawn = evt_sim_rand_between(&a, -2, 2);

        ck_assert(drawn >= -2 && drawn <= 2);
        yes += evt_sim_rand_chance(&a, 250);
    }
    ck_assert(yes > 2300 && yes < 2700);
    evt_sim_rand_fill(&a, bytes, sizeof bytes);
    ck_assert_mem_ne(bytes, zeros, sizeof bytes);
}
END_TEST

SUITE("sim_log", records_are_copied_whole, holes_are_skipped,
      a_lost_tail_gives_its_offsets_away_again, a_recreated_partition_begins_at_0,
      a_reset_log_is_empty, kept_sends_are_copies, events_come_by_time_and_then_in_order,
      a_long_queue_is_sorted, chance_repeats_with_its_seed_and_purpose)
