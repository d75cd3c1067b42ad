// Kernels over rows: layer norm, embeddings, and single-row products.

#include "CKernels.h"
#include "clones.h"

#include <string.h>

#pragma clang fp contract(fast)

CLONES void kernels_layer_norm(const float *x, const float *gain, const float *shift, float epsilon, ptrdiff_t rows,
                               ptrdiff_t width, float *out, float *mean, float *rstd) {
    for (ptrdiff_t row = 0; row < rows; row++) {
        const float *in = x + row * width;
        float *normed = out + row * width;
        float total = 0, squares = 0;
        {
#pragma clang fp reassociate(on)
            for (ptrdiff_t i = 0; i < width; i++) total += in[i];
        }
        float middle = total / (float)width;
        {
#pragma clang fp reassociate(on)
            for (ptrdiff_t i = 0; i < width; i++) squares += (in[i] - middle) * (in[i] - middle);
        }
        float inverse = 1.0f / __builtin_elementwise_sqrt(squares / (float)width + epsilon);
        for (ptrdiff_t i = 0; i < width; i++) normed[i] = (in[i] - middle) * inverse * gain[i] + shift[i];
        if (mean != NULL) mean[row] = middle;
        if (rstd != NULL) rstd[row] = inverse;
    }
}

CLONES void kernels_layer_norm_backward(const float *d_out, const float *x, const float *gain, const float *mean,
                                        const float *rstd, ptrdiff_t rows, ptrdiff_t width, float *d_x, float *d_gain,
                                        float *d_shift) {
    for (ptrdiff_t row = 0; row < rows; row++) {
        const float *restrict in = x + row * width, *restrict d = d_out + row * width;
        float *restrict d_in = d_x + row * width, *restrict d_g = d_gain, *restrict d_s = d_shift;
        const float middle = mean[row], inverse = rstd[row];
        float sum = 0, projected = 0;
        {
#pragma clang fp reassociate(on)
            for (ptrdiff_t i = 0; i < width; i++) {
                float scaled = d[i] * gain[i];
                sum += scaled;
                projected += scaled * (in[i] - middle);
            }
        }
        sum /= (float)width;
        projected *= inverse * inverse / (float)width;
        for (ptrdiff_t i = 0; i < width; i++) {
            float centered = in[i] - middle;
            d_in[i] += inverse * (d[i] * gain[i] - sum - centered * projected);
            d_g[i] += d[i] * centered * inverse;
            d_s[i] += d[i];
        }
    }
}

CLONES void kernels_embed(const int32_t *tokens, const int32_t *positions, const float *token_table,
                          const float *position_table, ptrdiff_t rows, ptrdiff_t width, float *out) {
    for (ptrdiff_t row = 0; row < rows; row++) {
        const float *token = token_table + tokens[row] * width;
        const float *position = position_table + positions[row] * width;
        for (ptrdiff_t i = 0; i < width; i++) out[row * width + i] = token[i] + position[i];
    }
}

CLONES void kernels_embed_backward(const int32_t *tokens, const int32_t *positions, const float *d_out, ptrdiff_t rows,
                                   ptrdiff_t width, ptrdiff_t column_begin, ptrdiff_t column_end, float *d_token_table,
                                   float *d_position_table) {
    for (ptrdiff_t row = 0; row < rows; row++) {
        float *token = d_token_table + tokens[row] * width;
        float *position = d_position_table + positions[row] * width;
        const float *d = d_out + row * width;
        for (ptrdiff_t i = column_begin; i < column_end; i++) token[i] += d[i];
        for (ptrdiff_t i = column_begin; i < column_end; i++) position[i] += d[i];
    }
}

/// Columns whose sums stay in registers while all of k passes by.
#define COLUMNS 64

CLONES void kernels_row_times_matrix(const float *x, const float *w, ptrdiff_t w_row, ptrdiff_t k, const float *start,
                                     const float *bias, float *y, ptrdiff_t begin, ptrdiff_t end) {
    ptrdiff_t n = begin;
    for (; n + COLUMNS <= end; n += COLUMNS) {
        float sums[COLUMNS];
        for (int j = 0; j < COLUMNS; j++) sums[j] = bias == NULL ? 0 : bias[n + j];
        if (start != NULL)
            for (int j = 0; j < COLUMNS; j++) sums[j] += start[n + j];
        for (ptrdiff_t i = 0; i < k; i++) {
            const float *row = w + i * w_row + n;
            for (int j = 0; j < COLUMNS; j++) sums[j] += x[i] * row[j];
        }
        memcpy(y + n, sums, sizeof sums);
    }
    for (; n < end; n++) {
        float sum = (bias == NULL ? 0 : bias[n]) + (start == NULL ? 0 : start[n]);
        for (ptrdiff_t i = 0; i < k; i++) sum += x[i] * w[i * w_row + n];
        y[n] = sum;
    }
}

INLINE float dot(const float *x, const float *y, ptrdiff_t count) {
#pragma clang fp reassociate(on)
    float sum = 0;
    for (ptrdiff_t i = 0; i < count; i++) sum += x[i] * y[i];
    return sum;
}

CLONES void kernels_row_times_transposed(const float *x, const float *w, ptrdiff_t w_row, ptrdiff_t k, float *y,
                                         ptrdiff_t begin, ptrdiff_t end) {
    for (ptrdiff_t n = begin; n < end; n++) y[n] = dot(x, w + n * w_row, k);
}
