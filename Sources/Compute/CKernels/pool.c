// Persistent threads that share one range at a time: short spin, then futex.
//
// `state` is the whole protocol: the high half is a generation (odd while a range is open), the low half counts the
// workers inside. A worker may enter only while the generation is open, so the caller waits for those who entered and
// never for one the scheduler has put aside.
//
// In a program of phases every lane has a part of each phase. A lane takes its own part by counting `taken` up, which
// another does for it where it does not come, and whoever took a part sets `done`. So nobody waits for a lane that was
// put aside between two parts; when it is back, it finds the phases taken and runs through to the present one.

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

// About 100 microseconds of pauses: longer than the gap between two operations of a layer, or than one lane is late where
// memory decides, and shorter than a time slice.
enum { SPINS = 2400 };

// A few microseconds: a lane that has not come to a phase by then has other work, or no core.
enum { PATIENCE = 100 };

// Looks at a counter before the first pause, which takes as long as a lane is usually late.
enum { EAGER = 40 };

typedef struct {
    _Alignas(64) _Atomic uint32_t taken;  // the last phase whose part somebody took
    uint32_t phase;                       // the phase this lane is in; its own business
    kernels_pool *pool;
    ptrdiff_t lane;
    pthread_t thread;
    _Alignas(64) _Atomic uint32_t done;   // the last phase whose part is done
} lane_state;

struct kernels_pool {
    _Alignas(64) _Atomic uint64_t state;
    _Alignas(64) _Atomic ptrdiff_t next;
    _Alignas(64) _Atomic uint32_t wake;   // futex word the workers sleep on, bumped at each opening
    _Atomic uint32_t sleepers;
    _Alignas(64) _Atomic uint32_t left;   // futex word the caller sleeps on, bumped by a worker that leaves
    _Atomic uint32_t is_caller_asleep;
    _Alignas(64) _Atomic uint32_t arrivals;  // futex word of lanes asleep in a phase, bumped when a part is done
    _Atomic uint32_t awaiting;               // how many those are
    _Atomic bool is_stopping;
    kernels_pool_body body;
    kernels_pool_program program;  // null where a range is run
    void *context;
    ptrdiff_t count, grain;
    uint32_t phase;  // the last one of the programs before
    ptrdiff_t threads;
    lane_state lanes[];  // the caller's is the first, without a thread
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

static void run_program(kernels_pool *pool, ptrdiff_t lane) {
    PROFILE(KERNELS_TIME_LANES);
    pool->lanes[lane].phase = pool->phase;
    pool->program(pool->context, lane);
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
    lane_state *self = argument;
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
        if (pool->program != NULL)
            run_program(pool, self->lane);
        else
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
    size_t bytes = sizeof(kernels_pool) + (size_t)threads * sizeof(lane_state);
    kernels_pool *pool = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (pool == NULL) return NULL;
    *pool = (kernels_pool){.threads = 1};
    for (ptrdiff_t lane = 0; lane < threads; lane++) pool->lanes[lane] = (lane_state){.pool = pool, .lane = lane};
    for (ptrdiff_t lane = 1; lane < threads; lane++) {
        if (pthread_create(&pool->lanes[lane].thread, NULL, work, &pool->lanes[lane]) != 0) {
            kernels_pool_destroy(pool);
            return NULL;
        }
        pool->threads = lane + 1;
    }
    return pool;
}

/// Lets the workers in to what the pool's fields describe.
static void open_run(kernels_pool *pool) {
    atomic_store(&pool->next, 0);
    atomic_fetch_add(&pool->state, (uint64_t)1 << 32);
    atomic_fetch_add(&pool->wake, 1);
    if (atomic_load(&pool->sleepers) > 0) futex_wake(&pool->wake);
}

static void close_run(kernels_pool *pool) {
    atomic_fetch_add(&pool->state, (uint64_t)1 << 32);
    await_workers(pool);
}

void kernels_pool_run(kernels_pool *pool, ptrdiff_t count, ptrdiff_t grain, kernels_pool_body body, void *context) {
    if (count <= 0) return;
    if (pool->threads == 1 || count <= grain) {
        body(context, 0, count, 0);
        return;
    }
    PROFILE(KERNELS_TIME_CALLS);
    pool->program = NULL;
    pool->body = body;
    pool->context = context;
    pool->count = count;
    pool->grain = grain < 1 ? 1 : grain;
    open_run(pool);
    run_chunks(pool, 0);
    close_run(pool);
}

// MARK: Phases

void kernels_pool_run_program(kernels_pool *pool, kernels_pool_program program, void *context) {
    PROFILE(KERNELS_TIME_CALLS);
    pool->program = program;
    pool->context = context;
    open_run(pool);
    run_program(pool, 0);
    close_run(pool);
    pool->phase = pool->lanes[0].phase;
}

uint32_t kernels_pool_next_phase(kernels_pool *pool, ptrdiff_t lane) { return ++pool->lanes[lane].phase; }

bool kernels_pool_take(kernels_pool *pool, ptrdiff_t part, uint32_t phase) {
    uint32_t before = phase - 1;
    return atomic_compare_exchange_strong(&pool->lanes[part].taken, &before, phase);
}

void kernels_pool_end(kernels_pool *pool, ptrdiff_t part, uint32_t phase) {
    atomic_store(&pool->lanes[part].done, phase);
    if (atomic_load(&pool->awaiting) == 0) return;
    atomic_fetch_add(&pool->arrivals, 1);
    futex_wake(&pool->arrivals);
}

/// Counters wrap; those that are compared are close together.
static bool has_reached(const _Atomic uint32_t *counter, uint32_t phase) {
    return (int32_t)(atomic_load(counter) - phase) >= 0;
}

bool kernels_pool_await(kernels_pool *pool, ptrdiff_t part, uint32_t phase) {
    if (has_reached(&pool->lanes[part].done, phase)) return true;
    PROFILE(KERNELS_TIME_PHASES);
    for (int spins = 0; !has_reached(&pool->lanes[part].done, phase); spins++) {
        if (spins < SPINS) {
            if (spins == PATIENCE && kernels_pool_take(pool, part, phase)) return false;
            if (spins > EAGER) PAUSE();
            continue;
        }
        // Somebody has the part and is not running: asleep, this lane leaves its core to others.
        atomic_fetch_add(&pool->awaiting, 1);
        uint32_t word = atomic_load(&pool->arrivals);
        if (!has_reached(&pool->lanes[part].done, phase)) futex_wait(&pool->arrivals, word);
        atomic_fetch_sub(&pool->awaiting, 1);
    }
    return true;
}

void kernels_pool_destroy(kernels_pool *pool) {
    if (pool == NULL) return;
    atomic_store(&pool->is_stopping, true);
    atomic_fetch_add(&pool->wake, 1);
    futex_wake(&pool->wake);
    for (ptrdiff_t lane = 1; lane < pool->threads; lane++) pthread_join(pool->lanes[lane].thread, NULL);
    free(pool);
}
