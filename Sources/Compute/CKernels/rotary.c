// Rotary position embedding of queries and keys, in place.

#include "CKernels.h"
#include "clones.h"

#pragma clang fp contract(fast)

CLONES void kernels_rotate(float *x, ptrdiff_t row, const int32_t *positions, const float *table, ptrdiff_t rows,
                           ptrdiff_t heads, ptrdiff_t size, float direction) {
    const ptrdiff_t half = size / 2;
    for (ptrdiff_t t = 0; t < rows; t++) {
        const float *restrict cosines = table + positions[t] * size, *restrict sines = cosines + half;
        for (ptrdiff_t head = 0; head < heads; head++) {
            float *restrict low = x + t * row + head * size, *restrict high = low + half;
            for (ptrdiff_t i = 0; i < half; i++) {
                float a = low[i], b = high[i], sine = sines[i] * direction;
                low[i] = a * cosines[i] - b * sine;
                high[i] = b * cosines[i] + a * sine;
            }
        }
    }
}
