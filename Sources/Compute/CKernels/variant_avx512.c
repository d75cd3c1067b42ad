// The micro-kernels with 512-bit vectors: tiles of 14 x 32.

#if defined(__x86_64__)

#include "variants.h"

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,fma"))), apply_to = function)

#define FUSED
#define LANES 16
#define MR 14
#define RECIPROCAL(x) reciprocal(x)

/// An estimate of 14 bits and one Newton step: within two units in the last place, an eighth of a division's time.
static inline __attribute__((always_inline)) __m512 reciprocal(__m512 x) {
    __m512 estimate = _mm512_rcp14_ps(x);
    return estimate * (2.0f - x * estimate);
}

#include "vectors.inc"
#include "tile.inc"
#include "matrix.inc"
#include "outer.inc"
#include "attention.inc"

#pragma clang attribute pop

const kernels_variant kernels_variant_avx512 = {
    KERNELS_AVX512, PANEL, pack, multiply, accumulate_outer, attention_scratch, attend, attend_backward,
};

#endif
