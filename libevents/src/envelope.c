/* Envelope: the CloudEvents headers of a record, read and written.
 *
 * This runs for every message: texts point into the record, nothing is allocated, and numbers are
 * read and printed by hand. Every number has exactly one form (no sign, no leading zero, lower-case
 * hexadecimal), so that equal ids are equal bytes. */
#include <evt/envelope.h>

#include <evt/hash.h>
#include <evt/mem.h>
#include <evt/utf8.h>
#include <string.h>

#define HEX_LEN  16 /* characters of 64 bits */
#define SHOP     "/shop/"
#define SHOP_LEN (sizeof(SHOP) - 1)

bool evt_text_is(struct evt_text text, const char *other)
{
    return strlen(other) == text.len && (text.len == 0 || memcmp(text.text, other, text.len) == 0);
}

const struct evt_header *evt_record_header(const struct evt_record *rec, const char *name)
{
    size_t i;

    for (i = 0; i < rec->headers_n; i++)
        if (strcmp(rec->headers[i].name, name) == 0)
            return &rec->headers[i];
    return NULL;
}

static struct evt_text header_text(const struct evt_header *header)
{
    struct evt_text text = {header->value, header->value ? header->len : 0};

    return text;
}

/* Why bytes are not text that C can keep, or NULL. */
static const char *text_fault(const void *bytes, size_t len)
{
    if (!evt_utf8_valid(bytes, len))
        return "invalid bytes";
    if (memchr(bytes, 0, len))
        return "a NUL character";
    return NULL;
}

enum known { SPECVERSION, ID, SOURCE, TYPE, TRACEPARENT, KNOWN_N };
static const char *const known_names[] = {"ce_specversion", "ce_id", "ce_source", "ce_type",
                                          "traceparent"};

/* Our headers among a record's, each with how often it is there. */
struct found {
    const struct evt_header *header[KNOWN_N];
    size_t times[KNOWN_N];
};

/* Which of ours a name can be, by its first letter that differs; KNOWN_N: none. */
static enum known known_of(const char *name)
{
    enum known known = KNOWN_N;

    if (name[0] == 't') {
        known = TRACEPARENT;
    } else if (name[0] == 'c' && name[1] == 'e' && name[2] == '_') {
        if (name[3] == 'i')
            known = ID;
        else if (name[3] == 't')
            known = TYPE;
        else if (name[3] == 's')
            known = name[4] == 'o' ? SOURCE : SPECVERSION;
    }
    return known != KNOWN_N && strcmp(name, known_names[known]) == 0 ? known : KNOWN_N;
}

static void find_all(const struct evt_record *rec, struct found *ret_found)
{
    struct found found = {0};
    size_t i;

    for (i = 0; i < rec->headers_n; i++) {
        enum known known = known_of(rec->headers[i].name);
        if (known == KNOWN_N)
            continue;
        if (found.times[known]++ == 0)
            found.header[known] = &rec->headers[i];
    }
    *ret_found = found;
}

/* One of ours, which must be there once, as text within the limit. */
static enum evt_err header_get(const struct found *found, enum known known,
                               struct evt_text *ret_text, struct evt_error *err)
{
    const char *name = known_names[known], *fault;
    struct evt_text text;

    if (!found->header[known])
        return evt_fail(err, EVT_E_HEADER_MISSING, "%s", name);
    if (found->times[known] > 1)
        return evt_fail(err, EVT_E_HEADER_REPEATED, "%s", name);
    text = header_text(found->header[known]);
    if (text.len == 0 || text.len > EVT_HEADER_MAX)
        return evt_fail(err, EVT_E_HEADER_SIZE, "%s has %zu bytes, from 1 to %d may be", name,
                        text.len, EVT_HEADER_MAX);
    fault = text_fault(text.text, text.len);
    if (fault)
        return evt_fail(err, EVT_E_HEADER_UTF8, "%s holds %s", name, fault);
    *ret_text = text;
    return EVT_OK;
}

