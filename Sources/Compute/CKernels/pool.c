// Persistent threads that share one range at a time: short spin, then futex.
//
// `state` is the whole protocol: the high half is a generation (odd while a range is open), the low half counts the
// workers inside. A worker may enter only while the generation is open, so the caller waits for those who entered and
// never for one the scheduler has put aside.

#define _GNU_SOURCE
#include "CKernels.h"
#include "profile.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define PAUSE() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define PAUSE() __asm__ volatile("yield")
#else
#define PAUSE() ((void)0)
#endif

// About 20 microseconds of pauses: longer than the gap between two operations of a layer, shorter than a time slice.
enum { SPINS = 600 };

typedef struct {
    kernels_pool *pool;
    ptrdiff_t lane;
    pthread_t thread;
} worker;

struct kernels_pool {
    _Alignas(64) _Atomic uint64_t state;
    _Alignas(64) _Atomic ptrdiff_t next;
    _Alignas(64) _Atomic uint32_t wake;   // futex word the workers sleep on, bumped at each opening
    _Atomic uint32_t sleepers;
    _Alignas(64) _Atomic uint32_t left;   // futex word the caller sleeps on, bumped by a worker that leaves
    _Atomic uint32_t is_caller_asleep;
    _Atomic bool is_stopping;
    kernels_pool_body body;
    void *context;
    ptrdiff_t count, grain;
    ptrdiff_t threads;
    worker workers[];
};

static void futex_wait(_Atomic uint32_t *word, uint32_t seen) {
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static uint32_t generation_of(uint64_t state) { return (uint32_t)(state >> 32); }

static void run_chunks(kernels_pool *pool, ptrdiff_t lane) {
    PROFILE(KERNELS_TIME_LANES);
    for (;;) {
        ptrdiff_t begin = atomic_fetch_add_explicit(&pool->next, pool->grain, memory_order_relaxed);
        if (begin >= pool->count) return;
        ptrdiff_t end = begin + pool->grain < pool->count ? begin + pool->grain : pool->count;
        pool->body(pool->context, begin, end, lane);
    }
}

/// Waits until a generation other than `seen` is open or the pool stops; returns the state, or 0 when stopping.
static uint64_t await_opening(kernels_pool *pool, uint32_t seen) {
    for (int spins = 0;; spins++) {
        uint32_t word = atomic_load(&pool->wake);
        if (atomic_load(&pool->is_stopping)) return 0;
        uint64_t state = atomic_load(&pool->state);
        if ((generation_of(state) & 1) && generation_of(state) != seen) return state;
        if (spins < SPINS) {
            PAUSE();
            continue;
        }
        atomic_fetch_add(&pool->sleepers, 1);
        futex_wait(&pool->wake, word);
        atomic_fetch_sub(&pool->sleepers, 1);
        spins = 0;
    }
}

static void *work(void *argument) {
    worker *self = argument;
    kernels_pool *pool = self->pool;
    uint32_t seen = 0;
    for (;;) {
        uint64_t state = await_opening(pool, seen);
        if (state == 0) return NULL;
        uint32_t generation = generation_of(state);
        seen = generation;
        bool entered = false;
        while (generation_of(state) == generation && !entered)
            entered = atomic_compare_exchange_weak(&pool->state, &state, state + 1);
        if (!entered) continue;
        run_chunks(pool, self->lane);
        atomic_fetch_sub(&pool->state, 1);
        atomic_fetch_add(&pool->left, 1);
        if (atomic_load(&pool->is_caller_asleep)) futex_wake(&pool->left);
    }
}

static void await_workers(kernels_pool *pool) {
    for (int spins = 0;; spins++) {
        uint32_t word = atomic_load(&pool->left);
        if ((uint32_t)atomic_load(&pool->state) == 0) return;
        if (spins < SPINS) {
            PAUSE();
            continue;
        }
        atomic_store(&pool->is_caller_asleep, 1);
        if ((uint32_t)atomic_load(&pool->state) != 0) futex_wait(&pool->left, word);
        atomic_store(&pool->is_caller_asleep, 0);
    }
}

kernels_pool *kernels_pool_create(ptrdiff_t threads) {
    if (threads < 1) return NULL;
    size_t bytes = sizeof(kernels_pool) + (size_t)(threads - 1) * sizeof(worker);
    kernels_pool *pool = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (pool == NULL) return NULL;
    *pool = (kernels_pool){.threads = 1};
    for (ptrdiff_t lane = 1; lane < threads; lane++) {
        worker *new_worker = &pool->workers[lane - 1];
        *new_worker = (worker){.pool = pool, .lane = lane};
        if (pthread_create(&new_worker->thread, NULL, work, new_worker) != 0) {
            kernels_pool_destroy(pool);
            return NULL;
        }
        pool->threads = lane + 1;
    }
    return pool;
}

void kernels_pool_run(kernels_pool *pool, ptrdiff_t count, ptrdiff_t grain, kernels_pool_body body, void *context) {
    if (count <= 0) return;
    if (pool->threads == 1 || count <= grain) {
        body(context, 0, count, 0);
        return;
    }
    PROFILE(KERNELS_TIME_CALLS);
    pool->body = body;
    pool->context = context;
    pool->count = count;
    pool->grain = grain < 1 ? 1 : grain;
    atomic_store(&pool->next, 0);
    atomic_fetch_add(&pool->state, (uint64_t)1 << 32);
    atomic_fetch_add(&pool->wake, 1);
    if (atomic_load(&pool->sleepers) > 0) futex_wake(&pool->wake);
    run_chunks(pool, 0);
    atomic_fetch_add(&pool->state, (uint64_t)1 << 32);
    await_workers(pool);
}

void kernels_pool_destroy(kernels_pool *pool) {
    if (pool == NULL) return;
    atomic_store(&pool->is_stopping, true);
    atomic_fetch_add(&pool->wake, 1);
    futex_wake(&pool->wake);
    for (ptrdiff_t lane = 1; lane < pool->threads; lane++) pthread_join(pool->workers[lane - 1].thread, NULL);
    free(pool);
}
