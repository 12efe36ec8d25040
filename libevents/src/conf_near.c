/* Conf, mistyped names: the distance between two words is how many letters have to be put in, left
 * out, changed or swapped with their neighbour to make one of the other. */
#include <evt/conf.h>

#include "conf_internal.h"

#include <stdint.h>
#include <string.h>

#define WORD_MAX 80 /* longer than any name; a longer word is near to none */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);
    size_t rows[3][WORD_MAX + 1]; /* the row before the last one, the last one, this one */

    if (a_len > WORD_MAX || b_len > WORD_MAX)
        return SIZE_MAX;
    memset(rows, 0, sizeof(rows));
    for (size_t j = 0; j <= b_len; j++)
        rows[1][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        rows[2][0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t change = rows[1][j - 1] + (a[i - 1] != b[j - 1]);
            rows[2][j] = least(change, least(rows[1][j], rows[2][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                rows[2][j] = least(rows[2][j], rows[0][j - 2] + 1);
        }
        memcpy(rows[0], rows[1], sizeof(rows[0]));
        memcpy(rows[1], rows[2], sizeof(rows[1]));
    }
    return rows[1][b_len];
}

/* One slip in four letters, but one in a short word too: more is another word. */
void evt_near_offer(struct evt_near *near, const char *name)
{
    size_t len = strlen(near->word), d = distance(near->word, name);

    if (d > (len < 8 ? 1 : 0) + len / 4 || d >= strlen(name))
        return;
    if (!near->name || d < near->distance) {
        near->name = name;
        near->distance = d;
    }
}
