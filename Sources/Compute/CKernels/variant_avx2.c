// The micro-kernels with 256-bit vectors and fused multiply-add: tiles of 6 x 16.

#if defined(__x86_64__)

#include "variants.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define FUSED
#define LANES 8
#define MR 6
#include "vectors.inc"
#include "tile.inc"
#include "matrix.inc"
#include "outer.inc"
#include "attention.inc"

#pragma clang attribute pop

const kernels_variant kernels_variant_avx2 = {
    KERNELS_AVX2, PANEL, pack, multiply, accumulate_outer, attention_scratch, attend, attend_backward,
};

#endif
