/* Codec bench: encode and decode of a ReserveStock beside avro-c's generic values alone.
 *
 * Rounds of both take turns, so that a busy machine slows both, and the medians are compared. Ours
 * includes all of it: frame, schema look-up, guard, struct with its texts. avro-c's floor is its
 * reused value, reader and writer, without guard, frame or anything taken out of or put into it;
 * the line "with fields" adds getting and setting them, which any user of it has to do. */
#include <avro.h>
#include <evt/codec.h>
#include <evt/mem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS    41
#define PER_ROUND 20000

struct reserve {
    const char *order_id;
    int32_t line;
    const char *sku;
    int64_t quantity;
    int64_t deadline;
    const char *trace;
};

static const char reserve_json[] =
    "{\"type\":\"record\",\"name\":\"ReserveStock\",\"namespace\":\"shop.bench.v1\",\"fields\":["
    "{\"name\":\"order_id\",\"type\":\"string\"},{\"name\":\"line\",\"type\":\"int\"},"
    "{\"name\":\"sku\",\"type\":\"string\"},{\"name\":\"quantity\",\"type\":\"long\"},"
    "{\"name\":\"deadline\",\"type\":\"long\"},"
    "{\"name\":\"trace\",\"type\":[\"null\",\"string\"],\"default\":null}]}";

static const struct evt_value int_value = {.shape = EVT_SHAPE_INT, .size = sizeof(int32_t)};
static const struct evt_value long_value = {.shape = EVT_SHAPE_LONG, .size = sizeof(int64_t)};
static const struct evt_value text_value = {.shape = EVT_SHAPE_STRING, .size = sizeof(char *)};
static const struct evt_field fields[] = {
    {.name = "order_id", .value = &text_value, .offset = offsetof(struct reserve, order_id)},
    {.name = "line", .value = &int_value, .offset = offsetof(struct reserve, line)},
    {.name = "sku", .value = &text_value, .offset = offsetof(struct reserve, sku)},
    {.name = "quantity", .value = &long_value, .offset = offsetof(struct reserve, quantity)},
    {.name = "deadline", .value = &long_value, .offset = offsetof(struct reserve, deadline)},
    {.name = "trace",
     .value = &text_value,
     .offset = offsetof(struct reserve, trace),
     .optional = true,
     .has_default = true},
};
static const struct reserve defaults = {.order_id = "", .sku = ""};
static const struct evt_fields reserve_fields = {
    "shop.bench.v1.ReserveStock", NULL, sizeof(struct reserve), &defaults, fields, 6};
static const struct evt_schema schemas[] = {{1, 1, reserve_json, sizeof(reserve_json) - 1, ""}};
static const struct evt_type type = {.name = "shop.bench.v1.ReserveStock",
                                     .schemas = schemas,
                                     .schemas_n = 1,
                                     .fields = &reserve_fields,
                                     .size = sizeof(struct reserve)};
static const struct evt_type *const types[] = {&type};
static const struct evt_schema_ref refs[] = {{1, &type, schemas}};
static const struct evt_registry registry = {.types = types,
                                             .types_n = 1,
                                             .refs = refs,
                                             .refs_n = 1};

static const struct reserve sample = {
    .order_id = "0193a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b",
    .line = 3,
    .sku = "espresso-beans-1kg",
    .quantity = 12,
    .deadline = 1795262400000,
    .trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
};

struct bench {
    struct evt_buf buf;
    struct evt_arena arena;
    avro_value_t value;
    avro_reader_t reader;
    avro_writer_t writer;
    char room[512];
    size_t sum; /* keeps the compiler from leaving work out */
};

static void need(int rc)
{
    if (rc != 0) {
        fprintf(stderr, "%s\n", avro_strerror());
        exit(EXIT_FAILURE);
    }
}

static void ours_encode(struct bench *bench)
{
    struct evt_error err;

    evt_buf_clear(&bench->buf);
    need((int)evt_type_encode(&type, &sample, &bench->buf, &err));
    bench->sum += bench->buf.len;
}

static void ours_decode(struct bench *bench)
{
    struct reserve msg;
    struct evt_error err;

    need((int)evt_type_decode(&registry, &type, bench->buf.data, bench->buf.len, &bench->arena,
                              &msg, &err));
    bench->sum += (size_t)msg.quantity;
    evt_arena_reset(&bench->arena);
}

static void avro_encode(struct bench *bench)
{
    avro_writer_memory_set_dest(bench->writer, bench->room, sizeof(bench->room));
    need(avro_value_write(bench->writer, &bench->value));
    bench->sum += (size_t)avro_writer_tell(bench->writer);
}

