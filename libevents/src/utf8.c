/* UTF-8: the table of well-formed byte sequences (Unicode, table 3-7), with a fast way through
 * ASCII, which keys and headers nearly always are. */
#include <evt/utf8.h>

#include <stdint.h>
#include <string.h>

size_t evt_utf8_step(const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    uint8_t low = 0x80, high = 0xbf; /* of the second byte */
    size_t need, i;

    if (!len)
        return 0;
    if (at[0] < 0x80)
        return 1;
    if (at[0] < 0xc2 || at[0] > 0xf4) /* a continuation, an overlong, or beyond U+10FFFF */
        return 0;
    need = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (need > len)
        return 0;
    if (at[0] == 0xe0)
        low = 0xa0; /* overlong */
    else if (at[0] == 0xed)
        high = 0x9f; /* surrogates */
    else if (at[0] == 0xf0)
        low = 0x90; /* overlong */
    else if (at[0] == 0xf4)
        high = 0x8f; /* beyond U+10FFFF */
    if (at[1] < low || at[1] > high)
        return 0;
    for (i = 2; i < need; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return need;
}

bool evt_utf8_valid(const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    uint64_t word;
    size_t step;

    while (len > 0) {
        if (len >= sizeof(word)) {
            memcpy(&word, at, sizeof(word));
            if (!(word & 0x8080808080808080)) {
                at += sizeof(word);
                len -= sizeof(word);
                continue;
            }
        }
        step = evt_utf8_step(at, len);
        if (!step)
            return false;
        at += step;
        len -= step;
    }
    return true;
}

size_t evt_utf8_cut(const void *bytes, size_t len)
{
    const uint8_t *begin = bytes;
    size_t at = 0, step;

    while (at < len && (step = evt_utf8_step(begin + at, len - at)) > 0)
        at += step;
    return at;
}
