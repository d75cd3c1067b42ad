// Independent chains of multiply-adds in registers: what the arithmetic units give when nothing else is in the way.

#include "CKernels.h"

#pragma clang fp contract(fast)

// Enough chains to cover the latency of two units, few enough to stay in registers.
#define DEFINE_CHAINS(name, lanes, chains, attributes)                                         \
    typedef float name##_vector __attribute__((vector_size(lanes * 4)));                       \
    attributes static double name(ptrdiff_t rounds, float seed, float *sink) {                 \
        name##_vector sums[chains], factor, addend;                                            \
        for (int lane = 0; lane < lanes; lane++) factor[lane] = seed, addend[lane] = 1 - seed; \
        for (int chain = 0; chain < chains; chain++) sums[chain] = factor * (float)(chain + 1); \
        for (ptrdiff_t round = 0; round < rounds; round++) {                                   \
            _Pragma("clang loop unroll(full)")                                                 \
            for (int chain = 0; chain < chains; chain++) sums[chain] = sums[chain] * factor + addend; \
        }                                                                                      \
        for (int chain = 1; chain < chains; chain++) sums[0] += sums[chain];                   \
        *sink = sums[0][0];                                                                    \
        return 2.0 * lanes * chains * (double)rounds;                                          \
    }

DEFINE_CHAINS(baseline_chains, 4, 12, )
#if defined(__x86_64__)
DEFINE_CHAINS(avx2_chains, 8, 12, __attribute__((target("avx2,fma"))))
DEFINE_CHAINS(avx512_chains, 16, 20, __attribute__((target("avx512f"))))
#endif

double kernels_multiply_add_chains(ptrdiff_t rounds, float *sink) {
    // Read from memory, so that the compiler cannot know the result.
    volatile float seed = 0.999f;
#if defined(__x86_64__)
    switch (kernels_selected()) {
    case KERNELS_AVX512: return avx512_chains(rounds, seed, sink);
    case KERNELS_AVX2: return avx2_chains(rounds, seed, sink);
    }
#endif
    return baseline_chains(rounds, seed, sink);
}
