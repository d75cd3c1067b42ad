// A range of parts where each thread prefers the part of its own number.

#include "CKernels.h"

#include <stdatomic.h>

typedef struct {
    kernels_pool_body body;
    void *context;
    _Atomic uint64_t claimed;
} lane_run;

/// Claims one part for each of [begin, end): the lane's own if nobody took it, otherwise the lowest that is left.
static void run_parts(void *context, ptrdiff_t begin, ptrdiff_t end, ptrdiff_t lane) {
    lane_run *run = context;
    for (ptrdiff_t i = begin; i < end; i++) {
        ptrdiff_t part = lane;
        uint64_t claimed = atomic_load_explicit(&run->claimed, memory_order_relaxed);
        do {
            if (claimed >> part & 1) part = __builtin_ctzll(~claimed);
        } while (!atomic_compare_exchange_weak(&run->claimed, &claimed, claimed | (uint64_t)1 << part));
        run->body(run->context, part, part + 1, lane);
    }
}

void kernels_pool_run_by_lane(kernels_pool *pool, ptrdiff_t parts, kernels_pool_body body, void *context) {
    // Bits of parts that do not exist count as taken, so that a lane beyond them looks for another.
    lane_run run = {body, context, parts < 64 ? ~(uint64_t)0 << parts : 0};
    kernels_pool_run(pool, parts, 1, run_parts, &run);
}
