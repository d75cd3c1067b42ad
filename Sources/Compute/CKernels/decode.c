// Attention of one new query row against keys and values in pages, and writing them there.
//
// Positions are taken in blocks of 16 whatever the page size, scores are summed over channels and values over positions
// in one order, so the result does not depend on how pages are cut.

#include "CKernels.h"
#include "clones.h"
#include "profile.h"
#include "variants.h"

#include <string.h>

#pragma clang fp contract(fast)
// Wide vectors pass between inlined functions only, never through a call.
#pragma clang diagnostic ignored "-Wpsabi"

enum { BLOCK = KERNELS_KEY_POSITIONS };

typedef float lanes __attribute__((vector_size(BLOCK * 4), aligned(4), may_alias));
typedef uint32_t words __attribute__((vector_size(BLOCK * 4), aligned(4), may_alias));
typedef uint16_t halves __attribute__((vector_size(BLOCK * 2), aligned(2), may_alias));
typedef int32_t flags __attribute__((vector_size(BLOCK * 4), aligned(4), may_alias));

INLINE lanes load(int storage, const void *base, ptrdiff_t index) {
    if (storage == KERNELS_F32) return *(const lanes *)((const float *)base + index);
    words wide = __builtin_convertvector(*(const halves *)((const uint16_t *)base + index), words) << 16;
    return (lanes)wide;
}

