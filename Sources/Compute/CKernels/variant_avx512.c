// The micro-kernels with 512-bit vectors: tiles of 14 x 32.

#if defined(__x86_64__)

#include "variants.h"

#include <string.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,fma"))), apply_to = function)

#define FUSED
#define LANES 16
#define MR 14
#include "matrix.inc"
#include "attention.inc"

#pragma clang attribute pop

const kernels_variant kernels_variant_avx512 = {
    KERNELS_AVX512, PANEL, pack, multiply, accumulate_outer, attention_scratch, attend, attend_backward,
};

#endif
