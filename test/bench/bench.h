/* Bench: what every bench program needs: time, medians, a folder of its own for stores.
 *
 * A figure stands beside its floor from the same run: short rounds of both take turns, so that a
 * busy machine slows both, and medians are compared. Nothing here is part of `make test`. */
#ifndef BENCH_H
#define BENCH_H

#include <evt/err.h>

#include <stddef.h>

#define BENCH_PATH_MAX   256
#define BENCH_ROUNDS_MAX 128

double bench_now_us(void);
double bench_median(const double *rounds, size_t n); /* at most BENCH_ROUNDS_MAX */

void bench_sort(double *values, size_t n);
double bench_quantile(const double *sorted, size_t n, double q);
void bench_wait_until(double at_us); /* closer than sleeping alone */

/* Ends the program with the words of the failure. */
void bench_need(enum evt_err rc, const struct evt_error *err);

/* A new folder in `parent`; NULL: in TMPDIR, else /tmp. bench_end removes it with all its stores.
 */
void bench_begin(const char *parent);
void bench_end(void);
const char *bench_folder(void); /* its parent, as figures name it */
void bench_path(char ret_path[BENCH_PATH_MAX], const char *name);

/* Puts a copy of a closed store under another name, whatever was there. */
void bench_copy(const char *from, const char *to);

#endif
