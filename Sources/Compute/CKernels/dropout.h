// Which elements a dropout drops.

#ifndef CKERNELS_DROPOUT_H
#define CKERNELS_DROPOUT_H

#include "CKernels.h"
#include "clones.h"

/// Hashes below this are dropped.
INLINE uint32_t dropout_limit(float rate) { return (uint32_t)((double)rate * 4294967296.0); }

/// One word for a row, from a finaliser in the manner of splitmix64.
INLINE uint32_t dropout_row_seed(uint64_t seed, uint64_t row) {
    uint64_t z = seed + (row + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (uint32_t)(z >> 32);
}

/// A 32-bit mixing function of two multiplications, which vectors have; of a word or a vector of words.
#define DROPOUT_HASH(x, row_seed, column)      \
    do {                                       \
        x = (row_seed) ^ (column)*0x9E3779B1u; \
        x ^= x >> 16;                          \
        x *= 0x7FEB352Du;                      \
        x ^= x >> 15;                          \
        x *= 0x846CA68Bu;                      \
        x ^= x >> 16;                          \
    } while (0)

INLINE uint32_t dropout_hash(uint32_t row_seed, uint32_t column) {
    uint32_t x;
    DROPOUT_HASH(x, row_seed, column);
    return x;
}

/// What elements that are not dropped are multiplied by.
INLINE float dropout_kept(float rate) { return 1.0f / (1.0f - rate); }

#endif
