// Dropout by a counter-based generator: the mask is a function of seed, row and column, so it needs no memory and the
// backward pass makes it again.

#include "dropout.h"
#include "profile.h"

CLONES void kernels_dropout(const float *x, const float *residual, uint64_t seed, ptrdiff_t first_row, ptrdiff_t rows,
                            ptrdiff_t width, float rate, float *out) {
    PROFILE(KERNELS_TIME_ELEMENTS);
    const uint32_t limit = dropout_limit(rate);
    const float kept = dropout_kept(rate);
    for (ptrdiff_t t = 0; t < rows; t++) {
        const uint32_t row_seed = dropout_row_seed(seed, (uint64_t)(first_row + t));
        for (ptrdiff_t i = 0; i < width; i++) {
            float value = dropout_hash(row_seed, (uint32_t)i) < limit ? 0.0f : x[t * width + i] * kept;
            out[t * width + i] = residual == NULL ? value : residual[t * width + i] + value;
        }
    }
}

bool kernels_dropout_drops(uint64_t seed, uint64_t row, uint32_t column, float rate) {
    return dropout_hash(dropout_row_seed(seed, row), column) < dropout_limit(rate);
}