static void avro_decode(struct bench *bench)
{
    avro_reader_memory_set_source(bench->reader, (const char *)bench->buf.data + EVT_FRAME_LEN,
                                  (int64_t)bench->buf.len - EVT_FRAME_LEN);
    need(avro_value_read(bench->reader, &bench->value));
}

static avro_value_t field_of(struct bench *bench, size_t at)
{
    avro_value_t field = {0};

    need(avro_value_get_by_index(&bench->value, at, &field, NULL));
    return field;
}

static void avro_set(struct bench *bench)
{
    avro_value_t field = field_of(bench, 0), branch;

    need(avro_value_set_string(&field, sample.order_id));
    field = field_of(bench, 1);
    need(avro_value_set_int(&field, sample.line));
    field = field_of(bench, 2);
    need(avro_value_set_string(&field, sample.sku));
    field = field_of(bench, 3);
    need(avro_value_set_long(&field, sample.quantity));
    field = field_of(bench, 4);
    need(avro_value_set_long(&field, sample.deadline));
    field = field_of(bench, 5);
    need(avro_value_set_branch(&field, 1, &branch));
    need(avro_value_set_string(&branch, sample.trace));
}

static void avro_get(struct bench *bench)
{
    avro_value_t field = field_of(bench, 0), branch;
    struct reserve msg;
    size_t len;

    need(avro_value_get_string(&field, &msg.order_id, &len));
    field = field_of(bench, 1);
    need(avro_value_get_int(&field, &msg.line));
    field = field_of(bench, 2);
    need(avro_value_get_string(&field, &msg.sku, &len));
    field = field_of(bench, 3);
    need(avro_value_get_long(&field, &msg.quantity));
    field = field_of(bench, 4);
    need(avro_value_get_long(&field, &msg.deadline));
    field = field_of(bench, 5);
    need(avro_value_get_current_branch(&field, &branch));
    need(avro_value_get_string(&branch, &msg.trace, &len));
    bench->sum += (size_t)msg.quantity + len;
}

static void avro_set_encode(struct bench *bench)
{
    avro_set(bench);
    avro_encode(bench);
}

static void avro_decode_get(struct bench *bench)
{
    avro_decode(bench);
    avro_get(bench);
}

static double round_ns(struct bench *bench, void (*work)(struct bench *bench))
{
    struct timespec begin, end;
    int i;

    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (i = 0; i < PER_ROUND; i++)
        work(bench);
    clock_gettime(CLOCK_MONOTONIC, &end);
    return ((double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec)) /
           PER_ROUND;
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static double median(double rounds[ROUNDS])
{
    qsort(rounds, ROUNDS, sizeof(rounds[0]), by_size);
    return rounds[ROUNDS / 2];
}

static void compare(struct bench *bench, const char *name, void (*ours)(struct bench *bench),
                    void (*floor)(struct bench *bench), void (*whole)(struct bench *bench))
{
    double ours_ns[ROUNDS], floor_ns[ROUNDS], whole_ns[ROUNDS], a, b, c;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        ours_ns[i] = round_ns(bench, ours);
        floor_ns[i] = round_ns(bench, floor);
        whole_ns[i] = round_ns(bench, whole);
    }
    a = median(ours_ns);
    b = median(floor_ns);
    c = median(whole_ns);
    printf("bench=codec_%s bytes=%zu ours_ns=%.0f avro_ns=%.0f avro_with_fields_ns=%.0f ratio=%.2f "
           "aim=1.30\n",
           name, bench->buf.len, a, b, c, a / b);
}

int main(void)
{
    struct bench bench = {0};
    avro_schema_t schema;
    avro_value_iface_t *iface;

    need(avro_schema_from_json_length(reserve_json, sizeof(reserve_json) - 1, &schema));
    iface = avro_generic_class_from_schema(schema);
    need(avro_generic_value_new(iface, &bench.value));
    bench.reader = avro_reader_memory(NULL, 0);
    bench.writer = avro_writer_memory(bench.room, sizeof(bench.room));
    avro_set(&bench);
    ours_encode(&bench);
    compare(&bench, "encode", ours_encode, avro_encode, avro_set_encode);
    compare(&bench, "decode", ours_decode, avro_decode, avro_decode_get);
    avro_reader_free(bench.reader);
    avro_writer_free(bench.writer);
    avro_value_decref(&bench.value);
    avro_value_iface_decref(iface);
    avro_schema_decref(schema);
    evt_buf_release(&bench.buf);
    evt_arena_release(&bench.arena);
    return bench.sum ? EXIT_SUCCESS : EXIT_FAILURE;
}
