/* Hashes against the published vectors: SipHash's reference and Kafka's Java client. */
#include <evt/hash.h>
#include <stdint.h>
#include <string.h>

#include "test/lib/mortal.h"
#include "test/lib/suite.h"

/* The reference implementation's vectors_sip64 as numbers: key 00…0f, input 00 01 02 … of each
 * length. */
static const uint64_t sip_vectors[64] = {
    UINT64_C(0x726fdb47dd0e0e31), UINT64_C(0x74f839c593dc67fd), UINT64_C(0x0d6c8009d9a94f5a),
    UINT64_C(0x85676696d7fb7e2d), UINT64_C(0xcf2794e0277187b7), UINT64_C(0x18765564cd99a68d),
    UINT64_C(0xcbc9466e58fee3ce), UINT64_C(0xab0200f58b01d137), UINT64_C(0x93f5f5799a932462),
    UINT64_C(0x9e0082df0ba9e4b0), UINT64_C(0x7a5dbbc594ddb9f3), UINT64_C(0xf4b32f46226bada7),
    UINT64_C(0x751e8fbc860ee5fb), UINT64_C(0x14ea5627c0843d90), UINT64_C(0xf723ca908e7af2ee),
    UINT64_C(0xa129ca6149be45e5), UINT64_C(0x3f2acc7f57c29bdb), UINT64_C(0x699ae9f52cbe4794),
    UINT64_C(0x4bc1b3f0968dd39c), UINT64_C(0xbb6dc91da77961bd), UINT64_C(0xbed65cf21aa2ee98),
    UINT64_C(0xd0f2cbb02e3b67c7), UINT64_C(0x93536795e3a33e88), UINT64_C(0xa80c038ccd5ccec8),
    UINT64_C(0xb8ad50c6f649af94), UINT64_C(0xbce192de8a85b8ea), UINT64_C(0x17d835b85bbb15f3),
    UINT64_C(0x2f2e6163076bcfad), UINT64_C(0xde4daaaca71dc9a5), UINT64_C(0xa6a2506687956571),
    UINT64_C(0xad87a3535c49ef28), UINT64_C(0x32d892fad841c342), UINT64_C(0x7127512f72f27cce),
    UINT64_C(0xa7f32346f95978e3), UINT64_C(0x12e0b01abb051238), UINT64_C(0x15e034d40fa197ae),
    UINT64_C(0x314dffbe0815a3b4), UINT64_C(0x027990f029623981), UINT64_C(0xcadcd4e59ef40c4d),
    UINT64_C(0x9abfd8766a33735c), UINT64_C(0x0e3ea96b5304a7d0), UINT64_C(0xad0c42d6fc585992),
    UINT64_C(0x187306c89bc215a9), UINT64_C(0xd4a60abcf3792b95), UINT64_C(0xf935451de4f21df2),
    UINT64_C(0xa9538f0419755787), UINT64_C(0xdb9acddff56ca510), UINT64_C(0xd06c98cd5c0975eb),
    UINT64_C(0xe612a3cb9ecba951), UINT64_C(0xc766e62cfcadaf96), UINT64_C(0xee64435a9752fe72),
    UINT64_C(0xa192d576b245165a), UINT64_C(0x0a8787bf8ecb74b2), UINT64_C(0x81b3e73d20b49b6f),
    UINT64_C(0x7fa8220ba3b2ecea), UINT64_C(0x245731c13ca42499), UINT64_C(0xb78dbfaf3a8d83bd),
    UINT64_C(0xea1ad565322a1a0b), UINT64_C(0x60e61c23a3795013), UINT64_C(0x6606d7e446282b93),
    UINT64_C(0x6ca4ecb15c5f91e1), UINT64_C(0x9f626da15c9625f3), UINT64_C(0xe51b38608ef25f57),
    UINT64_C(0x958a324ceb064572),
};

START_TEST(sip_gives_the_reference_vectors)
{
    uint8_t key[16], input[64];

    for (size_t i = 0; i < 16; i++)
        key[i] = (uint8_t)i;
    for (size_t i = 0; i < 64; i++) {
        input[i] = (uint8_t)i;
        ck_assert_uint_eq(evt_sip_keyed(key, input, i), sip_vectors[i]);
    }
}
END_TEST

