/* Record: the hash that the join check compares.
 *
 * Time, key, value and every header are in it: handlers see the first, dead letters keep the last.
 * The topic and the partition are not, they are the shard's own; which log it is, the lineage in
 * its birth record says. Lengths stand before bytes and absent differs from empty, so that no two
 * records look alike. */
#include <evt/record.h>

#include <evt/hash.h>
#include <string.h>

static void add_bytes(struct evt_sip *sip, const void *bytes, size_t len)
{
    if (bytes)
        evt_sip_add_field(sip, bytes, len);
    else
        evt_sip_add_u64(sip, UINT64_MAX);
}

uint64_t evt_record_hash(const struct evt_record *rec)
{
    struct evt_sip sip;
    size_t i;

    evt_sip_init(&sip);
    evt_sip_add_u64(&sip, (uint64_t)rec->offset);
    evt_sip_add_u64(&sip, (uint64_t)rec->time_ms);
    add_bytes(&sip, rec->key, rec->key_len);
    add_bytes(&sip, rec->value, rec->value_len);
    for (i = 0; i < rec->headers_n; i++) {
        const struct evt_header *header = &rec->headers[i];
        evt_sip_add_field(&sip, header->name, strlen(header->name));
        add_bytes(&sip, header->value, header->len);
    }
    return evt_sip_end(&sip);
}
