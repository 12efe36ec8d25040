/* Codec against avro-c, seeded: random valid values of every type that we have go through both, and
 * so do the same bytes with hostile changes. Whatever the guard lets through avro-c must read, as
 * the same value; whatever we write is what avro-c writes. */
#include <evt/codec.h>
#include <evt/mem.h>
#include <stdlib.h>
#include <string.h>

#include "test/lib/second.h"
#include "test/lib/shapes.h"
#include "test/lib/suite.h"

/* A few seconds under a sanitizer; VALUES=n in the environment for longer. */
#define VALUES  200
#define HOSTILE 25

struct fuzz {
    const struct evt_registry *reg;
    const struct evt_type *type;
    struct second second;
    struct second_rand rand;
    struct evt_arena arena;
    struct evt_buf frame; /* valid or hostile */
    struct evt_buf ours;  /* written by us */
    struct evt_buf text;
    size_t accepted, refused;
};

static size_t values_wanted(void)
{
    const char *text = getenv("VALUES");

    return text ? (size_t)strtoull(text, NULL, 10) : VALUES;
}

static void frame_begin(struct fuzz *fuzz)
{
    uint32_t id = fuzz->type->schemas[fuzz->type->schemas_n - 1].id;
    const uint8_t frame[] = {0, (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8),
                             (uint8_t)id};

    evt_buf_clear(&fuzz->frame);
    evt_buf_add(&fuzz->frame, frame, sizeof(frame));
}

static void same_bytes(const struct evt_buf *a, const struct evt_buf *b)
{
    ck_assert_uint_eq(a->len, b->len);
    ck_assert_mem_eq(a->data, b->data, a->len);
}

/* A valid value: decode, encode, print, parse and decode_new all agree with avro-c's bytes. */
static void valid_check(struct fuzz *fuzz)
{
    void *msg = evt_arena_alloc(&fuzz->arena, fuzz->type->size), *own = NULL;
    struct evt_error err;

    ck_ok(evt_type_decode(fuzz->reg, fuzz->type, fuzz->frame.data, fuzz->frame.len, &fuzz->arena,
                          msg, &err),
          err);
    evt_buf_clear(&fuzz->ours);
    ck_ok(evt_type_encode(fuzz->type, msg, &fuzz->ours, &err), err);
    same_bytes(&fuzz->ours, &fuzz->frame);
    ck_ok(evt_type_decode_new(fuzz->reg, fuzz->type, fuzz->frame.data, fuzz->frame.len, &own, &err),
          err);
    evt_buf_clear(&fuzz->ours);
    ck_ok(evt_type_encode(fuzz->type, own, &fuzz->ours, &err), err);
    same_bytes(&fuzz->ours, &fuzz->frame);
    evt_buf_clear(&fuzz->text);
    evt_type_print(fuzz->type, own, &fuzz->text);
    evt_type_free(own);
    ck_ok(evt_type_parse(fuzz->type, evt_buf_text(&fuzz->text), fuzz->text.len, &fuzz->arena, msg,
                         &err),
          err);
    evt_buf_clear(&fuzz->ours);
    ck_ok(evt_type_encode(fuzz->type, msg, &fuzz->ours, &err), err);
    same_bytes(&fuzz->ours, &fuzz->frame);
}

/* avro-c keeps one of a map's equal keys, we keep both: not to be compared. */
static bool keys_repeat(struct fuzz *fuzz, const void *msg)
{
    void *parsed = evt_arena_alloc(&fuzz->arena, fuzz->type->size);
    struct evt_error err = {0};

    evt_buf_clear(&fuzz->text);
    evt_type_print(fuzz->type, msg, &fuzz->text);
    return evt_type_parse(fuzz->type, evt_buf_text(&fuzz->text), fuzz->text.len, &fuzz->arena,
                          parsed, &err) &&
           strstr(err.text, "duplicate object key");
}

