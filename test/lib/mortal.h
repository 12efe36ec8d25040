/* Mortal: catches what would end the process (out of memory, a broken invariant), and says why.
 *
 *     if (mortal_begin()) evt_alloc(SIZE_MAX);
 *     ck_assert_str_eq(mortal_end(), "out of memory: …");
 */
#ifndef TEST_MORTAL_H
#define TEST_MORTAL_H

#include <setjmp.h>
#include <stddef.h>

extern jmp_buf mortal_return;
/* From here on the process is caught when it dies; true now, false after it has. */
#define mortal_begin()       (mortal_hook(-1), setjmp(mortal_return) == 0)
/* The same, and the nth allocation from here (0 is the next) finds no memory; -1: none. */
#define mortal_begin_at(nth) (mortal_hook(nth), setjmp(mortal_return) == 0)
/* Back to normal: why it died, or NULL. */
const char *mortal_end(void);
void mortal_hook(int fail_at);

#endif
