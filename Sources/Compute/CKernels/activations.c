// Activation functions as loops that the compiler vectorises.

#include "activations.h"

#include "exponential.h"

#pragma clang fp contract(fast)

CLONES void kernels_relu(const float *x, ptrdiff_t count, float *out) {
    // Written so that a NaN stays one.
    for (ptrdiff_t i = 0; i < count; i++) out[i] = x[i] <= 0 ? 0 : x[i];
}

CLONES void kernels_relu_backward(const float *d_out, const float *x, ptrdiff_t count, float *d_x) {
    for (ptrdiff_t i = 0; i < count; i++) d_x[i] = x[i] <= 0 ? 0 : d_out[i];
}

// x * sigmoid(2u) is tanh-GELU; see variants.h.
INLINE float gelu_sigmoid(float x) { return 1.0f / (1.0f + exponential(-(GELU_LINEAR * x + GELU_CUBIC * x * x * x))); }

CLONES void kernels_gelu(const float *x, ptrdiff_t count, float *out) {
    for (ptrdiff_t i = 0; i < count; i++) out[i] = x[i] * gelu_sigmoid(x[i]);
}

CLONES void kernels_gelu_backward(const float *d_out, const float *x, ptrdiff_t count, float *d_x) {
    for (ptrdiff_t i = 0; i < count; i++) {
        float sigmoid = gelu_sigmoid(x[i]);
        float slope = GELU_LINEAR + 3.0f * GELU_CUBIC * x[i] * x[i];
        d_x[i] = d_out[i] * (sigmoid + x[i] * sigmoid * (1.0f - sigmoid) * slope);
    }
}
