/* Second: filling, writing and reading avro-c's generic values. */
#include "second.h"

#include <check.h>
#include <stdlib.h>

/* Deep enough for a tree of some levels, and sure to end. */
#define RANDOM_DEPTH 5

uint64_t second_next(struct second_rand *rand)
{
    uint64_t z = rand->state += 0x9e3779b97f4a7c15; /* splitmix64 */

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

uint64_t second_below(struct second_rand *rand, uint64_t n)
{
    return second_next(rand) % n;
}

void second_open(struct second *second, const char *json, size_t len)
{
    ck_assert_msg(avro_schema_from_json_length(json, len, &second->schema) == 0, "%s",
                  avro_strerror());
    second->iface = avro_generic_class_from_schema(second->schema);
    ck_assert_ptr_nonnull(second->iface);
    ck_assert_int_eq(avro_generic_value_new(second->iface, &second->value), 0);
}

void second_close(struct second *second)
{
    avro_value_decref(&second->value);
    avro_value_iface_decref(second->iface);
    avro_schema_decref(second->schema);
}

/* The edges of the types come as often as anything else. */
static int64_t number_random(struct second_rand *rand, int64_t least, int64_t most)
{
    switch (second_below(rand, 6)) {
    case 0:
        return least;
    case 1:
        return most;
    case 2:
        return (int64_t)second_below(rand, 200) - 100;
    default:
        return (int64_t)((uint64_t)least + second_next(rand) % ((uint64_t)most - (uint64_t)least));
    }
}

static size_t text_random(struct second_rand *rand, char text[64])
{
    static const char *const pieces[] = {"a",    "Z9", "\"", "\\", "\n",
                                         "\x01", "é",  "€",  "😀",  "word "};
    size_t len = 0, n = second_below(rand, 12), i;

    for (i = 0; i < n; i++) {
        const char *piece = pieces[second_below(rand, sizeof(pieces) / sizeof(pieces[0]))];

        memcpy(text + len, piece, strlen(piece));
        len += strlen(piece);
    }
    text[len] = '\0';
    return len + 1;
}

static double real_random(struct second_rand *rand)
{
    static const double reals[] = {0.0,     -0.0, 0.1,        1e300,
                                   -1e-310, 1.0,  123456.789, 3.4028234663852886e38};

    if (second_below(rand, 2))
        return reals[second_below(rand, sizeof(reals) / sizeof(reals[0]))];
    return (double)(int64_t)second_next(rand) / 1e6;
}

static void value_random(avro_value_t *value, struct second_rand *rand, int depth);

static void bytes_random(avro_value_t *value, struct second_rand *rand)
{
    uint8_t bytes[16];
    avro_schema_t schema = avro_value_get_schema(value);
    size_t len = second_below(rand, sizeof(bytes)), i;

    for (i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)second_next(rand);
    if (avro_value_get_type(value) == AVRO_BYTES)
        avro_value_set_bytes(value, bytes, len);
    else
        avro_value_set_fixed(value, bytes, (size_t)avro_schema_fixed_size(schema));
}

static void items_random(avro_value_t *value, struct second_rand *rand, int depth)
{
    size_t n = depth > RANDOM_DEPTH ? 0 : second_below(rand, 4), i;
    avro_value_t item = {0};
    char key[64];
    int is_new;

    for (i = 0; i < n; i++) {
        if (avro_value_get_type(value) == AVRO_ARRAY) {
            ck_assert_int_eq(avro_value_append(value, &item, NULL), 0);
        } else {
            text_random(rand, key);
            ck_assert_int_eq(avro_value_add(value, key, &item, NULL, &is_new), 0);
        }
        value_random(&item, rand, depth + 1);
    }
}

static void record_random(avro_value_t *value, struct second_rand *rand, int depth)
{
    avro_value_t field = {0};
    size_t n = 0, i;

    avro_value_get_size(value, &n);
    for (i = 0; i < n; i++) {
        ck_assert_int_eq(avro_value_get_by_index(value, i, &field, NULL), 0);
        value_random(&field, rand, depth + 1);
    }
}

static void value_random(avro_value_t *value, struct second_rand *rand, int depth)
{
    avro_schema_t schema = avro_value_get_schema(value);
    avro_value_t branch = {0};
    char text[64];
    size_t n;

    switch (avro_value_get_type(value)) {
    case AVRO_STRING:
        n = text_random(rand, text);
        avro_value_set_string_len(value, text, n);
        break;
    case AVRO_BYTES:
    case AVRO_FIXED:
        bytes_random(value, rand);
        break;
    case AVRO_INT32:
        avro_value_set_int(value, (int32_t)number_random(rand, INT32_MIN, INT32_MAX));
        break;
    case AVRO_INT64:
        avro_value_set_long(value, number_random(rand, INT64_MIN, INT64_MAX));
        break;
    case AVRO_FLOAT:
        avro_value_set_float(value, (float)(real_random(rand) / 1e10));
        break;
    case AVRO_DOUBLE:
        avro_value_set_double(value, real_random(rand));
        break;
    case AVRO_BOOLEAN:
        avro_value_set_boolean(value, second_below(rand, 2) == 1);
        break;
    case AVRO_ENUM:
        avro_value_set_enum(
            value, (int)second_below(rand, (uint64_t)avro_schema_enum_number_of_symbols(schema)));
        break;
    case AVRO_RECORD:
        record_random(value, rand, depth);
        break;
    case AVRO_ARRAY:
    case AVRO_MAP:
        items_random(value, rand, depth);
        break;
    case AVRO_UNION:
        ck_assert_int_eq(
            avro_value_set_branch(value, (int)second_below(rand, avro_schema_union_size(schema)),
                                  &branch),
            0);
        value_random(&branch, rand, depth);
        break;
    case AVRO_NULL:
    case AVRO_LINK:
    default: /* avro-c 1.12 has an AVRO_INVALID */
        break;
    }
}

static void value_append(struct second *second, struct evt_buf *buf)
{
    size_t len;
    avro_writer_t writer;
    uint8_t *at;

    ck_assert_int_eq(avro_value_sizeof(&second->value, &len), 0);
    at = evt_buf_grow(buf, len + 1);
    writer = avro_writer_memory((const char *)at, (int64_t)len + 1);
    ck_assert_msg(avro_value_write(writer, &second->value) == 0, "%s", avro_strerror());
    ck_assert_int_eq(avro_writer_tell(writer), (int64_t)len);
    buf->len += len;
    avro_writer_free(writer);
}

void second_random(struct second *second, struct second_rand *rand, struct evt_buf *buf)
{
    avro_value_reset(&second->value);
    value_random(&second->value, rand, 0);
    value_append(second, buf);
}

bool second_rewrite(struct second *second, const uint8_t *bytes, size_t len, struct evt_buf *buf)
{
    avro_reader_t reader = avro_reader_memory((const char *)bytes, (int64_t)len);
    int rc;

    avro_value_reset(&second->value);
    rc = avro_value_read(reader, &second->value);
    avro_reader_free(reader);
    if (rc == 0)
        value_append(second, buf);
    return rc == 0;
}
