// Kernels over rows: norms, embeddings and column sums.

#include "CKernels.h"
#include "clones.h"
#include "profile.h"

#include <string.h>

#pragma clang fp contract(fast)

CLONES void kernels_layer_norm(const float *x, const float *gain, const float *shift, float epsilon, ptrdiff_t rows,
                               ptrdiff_t width, float *out, float *mean, float *rstd) {
    PROFILE(KERNELS_TIME_ELEMENTS);
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
    PROFILE(KERNELS_TIME_ELEMENTS);
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

CLONES void kernels_rms_norm(const float *x, const float *gain, float epsilon, ptrdiff_t rows, ptrdiff_t width,
                             float *out, float *rstd) {
    for (ptrdiff_t row = 0; row < rows; row++) {
        const float *in = x + row * width;
        float *normed = out + row * width;
        float squares = 0;
        {
#pragma clang fp reassociate(on)
            for (ptrdiff_t i = 0; i < width; i++) squares += in[i] * in[i];
        }
        float inverse = 1.0f / __builtin_elementwise_sqrt(squares / (float)width + epsilon);
        for (ptrdiff_t i = 0; i < width; i++) normed[i] = in[i] * inverse * gain[i];
        if (rstd != NULL) rstd[row] = inverse;
    }
}

CLONES void kernels_rms_norm_backward(const float *d_out, const float *x, const float *gain, const float *rstd,
                                      ptrdiff_t rows, ptrdiff_t width, float *d_x, float *d_gain) {
    for (ptrdiff_t row = 0; row < rows; row++) {
        const float *restrict in = x + row * width, *restrict d = d_out + row * width;
        float *restrict d_in = d_x + row * width, *restrict d_g = d_gain;
        const float inverse = rstd[row];
        float projected = 0;
        {
#pragma clang fp reassociate(on)
            for (ptrdiff_t i = 0; i < width; i++) projected += d[i] * gain[i] * in[i];
        }
        projected *= inverse * inverse / (float)width;
        for (ptrdiff_t i = 0; i < width; i++) {
            d_in[i] += inverse * (d[i] * gain[i] - in[i] * projected);
            d_g[i] += d[i] * in[i] * inverse;
        }
    }
}

CLONES void kernels_add_columns(const float *x, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t column_begin,
                                ptrdiff_t column_end, float *sums) {
    for (ptrdiff_t t = 0; t < rows; t++)
        for (ptrdiff_t i = column_begin; i < column_end; i++) sums[i] += x[t * row + i];
}

CLONES void kernels_embed(const int32_t *tokens, const int32_t *positions, const float *token_table,
                          const float *position_table, ptrdiff_t rows, ptrdiff_t width, float *out) {
    PROFILE(KERNELS_TIME_ELEMENTS);
    for (ptrdiff_t row = 0; row < rows; row++) {
        const float *token = token_table + tokens[row] * width;
        if (position_table == NULL) {
            memcpy(out + row * width, token, (size_t)width * sizeof(float));
            continue;
        }
        const float *position = position_table + positions[row] * width;
        for (ptrdiff_t i = 0; i < width; i++) out[row * width + i] = token[i] + position[i];
    }
}

CLONES void kernels_embed_backward(const int32_t *tokens, const int32_t *positions, const float *d_out, ptrdiff_t rows,
                                   ptrdiff_t width, ptrdiff_t column_begin, ptrdiff_t column_end, float *d_token_table,
                                   float *d_position_table) {
    PROFILE(KERNELS_TIME_ELEMENTS);
    for (ptrdiff_t row = 0; row < rows; row++) {
        float *token = d_token_table + tokens[row] * width;
        const float *d = d_out + row * width;
        for (ptrdiff_t i = column_begin; i < column_end; i++) token[i] += d[i];
        if (d_position_table == NULL) continue;
        float *position = d_position_table + positions[row] * width;
        for (ptrdiff_t i = column_begin; i < column_end; i++) position[i] += d[i];
    }
}
