/* Request hash: what makes two commands from outside the same request. */
#include "request_hash.h"

#include <evt/codec.h>
#include <evt/envelope.h>
#include <evt/hash.h>

int64_t evt__request_hash(const struct evt_record *rec)
{
    struct evt_text type = evt_envelope_type(rec);
    struct evt_sip sip;

    evt_sip_init(&sip);
    evt_sip_add_field(&sip, type.text, type.len);
    evt_sip_add_field(&sip, rec->key, rec->key_len);
    /* Without the schema id: a retry by a newer client says the same. */
    if (rec->value_len >= EVT_FRAME_LEN)
        evt_sip_add_field(&sip, (const uint8_t *)rec->value + EVT_FRAME_LEN,
                          rec->value_len - EVT_FRAME_LEN);
    else
        evt_sip_add_field(&sip, rec->value, rec->value_len);
    return (int64_t)evt_sip_end(&sip);
}
