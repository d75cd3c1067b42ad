// Passes over one row of logits: its peak, its softmax weights in blocks, and where a value lies.

#include "exponential.h"
#include "profile.h"

#pragma clang fp contract(fast)

enum { BLOCK = KERNELS_DRAW_BLOCK };

CLONES float kernels_largest(const float *x, ptrdiff_t count) {
    // Running values side by side, because one would be a chain of dependent comparisons.
    float largest[BLOCK];
    for (int lane = 0; lane < BLOCK; lane++) largest[lane] = x[0];
    ptrdiff_t i = 0;
    for (; i + BLOCK <= count; i += BLOCK)
        for (int lane = 0; lane < BLOCK; lane++)
            largest[lane] = x[i + lane] > largest[lane] ? x[i + lane] : largest[lane];
    for (; i < count; i++) largest[0] = x[i] > largest[0] ? x[i] : largest[0];
    for (int width = BLOCK / 2; width > 0; width /= 2)
        for (int lane = 0; lane < width; lane++)
            largest[lane] = largest[lane + width] > largest[lane] ? largest[lane + width] : largest[lane];
    return largest[0];
}

CLONES ptrdiff_t kernels_first_equal(const float *x, ptrdiff_t count, float value) {
    for (ptrdiff_t start = 0; start < count; start += BLOCK) {
        ptrdiff_t end = count - start < BLOCK ? count : start + BLOCK;
        int found = 0;
        for (ptrdiff_t i = start; i < end; i++) found |= x[i] == value;
        for (ptrdiff_t i = start; found && i < end; i++)
            if (x[i] == value) return i;
    }
    return -1;
}

/// One block; `weighted` sums weight * scaled logit. A logit too far below the peak has no weight at all, so that a
/// token of minus infinity is impossible. `restrict` is for the bits: without it the loop has a second form for rows that
/// lie close together, which sums in another order.
INLINE void weigh_block(const float *restrict x, ptrdiff_t count, float peak, float scale, float *restrict weights,
                        float *sum, float *weighted) {
#pragma clang fp reassociate(on)
    float total = 0, products = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        float scaled = (x[i] - peak) * scale;
        float weight = scaled < -87.0f ? 0 : exponential(scaled);
        weights[i] = weight;
        total += weight;
        products += weight == 0 ? 0 : weight * scaled;
    }
    *sum = total;
    *weighted = products;
}

CLONES double kernels_softmax_weights(const float *x, ptrdiff_t count, float peak, float scale, float *weights,
                                      float *block_sums, double *weighted) {
    PROFILE(KERNELS_TIME_ELEMENTS);
    double total = 0, products = 0;
    for (ptrdiff_t start = 0; start < count; start += BLOCK) {
        float sum, product;
        if (count - start >= BLOCK)
            weigh_block(x + start, BLOCK, peak, scale, weights + start, &sum, &product);
        else
            weigh_block(x + start, count - start, peak, scale, weights + start, &sum, &product);
        block_sums[start / BLOCK] = sum;
        total += sum;
        products += product;
    }
    *weighted = products;
    return total;
}
