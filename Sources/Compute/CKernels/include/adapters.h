/// Weights with a low-rank adapter added (Hu et al., 2021), made where they are packed.
#ifndef CKERNELS_ADAPTERS_H
#define CKERNELS_ADAPTERS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// out[i][j] = w(i, j) + scale * sum over r of left(i, r) * right(r, j), for i < rows and j < columns; element (i, j) of
/// an operand is at base[i * its row stride + j * its column stride]. Rows of `out` are `columns` floats; `right_rows`
/// is room for rank * columns floats. `w` may be null (zero).
typedef struct {
    const float *w;
    ptrdiff_t w_row, w_column;
    const float *left;
    ptrdiff_t left_row, left_column;
    const float *right;
    ptrdiff_t right_row, right_column;
    float scale;
    ptrdiff_t rows, columns, rank;
} kernels_low_rank;

void kernels_add_low_rank(const kernels_low_rank *sum, float *right_rows, float *out);

#ifdef __cplusplus
}
#endif

#endif
