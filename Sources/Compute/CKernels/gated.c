// The gated activation of Llama's MLP, forward and backward.

#include "exponential.h"
#include "profile.h"

#pragma clang fp contract(fast)

CLONES void kernels_swiglu(const float *hidden, ptrdiff_t rows, ptrdiff_t width, ptrdiff_t column_begin,
                           ptrdiff_t column_end, float *activated) {
    PROFILE(KERNELS_TIME_ELEMENTS);
    for (ptrdiff_t t = 0; t < rows; t++) {
        const float *restrict gate = hidden + t * 2 * width, *restrict up = gate + width;
        float *restrict out = activated + t * width;
        for (ptrdiff_t i = column_begin; i < column_end; i++) out[i] = gate[i] / (1.0f + exponential(-gate[i])) * up[i];
    }
}

CLONES void kernels_swiglu_backward(const float *d_activated, const float *hidden, ptrdiff_t rows, ptrdiff_t width,
                                    float *d_hidden) {
    PROFILE(KERNELS_TIME_ELEMENTS);
    for (ptrdiff_t t = 0; t < rows; t++) {
        const float *restrict d = d_activated + t * width;
        const float *restrict gate = hidden + t * 2 * width, *restrict up = gate + width;
        float *restrict d_gate = d_hidden + t * 2 * width, *restrict d_up = d_gate + width;
        for (ptrdiff_t i = 0; i < width; i++) {
            float sigmoid = 1.0f / (1.0f + exponential(-gate[i]));
            d_up[i] = d[i] * gate[i] * sigmoid;
            d_gate[i] = d[i] * up[i] * sigmoid * (1.0f + gate[i] * (1.0f - sigmoid));
        }
    }
}
