// Sums of the time lanes spend in each category. A span is microseconds long, so one shared counter for all lanes costs
// less than keeping a list of threads.

#define _GNU_SOURCE
#include "profile.h"

#include <time.h>

typedef struct {
    _Alignas(64) _Atomic uint64_t ticks;
} counter;

atomic_bool kernels_is_profiling;

static counter counters[KERNELS_TIME_CATEGORIES];
static _Atomic uint64_t start_ticks, start_nanoseconds;

static uint64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void kernels_profile_add(int category, uint64_t ticks) {
    atomic_fetch_add_explicit(&counters[category].ticks, ticks, memory_order_relaxed);
}

void kernels_profile_start(void) {
    for (int category = 0; category < KERNELS_TIME_CATEGORIES; category++) atomic_store(&counters[category].ticks, 0);
    atomic_store(&start_ticks, profile_ticks());
    atomic_store(&start_nanoseconds, nanoseconds());
    atomic_store(&kernels_is_profiling, true);
}

double kernels_profile_stop(double *seconds) {
    atomic_store(&kernels_is_profiling, false);
    // The counter's rate is not known beforehand; the clock beside it gives it.
    double wall = (double)(nanoseconds() - atomic_load(&start_nanoseconds)) * 1e-9;
    double ticks = (double)(profile_ticks() - atomic_load(&start_ticks));
    double factor = ticks > 0 ? wall / ticks : 0;
    for (int category = 0; category < KERNELS_TIME_CATEGORIES; category++)
        seconds[category] = (double)atomic_load(&counters[category].ticks) * factor;
    return wall;
}
