// Attention of one new query against a key-value cache: scores for a vector of positions at a time, then a weighted
// sum of value rows in two chains.

#include "CKernels.h"
#include "clones.h"
#include "profile.h"

#include <string.h>

#pragma clang fp contract(fast)

typedef float positions __attribute__((vector_size(KERNELS_KEY_POSITIONS * 4), aligned(4), may_alias));
typedef float octet __attribute__((vector_size(32), aligned(4), may_alias));

/// Scores of `count` neighbouring blocks, each a chain of its own.
INLINE void score_blocks(const int count, const float *query, const float *keys, ptrdiff_t key_block, ptrdiff_t size,
                         float scale, float *scores) {
    positions sums[4] = {0};
    for (ptrdiff_t channel = 0; channel < size; channel++) {
#pragma clang loop unroll(full)
        for (int block = 0; block < count; block++)
            sums[block] += query[channel] * *(const positions *)(keys + block * key_block +
                                                                 channel * KERNELS_KEY_POSITIONS);
    }
#pragma clang loop unroll(full)
    for (int block = 0; block < count; block++)
        *(positions *)(scores + block * KERNELS_KEY_POSITIONS) = sums[block] * scale;
}

/// The largest of `blocks` whole blocks of scores.
INLINE float largest_score(const float *scores, ptrdiff_t blocks) {
    float top[KERNELS_KEY_POSITIONS];
    memcpy(top, scores, sizeof top);
    for (ptrdiff_t block = 1; block < blocks; block++)
        for (int lane = 0; lane < KERNELS_KEY_POSITIONS; lane++) {
            float score = scores[block * KERNELS_KEY_POSITIONS + lane];
            top[lane] = score > top[lane] ? score : top[lane];
        }
    float largest = top[0];
    for (int lane = 1; lane < KERNELS_KEY_POSITIONS; lane++) largest = top[lane] > largest ? top[lane] : largest;
    return largest;
}

INLINE float sum_of_scores(const float *scores, ptrdiff_t length) {
#pragma clang fp reassociate(on)
    float sum = 0;
    for (ptrdiff_t i = 0; i < length; i++) sum += scores[i];
    return sum;
}

/// output[0..<8*octets] = factor * sum of weights[i] * values[i].
INLINE void weigh(const int octets, const float *weights, const float *values, ptrdiff_t row, ptrdiff_t length,
                  float factor, float *output) {
    octet even[4] = {0}, odd[4] = {0};
    ptrdiff_t i = 0;
    for (; i + 2 <= length; i += 2) {
#pragma clang loop unroll(full)
        for (int j = 0; j < octets; j++) {
            even[j] += weights[i] * *(const octet *)(values + i * row + j * 8);
            odd[j] += weights[i + 1] * *(const octet *)(values + (i + 1) * row + j * 8);
        }
    }
    if (i < length)
        for (int j = 0; j < octets; j++) even[j] += weights[i] * *(const octet *)(values + i * row + j * 8);
#pragma clang loop unroll(full)
    for (int j = 0; j < octets; j++) *(octet *)(output + j * 8) = (even[j] + odd[j]) * factor;
}

CLONES void kernels_attend_cached(const float *query, const float *keys, ptrdiff_t key_block, const float *values,
                                  ptrdiff_t value_row, ptrdiff_t length, ptrdiff_t size, float scale, float *scores,
                                  float *output) {
    PROFILE(KERNELS_TIME_ATTENTION);
    const ptrdiff_t blocks = (length + KERNELS_KEY_POSITIONS - 1) / KERNELS_KEY_POSITIONS;
    ptrdiff_t block = 0;
    for (; block + 4 <= blocks; block += 4)
        score_blocks(4, query, keys + block * key_block, key_block, size, scale,
                     scores + block * KERNELS_KEY_POSITIONS);
    for (; block + 2 <= blocks; block += 2)
        score_blocks(2, query, keys + block * key_block, key_block, size, scale,
                     scores + block * KERNELS_KEY_POSITIONS);
    for (; block < blocks; block++)
        score_blocks(1, query, keys + block * key_block, key_block, size, scale,
                     scores + block * KERNELS_KEY_POSITIONS);
    for (ptrdiff_t i = length; i < blocks * KERNELS_KEY_POSITIONS; i++) scores[i] = -__builtin_inff();
    kernels_exp(scores, largest_score(scores, blocks), length, scores);
    const float factor = 1 / sum_of_scores(scores, length);
    ptrdiff_t column = 0;
    for (; column + 32 <= size; column += 32)
        weigh(4, scores, values + column, value_row, length, factor, output + column);
    for (; column + 8 <= size; column += 8)
        weigh(1, scores, values + column, value_row, length, factor, output + column);
    for (; column < size; column++) {
        float sum = 0;
        for (ptrdiff_t i = 0; i < length; i++) sum += scores[i] * values[i * value_row + column];
        output[column] = sum * factor;
    }
}
