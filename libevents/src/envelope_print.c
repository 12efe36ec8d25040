/* Envelope, the writing half: ids, sources, chains and traces of what a shard sends.
 *
 * All of it is a function of the log, so that a rebuilt store says the same again. */
#include <evt/envelope.h>

#include <evt/hash.h>
#include <evt/mem.h>
#include <string.h>

#define HEX_LEN     16 /* characters of 64 bits */
#define DECIMAL_MAX 20 /* digits of 64 bits */

static char *put(char *at, const char *text, size_t len)
{
    memcpy(at, text, len);
    return at + len;
}

static char *put_decimal(char *at, uint64_t number)
{
    char digits[DECIMAL_MAX];
    size_t i = sizeof(digits);

    do {
        digits[--i] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    return put(at, digits + i, sizeof(digits) - i);
}

static char *put_hex(char *at, uint64_t number)
{
    int shift;

    for (shift = 60; shift >= 0; shift -= 4)
        *at++ = "0123456789abcdef"[number >> shift & 15];
    return at;
}

size_t evt_message_id_print(char *buf, size_t size, const char *stream, int32_t partition,
                            uint64_t number, uint64_t chain)
{
    size_t len = strlen(stream);
    char *at = buf;

    EVT_BUG_ON(size < len + 2 * DECIMAL_MAX + HEX_LEN + sizeof("..-"));
    EVT_BUG_ON(partition < 0);
    at = put(at, stream, len);
    *at++ = '.';
    at = put_decimal(at, (uint64_t)partition);
    *at++ = '.';
    at = put_decimal(at, number);
    *at++ = '-';
    at = put_hex(at, chain);
    *at = '\0';
    return (size_t)(at - buf);
}

size_t evt_source_print(char *buf, size_t size, const char *service, int32_t partition,
                        const char *lineage)
{
    size_t len = strlen(service), lineage_len = strlen(lineage);
    char *at = buf;

    EVT_BUG_ON(size < len + DECIMAL_MAX + lineage_len + sizeof("/shop///"));
    EVT_BUG_ON(partition < 0);
    at = put(at, "/shop/", 6);
    at = put(at, service, len);
    *at++ = '/';
    at = put_decimal(at, (uint64_t)partition);
    *at++ = '/';
    at = put(at, lineage, lineage_len);
    *at = '\0';
    return (size_t)(at - buf);
}

uint64_t evt_chain_first(const char *source, size_t source_len, const char *stream,
                         size_t stream_len, int32_t partition)
{
    struct evt_sip sip;

    evt_sip_init(&sip);
    evt_sip_add_field(&sip, source, source_len);
    evt_sip_add_field(&sip, stream, stream_len);
    evt_sip_add_u64(&sip, (uint64_t)partition);
    return evt_sip_end(&sip);
}

uint64_t evt_chain_next(uint64_t before, const char *type, size_t type_len, const void *key,
                        size_t key_len, const void *body, size_t body_len)
{
    struct evt_sip sip;

    evt_sip_init(&sip);
    evt_sip_add_u64(&sip, before);
    evt_sip_add_field(&sip, type, type_len);
    evt_sip_add_field(&sip, key, key_len);
    evt_sip_add(&sip, body, body_len);
    return evt_sip_end(&sip);
}

/* W3C forbids ids of zeros only. */
static uint64_t never_zero(uint64_t hash)
{
    return hash ? hash : 1;
}

static uint64_t seed_hash(uint64_t half, const void *seed, size_t seed_len)
{
    struct evt_sip sip;

    evt_sip_init(&sip);
    evt_sip_add_u64(&sip, half);
    evt_sip_add(&sip, seed, seed_len);
    return never_zero(evt_sip_end(&sip));
}

static uint64_t place_hash(const char *topic, int32_t partition, int64_t offset)
{
    struct evt_sip sip;

    evt_sip_init(&sip);
    evt_sip_add_field(&sip, topic, strlen(topic));
    evt_sip_add_u64(&sip, (uint64_t)partition);
    evt_sip_add_u64(&sip, (uint64_t)offset);
    return never_zero(evt_sip_end(&sip));
}

void evt_trace_print(char buf[EVT_TRACE_LEN + 1], struct evt_text cause, const void *seed,
                     size_t seed_len, const char *topic, int32_t partition, int64_t offset)
{
    bool own = cause.len == EVT_TRACE_LEN;
    char *at = put(buf, "00-", 3);

    if (own) {
        at = put(at, cause.text + 3, 2 * HEX_LEN);
    } else {
        at = put_hex(at, seed_hash(0, seed, seed_len));
        at = put_hex(at, seed_hash(1, seed, seed_len));
    }
    *at++ = '-';
    at = put_hex(at, place_hash(topic, partition, offset));
    at = put(at, own ? cause.text + 52 : "-01", 3); /* sampled, or as the cause has it */
    *at = '\0';
}
