// Optimizer updates and low-precision rounding: loops over contiguous floats that the compiler vectorises.

#include "optimizers.h"

#include "clones.h"
#include "profile.h"

#include <string.h>

#pragma clang fp contract(fast)

CLONES void kernels_adam(const kernels_adam_options *options, float *weights, const float *gradients,
                         float *first_moments, float *second_moments, ptrdiff_t count) {
    PROFILE(KERNELS_TIME_OPTIMIZER);
    const kernels_adam_options o = *options;
    const float kept = 1.0f - o.rate * o.decoupled_decay;
    const float step = o.rate / o.correction1;
    const float root = 1.0f / __builtin_elementwise_sqrt(o.correction2);
    for (ptrdiff_t i = 0; i < count; i++) {
        float gradient = gradients[i] * o.gradient_factor + o.coupled_decay * weights[i];
        float first = o.beta1 * first_moments[i] + (1.0f - o.beta1) * gradient;
        float second = o.beta2 * second_moments[i] + (1.0f - o.beta2) * gradient * gradient;
        first_moments[i] = first;
        second_moments[i] = second;
        weights[i] = weights[i] * kept - step * first / (__builtin_elementwise_sqrt(second) * root + o.epsilon);
    }
}

CLONES void kernels_sgd(const kernels_sgd_options *options, float *weights, const float *gradients, float *buffers,
                        ptrdiff_t count) {
    PROFILE(KERNELS_TIME_OPTIMIZER);
    const kernels_sgd_options o = *options;
    if (buffers == NULL) {
        for (ptrdiff_t i = 0; i < count; i++)
            weights[i] -= o.rate * (gradients[i] * o.gradient_factor + o.decay * weights[i]);
        return;
    }
    // Two coefficients instead of a branch: Nesterov looks one step ahead along the buffer.
    const float of_gradient = o.nesterov ? 1.0f : 0.0f;
    const float of_buffer = o.nesterov ? o.momentum : 1.0f;
    for (ptrdiff_t i = 0; i < count; i++) {
        float gradient = gradients[i] * o.gradient_factor + o.decay * weights[i];
        float buffer = o.momentum * buffers[i] + gradient;
        buffers[i] = buffer;
        weights[i] -= o.rate * (of_gradient * gradient + of_buffer * buffer);
    }
}

INLINE uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

INLINE float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

CLONES void kernels_round_bfloat16(const float *x, ptrdiff_t count, float *out) {
    for (ptrdiff_t i = 0; i < count; i++) {
        uint32_t bits = bits_of(x[i]);
        uint32_t rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) & 0xFFFF0000u;
        // Rounding could carry a NaN's fraction away, or make it an infinity.
        uint32_t kept = (bits & 0xFFFF0000u) | 0x00400000u;
        out[i] = float_of((bits & 0x7FFFFFFFu) > 0x7F800000u ? kept : rounded);
    }
}

CLONES void kernels_round_float16(const float *x, ptrdiff_t count, float *out) {
    for (ptrdiff_t i = 0; i < count; i++) {
        uint32_t bits = bits_of(x[i]);
        uint32_t sign = bits & 0x80000000u, size = bits & 0x7FFFFFFFu;
        uint32_t normal = (size + 0xFFFu + ((size >> 13) & 1u)) & 0xFFFFE000u;
        // Above 65504 once rounded to 11 bits.
        normal = normal > 0x477FE000u ? 0x7F800000u : normal;
        // Below 2^-14 the spacing is 2^-24, that of floats from 0.5 to 1.
        float small = float_of(size) + 0.5f;
        uint32_t subnormal = bits_of(small - 0.5f);
        uint32_t rounded = size < 0x38800000u ? subnormal : normal;
        rounded = size > 0x7F800000u ? (size | 0x00400000u) : rounded;
        out[i] = float_of(sign | rounded);
    }
}