INLINE float load_one(int storage, const void *base, ptrdiff_t index) {
    if (storage == KERNELS_F32) return ((const float *)base)[index];
    uint32_t wide = (uint32_t)((const uint16_t *)base)[index] << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

/// Round to nearest, ties to even; a NaN keeps being one.
INLINE uint16_t narrowed(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (value != value) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

INLINE lanes exponential(lanes x) {
    const lanes lowest = (lanes){0} + EXP_LOWEST;
    flags low = x < lowest;
    x = (lanes)(((flags)lowest & low) | ((flags)x & ~low));
    lanes shifted = x * EXP_LOG2_E + EXP_ROUND;
    lanes n = shifted - EXP_ROUND;
    lanes r = x - n * EXP_LN2_HIGH;
    r = r - n * EXP_LN2_LOW;
    lanes y = EXP_POLYNOMIAL(r) * (r * r) + r + 1.0f;
    return y * (lanes)((flags)shifted << 23);
}

INLINE lanes larger(lanes a, lanes b) {
    flags mask = a > b;
    return (lanes)(((flags)a & mask) | ((flags)b & ~mask));
}

/// Where a block of positions begins in its page.
typedef struct {
    const void *page;
    ptrdiff_t position;
} place;

INLINE place find(const kernels_paged_attention *work, ptrdiff_t block) {
    ptrdiff_t first = block * BLOCK;
    return (place){work->pages[first / work->page_positions], first % work->page_positions};
}

/// Scores of one block of positions against `queries` query heads that share one key head.
INLINE void score_block(const int storage, const int queries, const float *query, ptrdiff_t size, const void *page,
                        ptrdiff_t first, float scale, float *scores, ptrdiff_t row) {
    lanes sums[4] = {0};
    for (ptrdiff_t channel = 0; channel < size; channel++) {
        lanes keys = load(storage, page, first + channel * BLOCK);
#pragma clang loop unroll(full)
        for (int i = 0; i < queries; i++) sums[i] += query[i * size + channel] * keys;
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < queries; i++) *(lanes *)(scores + i * row) = sums[i] * scale;
}

/// output[0..<size] += sum over `count` positions of weights[i] * value row i, for `queries` heads of one value head.
INLINE void add_values(const int storage, const int queries, const float *weights, ptrdiff_t row, const void *page,
                       ptrdiff_t first, ptrdiff_t count, ptrdiff_t size, float *output) {
    ptrdiff_t column = 0;
    for (; column + 2 * BLOCK <= size; column += 2 * BLOCK) {
        lanes low[2], high[2];
#pragma clang loop unroll(full)
        for (int i = 0; i < queries; i++) {
            low[i] = *(const lanes *)(output + i * size + column);
            high[i] = *(const lanes *)(output + i * size + column + BLOCK);
        }
        for (ptrdiff_t t = 0; t < count; t++) {
            lanes left = load(storage, page, first + t * size + column);
            lanes right = load(storage, page, first + t * size + column + BLOCK);
#pragma clang loop unroll(full)
            for (int i = 0; i < queries; i++) {
                low[i] += weights[i * row + t] * left;
                high[i] += weights[i * row + t] * right;
            }
        }
#pragma clang loop unroll(full)
        for (int i = 0; i < queries; i++) {
            *(lanes *)(output + i * size + column) = low[i];
            *(lanes *)(output + i * size + column + BLOCK) = high[i];
        }
    }
    for (; column + BLOCK <= size; column += BLOCK)
        for (int i = 0; i < queries; i++) {
            lanes sum = *(const lanes *)(output + i * size + column);
            for (ptrdiff_t t = 0; t < count; t++)
                sum += weights[i * row + t] * load(storage, page, first + t * size + column);
            *(lanes *)(output + i * size + column) = sum;
        }
    for (; column < size; column++)
        for (int i = 0; i < queries; i++) {
            float sum = output[i * size + column];
            for (ptrdiff_t t = 0; t < count; t++)
                sum += weights[i * row + t] * load_one(storage, page, first + t * size + column);
            output[i * size + column] = sum;
        }
}

/// Turns one head's scores into weights in place and returns one over their sum.
INLINE float weigh(float *scores, ptrdiff_t length) {
    const ptrdiff_t blocks = (length + BLOCK - 1) / BLOCK;
    for (ptrdiff_t i = length; i < blocks * BLOCK; i++) scores[i] = -__builtin_inff();
    lanes top = *(const lanes *)scores;
    for (ptrdiff_t block = 1; block < blocks; block++) top = larger(*(const lanes *)(scores + block * BLOCK), top);
    float largest = top[0];
#pragma clang loop unroll(full)
    for (int lane = 1; lane < BLOCK; lane++) largest = top[lane] > largest ? top[lane] : largest;
    lanes sums = {0};
    for (ptrdiff_t block = 0; block < blocks; block++) {
        lanes weight = exponential(*(const lanes *)(scores + block * BLOCK) - largest);
        *(lanes *)(scores + block * BLOCK) = weight;
        sums += weight;
    }
    float sum = 0;
#pragma clang loop unroll(full)
    for (int lane = 0; lane < BLOCK; lane++) sum += sums[lane];
    return 1 / sum;
}

INLINE void attend(const int storage, const kernels_paged_attention *work) {
    const ptrdiff_t size = work->size, group = work->group, length = work->length;
    const ptrdiff_t blocks = (length + BLOCK - 1) / BLOCK, row = blocks * BLOCK;
    const ptrdiff_t head_step = work->page_positions * size;
    for (ptrdiff_t block = 0; block < blocks; block++) {
        place at = find(work, block);
        for (ptrdiff_t head = 0; head < work->key_value_heads; head++) {
            const ptrdiff_t first = work->key_offset + head * head_step + at.position * size;
            ptrdiff_t i = head * group;
            const ptrdiff_t end = i + group;
            for (; i + 4 <= end; i += 4)
                score_block(storage, 4, work->query + i * size, size, at.page, first, work->scale,
                            work->scores + i * row + block * BLOCK, row);
            for (; i + 2 <= end; i += 2)
                score_block(storage, 2, work->query + i * size, size, at.page, first, work->scale,
                            work->scores + i * row + block * BLOCK, row);
            for (; i < end; i++)
                score_block(storage, 1, work->query + i * size, size, at.page, first, work->scale,
                            work->scores + i * row + block * BLOCK, row);
        }
    }
    const ptrdiff_t heads = work->key_value_heads * group;
    float factors[KERNELS_MOST_HEADS];
    for (ptrdiff_t i = 0; i < heads; i++) factors[i] = weigh(work->scores + i * row, length);
    memset(work->output, 0, (size_t)(heads * size) * sizeof(float));
    for (ptrdiff_t block = 0; block < blocks; block++) {
        place at = find(work, block);
        const ptrdiff_t count = length - block * BLOCK < BLOCK ? length - block * BLOCK : BLOCK;
        for (ptrdiff_t head = 0; head < work->key_value_heads; head++) {
            const ptrdiff_t first = work->value_offset + head * head_step + at.position * size;
            ptrdiff_t i = head * group;
            const ptrdiff_t end = i + group;
            for (; i + 2 <= end; i += 2)
                add_values(storage, 2, work->scores + i * row + block * BLOCK, row, at.page, first, count, size,
                           work->output + i * size);
            for (; i < end; i++)
                add_values(storage, 1, work->scores + i * row + block * BLOCK, row, at.page, first, count, size,
                           work->output + i * size);
        }
    }
    for (ptrdiff_t i = 0; i < heads; i++)
        for (ptrdiff_t column = 0; column < size; column++) work->output[i * size + column] *= factors[i];
}

CLONES void kernels_attend_pages(const kernels_paged_attention *work) {
    PROFILE(KERNELS_TIME_ATTENTION);
    if (work->storage == KERNELS_F32)
        attend(KERNELS_F32, work);
    else
        attend(KERNELS_BF16, work);
}

void kernels_store_in_page(const kernels_page_place *at, const float *key, const float *value) {
    const ptrdiff_t size = at->size, step = at->page_positions * size;
    const ptrdiff_t key_first = at->position / BLOCK * BLOCK * size + at->position % BLOCK;
    for (ptrdiff_t head = 0; head < at->key_value_heads; head++) {
        const ptrdiff_t key_offset = at->key_offset + head * step + key_first;
        const ptrdiff_t value_offset = at->value_offset + head * step + at->position * size;
        const float *k = key + head * size, *v = value + head * size;
        if (at->storage == KERNELS_F32) {
            float *page = at->page;
            for (ptrdiff_t i = 0; i < size; i++) page[key_offset + i * BLOCK] = k[i];
            memcpy(page + value_offset, v, (size_t)size * sizeof(float));
        } else {
            uint16_t *page = at->page;
            for (ptrdiff_t i = 0; i < size; i++) page[key_offset + i * BLOCK] = narrowed(k[i]);
            for (ptrdiff_t i = 0; i < size; i++) page[value_offset + i] = narrowed(v[i]);
        }
    }
}
