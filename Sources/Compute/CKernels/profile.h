// Where a lane's time goes: one line at the start of a kernel, next to nothing while nobody asks.

#ifndef CKERNELS_PROFILE_H
#define CKERNELS_PROFILE_H

#include "CKernels.h"

#include <stdatomic.h>

#if !defined(__x86_64__) && !defined(__aarch64__)
#include <time.h>
#endif

extern atomic_bool kernels_is_profiling;

void kernels_profile_add(int category, uint64_t ticks);

static inline uint64_t profile_ticks(void) {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#else
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
#endif
}

typedef struct {
    uint64_t start;  // 0 where nobody asks
    int category;
} profile_span;

static inline profile_span profile_begin(int category) {
    bool is_on = atomic_load_explicit(&kernels_is_profiling, memory_order_relaxed);
    return (profile_span){is_on ? profile_ticks() : 0, category};
}

static inline void profile_end(profile_span *span) {
    if (span->start != 0) kernels_profile_add(span->category, profile_ticks() - span->start);
}

/// Counts the time from here to the end of the enclosing block under a `KERNELS_TIME_` category.
#define PROFILE(category) \
    __attribute__((cleanup(profile_end), unused)) profile_span profiled_span = profile_begin(category)

#endif