/* Part of the wire format: if this changes, every chain in every log breaks. */
START_TEST(our_key_never_changes)
{
    struct evt_sip sip;

    evt_sip_init(&sip);
    ck_assert_uint_eq(evt_sip_end(&sip), evt_sip_keyed((const uint8_t *)"evt log chain v1", "", 0));
    evt_sip_init(&sip);
    evt_sip_add(&sip, "libevents", 9);
    ck_assert_uint_eq(evt_sip_end(&sip), UINT64_C(0xd8171082852ddd21));
}
END_TEST

static uint64_t in_two_pieces(const uint8_t *bytes, size_t first, size_t len)
{
    struct evt_sip sip;

    evt_sip_init(&sip);
    evt_sip_add(&sip, bytes, first);
    evt_sip_add(&sip, bytes + first, len - first);
    return evt_sip_end(&sip);
}

START_TEST(pieces_do_not_matter)
{
    uint8_t bytes[40];
    struct evt_sip sip;

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 37 + 200);
    for (size_t len = 0; len <= sizeof(bytes); len++)
        for (size_t first = 0; first <= len; first++)
            ck_assert_uint_eq(in_two_pieces(bytes, first, len), in_two_pieces(bytes, 0, len));
    evt_sip_init(&sip);
    for (size_t i = 0; i < sizeof(bytes); i++)
        evt_sip_add(&sip, bytes + i, 1);
    ck_assert_uint_eq(evt_sip_end(&sip), in_two_pieces(bytes, 0, sizeof(bytes)));
}
END_TEST

START_TEST(a_number_is_eight_bytes_little_endian)
{
    const uint8_t bytes[] = {0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01};

    for (size_t before = 0; before < 9; before++) {
        struct evt_sip number, plain;
        evt_sip_init(&number);
        evt_sip_init(&plain);
        evt_sip_add(&number, "........", before < 8 ? before : 8);
        evt_sip_add(&plain, "........", before < 8 ? before : 8);
        evt_sip_add_u64(&number, UINT64_C(0x0123456789abcdef));
        evt_sip_add(&plain, bytes, sizeof(bytes));
        evt_sip_add(&number, "end", 3);
        evt_sip_add(&plain, "end", 3);
        ck_assert_uint_eq(evt_sip_end(&number), evt_sip_end(&plain));
    }
}
END_TEST

static uint64_t of_fields(const char *a, const char *b)
{
    struct evt_sip sip;

    evt_sip_init(&sip);
    evt_sip_add_field(&sip, a, strlen(a));
    evt_sip_add_field(&sip, b, strlen(b));
    return evt_sip_end(&sip);
}

START_TEST(fields_do_not_run_together)
{
    ck_assert_uint_eq(of_fields("ab", "c"), of_fields("ab", "c"));
    ck_assert_uint_ne(of_fields("ab", "c"), of_fields("a", "bc"));
    ck_assert_uint_ne(of_fields("abc", ""), of_fields("", "abc"));
}
END_TEST

/* From Kafka's UtilsTest.java. */
START_TEST(murmur2_is_kafkas)
{
    static const struct {
        const char *key;
        int32_t want;
    } vectors[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
    };

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
        ck_assert_int_eq((int32_t)evt_murmur2(vectors[i].key, strlen(vectors[i].key)),
                         vectors[i].want);
}
END_TEST

/* toPositive clears the sign, it does not take the absolute value. */
START_TEST(partitions_are_kafkas)
{
    ck_assert_int_eq(evt_partition_of("21", 2, 7), (-973932308 & 0x7fffffff) % 7);
    ck_assert_int_eq(evt_partition_of("foobar", 6, 1000), (-790332482 & 0x7fffffff) % 1000);
    ck_assert_int_eq(evt_partition_of("abc", 3, 1000), 479470107 % 1000);
    ck_assert_int_eq(evt_partition_of("anything", 8, 1), 0);
    ck_assert_int_eq(evt_partition_of(NULL, 0, 1), 0);
}
END_TEST

START_TEST(no_partitions_are_a_bug)
{
    if (mortal_begin())
        (void)evt_partition_of("x", 1, 0);
    ck_assert_ptr_nonnull(strstr(mortal_end(), "partitions <= 0"));
}
END_TEST

SUITE("hash", sip_gives_the_reference_vectors, our_key_never_changes, pieces_do_not_matter,
      a_number_is_eight_bytes_little_endian, fields_do_not_run_together, murmur2_is_kafkas,
      partitions_are_kafkas, no_partitions_are_a_bug)