static bool decimal_parse(const char *text, size_t len, uint64_t max, uint64_t *ret_number)
{
    uint64_t number = 0;
    size_t i;

    if (len == 0 || (text[0] == '0' && len > 1))
        return false;
    for (i = 0; i < len; i++) {
        unsigned digit = (unsigned char)text[i] - (unsigned)'0';
        if (digit > 9 || number > (max - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *ret_number = number;
    return true;
}

/* The value of a lower-case hexadecimal character, with bit 16 set to tell it from all others. */
static const uint8_t hex_values[256] = {
    ['0'] = 16, ['1'] = 17, ['2'] = 18, ['3'] = 19, ['4'] = 20, ['5'] = 21, ['6'] = 22, ['7'] = 23,
    ['8'] = 24, ['9'] = 25, ['a'] = 26, ['b'] = 27, ['c'] = 28, ['d'] = 29, ['e'] = 30, ['f'] = 31,
};

/* Without a branch per character: a message has eighty of them. */
static bool hex_parse(const char *text, size_t len, uint64_t *ret_number)
{
    uint64_t number = 0;
    uint8_t all = 16;
    size_t i;

    for (i = 0; i < len; i++) {
        uint8_t value = hex_values[(unsigned char)text[i]];
        all &= value;
        number = number << 4 | (value & 15);
    }
    *ret_number = number;
    return all == 16;
}

/* Names of services, subscriptions and streams, as topics.json has them. */
static bool name_fits(const char *text, size_t len)
{
    size_t i;

    if (len == 0 || len > EVT_NAME_MAX)
        return false;
    for (i = 0; i < len; i++) {
        char c = text[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'))
            return false;
    }
    return true;
}

/* The last `c` before `end`, or NULL. */
static const char *find_back(const char *begin, const char *end, char c)
{
    return end > begin ? memrchr(begin, c, (size_t)(end - begin)) : NULL;
}

/* "/shop/<service>/<partition>/<lineage>" */
static bool source_parse(struct evt_envelope *env)
{
    const char *begin = env->source.text + SHOP_LEN, *end = env->source.text + env->source.len;
    const char *lineage = find_back(begin, end, '/');
    const char *partition = lineage ? find_back(begin, lineage, '/') : NULL;
    uint64_t number, any;

    if (!partition || end - lineage - 1 != EVT_LINEAGE_LEN)
        return false;
    if (!hex_parse(lineage + 1, EVT_LINEAGE_LEN, &any))
        return false;
    if (!decimal_parse(partition + 1, (size_t)(lineage - partition - 1), INT32_MAX, &number))
        return false;
    if (!name_fits(begin, (size_t)(partition - begin)))
        return false;
    env->service = (struct evt_text){begin, (size_t)(partition - begin)};
    env->source_partition = (int32_t)number;
    env->lineage = (struct evt_text){lineage + 1, EVT_LINEAGE_LEN};
    return true;
}

enum evt_err evt_message_id_parse(const char *text, size_t len, struct evt_message_id *ret_id,
                                  struct evt_error *err)
{
    const char *end = text + len, *dash, *number, *partition;
    struct evt_message_id id;
    uint64_t partition_u64;

    if (len < HEX_LEN + 1)
        goto refused;
    dash = end - HEX_LEN - 1;
    number = find_back(text, dash, '.');
    partition = number ? find_back(text, number, '.') : NULL;
    if (*dash != '-' || !partition || !hex_parse(dash + 1, HEX_LEN, &id.chain))
        goto refused;
    /* A store keeps numbers as signed integers. */
    if (!decimal_parse(number + 1, (size_t)(dash - number - 1), INT64_MAX, &id.number) ||
        id.number == 0)
        goto refused;
    if (!decimal_parse(partition + 1, (size_t)(number - partition - 1), INT32_MAX, &partition_u64))
        goto refused;
    if (!name_fits(text, (size_t)(partition - text)))
        goto refused;
    id.partition = (int32_t)partition_u64;
    id.stream = (struct evt_text){text, (size_t)(partition - text)};
    *ret_id = id;
    return EVT_OK;
refused:
    return evt_fail(err, EVT_E_ID_FORM, "%.*s", (int)len, text);
}

enum evt_err evt_envelope_identify(const struct evt_record *rec, struct evt_envelope *ret_env,
                                   struct evt_error *err)
{
    struct evt_envelope env = {0};
    struct found found;
    enum evt_err rc;

    find_all(rec, &found);
    rc = header_get(&found, SOURCE, &env.source, err);
    if (rc == EVT_OK)
        rc = header_get(&found, ID, &env.id, err);
    if (rc != EVT_OK)
        return rc;
    env.numbered = env.source.len >= SHOP_LEN && memcmp(env.source.text, SHOP, SHOP_LEN) == 0;
    if (env.numbered) {
        if (!source_parse(&env))
            return evt_fail(err, EVT_E_SOURCE_FORM, "%.*s", (int)env.source.len, env.source.text);
        rc = evt_message_id_parse(env.id.text, env.id.len, &env.number, err);
        if (rc != EVT_OK)
            return rc;
    }
    *ret_env = env;
    return EVT_OK;
}

bool evt_trace_valid(struct evt_text trace)
{
    const char *text = trace.text;
    uint64_t high, low, parent, flags;

    return trace.len == EVT_TRACE_LEN && memcmp(text, "00-", 3) == 0 && text[35] == '-' &&
           text[52] == '-' && hex_parse(text + 3, 16, &high) && hex_parse(text + 19, 16, &low) &&
           hex_parse(text + 36, 16, &parent) && hex_parse(text + 53, 2, &flags) &&
           (high | low) != 0 && parent != 0;
}

static struct evt_text trace_get(const struct found *found)
{
    const struct evt_text none = {0};
    struct evt_text trace;

    /* Of two, neither is believed. */
    if (!found->header[TRACEPARENT] || found->times[TRACEPARENT] > 1)
        return none;
    trace = header_text(found->header[TRACEPARENT]);
    return evt_trace_valid(trace) ? trace : none;
}

static enum evt_err key_check(const struct evt_record *rec, struct evt_error *err)
{
    const char *fault;

    if (!rec->key)
        return evt_fail(err, EVT_E_KEY_MISSING, NULL);
    if (rec->key_len == 0 || rec->key_len > EVT_KEY_MAX)
        return evt_fail(err, EVT_E_KEY_SIZE, "it has %zu bytes, from 1 to %d may be", rec->key_len,
                        EVT_KEY_MAX);
    fault = text_fault(rec->key, rec->key_len);
    if (fault)
        return evt_fail(err, EVT_E_KEY_UTF8, "it holds %s", fault);
    return EVT_OK;
}

enum evt_err evt_envelope_check(const struct evt_record *rec, struct evt_envelope *env,
                                struct evt_error *err)
{
    struct evt_text version = {0}, type = {0};
    struct found found;
    enum evt_err rc;

    find_all(rec, &found);
    rc = header_get(&found, SPECVERSION, &version, err);
    if (rc != EVT_OK)
        return rc;
    if (!evt_text_is(version, "1.0"))
        return evt_fail(err, EVT_E_SPECVERSION, "%.*s", (int)version.len, version.text);
    rc = header_get(&found, TYPE, &type, err);
    if (rc == EVT_OK)
        rc = key_check(rec, err);
    if (rc != EVT_OK)
        return rc;
    env->type = type;
    env->traceparent = trace_get(&found);
    return EVT_OK;
}

struct evt_text evt_envelope_type(const struct evt_record *rec)
{
    const struct evt_header *header = evt_record_header(rec, "ce_type");

    return header ? header_text(header) : (struct evt_text){0};
}
