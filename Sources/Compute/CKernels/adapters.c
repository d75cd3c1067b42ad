// Low-rank sums of weights.

#include "adapters.h"

#include "clones.h"

#pragma clang fp contract(fast)

CLONES void kernels_add_low_rank(const kernels_low_rank *sum, float *right_rows, float *out) {
    const kernels_low_rank s = *sum;
    for (ptrdiff_t r = 0; r < s.rank; r++)
        for (ptrdiff_t j = 0; j < s.columns; j++)
            right_rows[r * s.columns + j] = s.right[r * s.right_row + j * s.right_column];
    for (ptrdiff_t i = 0; i < s.rows; i++) {
        float *restrict row = out + i * s.columns;
        for (ptrdiff_t j = 0; j < s.columns; j++) row[j] = 0;
        for (ptrdiff_t r = 0; r < s.rank; r++) {
            const float *restrict right = right_rows + r * s.columns;
            const float left = s.left[i * s.left_row + r * s.left_column];
            for (ptrdiff_t j = 0; j < s.columns; j++) row[j] += left * right[j];
        }
        if (s.w == NULL) {
            for (ptrdiff_t j = 0; j < s.columns; j++) row[j] *= s.scale;
        } else if (s.w_column == 1) {
            const float *restrict w = s.w + i * s.w_row;
            for (ptrdiff_t j = 0; j < s.columns; j++) row[j] = w[j] + s.scale * row[j];
        } else {
            for (ptrdiff_t j = 0; j < s.columns; j++)
                row[j] = s.w[i * s.w_row + j * s.w_column] + s.scale * row[j];
        }
    }
}
