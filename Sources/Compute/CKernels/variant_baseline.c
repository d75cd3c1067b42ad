// The micro-kernels with 128-bit vectors: what every x86-64 has, and other architectures' variant.

#define LANES 4
#define MR 4
#include "vectors.inc"
#include "tile.inc"
#include "matrix.inc"
#include "outer.inc"
#include "attention.inc"

const kernels_variant kernels_variant_baseline = {
    KERNELS_BASELINE, PANEL, pack, multiply, accumulate_outer, attention_scratch, attend, attend_backward,
};