static void hostile_change(struct fuzz *fuzz)
{
    uint8_t *body = fuzz->frame.data + EVT_FRAME_LEN;
    size_t len = fuzz->frame.len - EVT_FRAME_LEN, at = len ? second_below(&fuzz->rand, len) : 0;

    switch (second_below(&fuzz->rand, 6)) {
    case 0: /* a bit */
        if (len)
            body[at] ^= (uint8_t)(1u << second_below(&fuzz->rand, 8));
        break;
    case 1: /* a byte */
        if (len)
            body[at] = (uint8_t)second_next(&fuzz->rand);
        break;
    case 2: /* cut */
        fuzz->frame.len = EVT_FRAME_LEN + at;
        break;
    case 3: /* more */
        evt_buf_add_byte(&fuzz->frame, (uint8_t)second_next(&fuzz->rand));
        break;
    case 4: /* a byte gone */
        if (len) {
            memmove(body + at, body + at + 1, len - at - 1);
            fuzz->frame.len--;
        }
        break;
    default: /* an extreme number */
        for (; at < len && second_below(&fuzz->rand, 10); at++)
            body[at] = 0xff;
    }
}

/* Exact memory, so that a sanitizer sees one byte too far. */
static void hostile_check(struct fuzz *fuzz)
{
    size_t len = fuzz->frame.len;
    uint8_t *exact = evt_memdup(fuzz->frame.data, len);
    void *msg = evt_arena_alloc(&fuzz->arena, fuzz->type->size);
    struct evt_error err = {0};
    enum evt_err code = evt_type_decode(fuzz->reg, fuzz->type, exact, len, &fuzz->arena, msg, &err);

    if (code) {
        fuzz->refused++;
        ck_assert_int_eq(evt_err_class(code), EVT_CLASS_REJECT);
        ck_assert_int_eq(err.code, code);
    } else {
        fuzz->accepted++;
        frame_begin(fuzz);
        ck_assert_msg(second_rewrite(&fuzz->second, exact + EVT_FRAME_LEN, len - EVT_FRAME_LEN,
                                     &fuzz->frame),
                      "avro-c refuses what the guard let through: %s", avro_strerror());
        evt_buf_clear(&fuzz->ours);
        ck_ok(evt_type_encode(fuzz->type, msg, &fuzz->ours, &err), err);
        if (!keys_repeat(fuzz, msg))
            same_bytes(&fuzz->ours, &fuzz->frame);
    }
    evt_free(exact);
}

static void type_fuzz(const struct evt_registry *reg, const struct evt_type *type, size_t values)
{
    const struct evt_schema *schema = &type->schemas[type->schemas_n - 1];
    struct fuzz fuzz = {.reg = reg, .type = type, .rand = {schema->id}};
    size_t i, j, changes;

    second_open(&fuzz.second, schema->json, schema->json_len);
    for (i = 0; i < values; i++) {
        frame_begin(&fuzz);
        second_random(&fuzz.second, &fuzz.rand, &fuzz.frame);
        valid_check(&fuzz);
        for (j = 0; j < HOSTILE; j++) {
            frame_begin(&fuzz);
            second_random(&fuzz.second, &fuzz.rand, &fuzz.frame);
            for (changes = 1 + second_below(&fuzz.rand, 3); changes; changes--)
                hostile_change(&fuzz);
            hostile_check(&fuzz);
        }
        evt_arena_reset(&fuzz.arena);
    }
    /* A fuzz that only sees one side proves nothing. */
    ck_assert_uint_gt(fuzz.accepted, 0);
    ck_assert_uint_gt(fuzz.refused, 0);
    second_close(&fuzz.second);
    evt_buf_release(&fuzz.frame);
    evt_buf_release(&fuzz.ours);
    evt_buf_release(&fuzz.text);
    evt_arena_release(&fuzz.arena);
}

START_TEST(every_shape)
{
    type_fuzz(&shapes_registry, &shapes_all_type, values_wanted() * 4);
    type_fuzz(&shapes_registry, &shapes_tree_type, values_wanted());
}
END_TEST

START_TEST(every_message_of_the_registry)
{
    size_t i;

    ck_assert_uint_gt(evt_registry.types_n, 0);
    for (i = 0; i < evt_registry.types_n; i++)
        type_fuzz(&evt_registry, evt_registry.types[i], values_wanted());
}
END_TEST

SUITE("codec_fuzz", every_shape, every_message_of_the_registry)
