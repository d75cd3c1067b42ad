// Loops over contiguous floats that the compiler vectorises: softmax pieces, optimizer, sums.

#include "exponential.h"
#include "profile.h"

#pragma clang fp contract(fast)

CLONES void kernels_exp(const float *x, float shift, ptrdiff_t count, float *out) {
    for (ptrdiff_t i = 0; i < count; i++) out[i] = exponential(x[i] - shift);
}

INLINE float largest_of(const float *x, ptrdiff_t count) {
    // Sixteen running values, because one would be a chain of dependent comparisons.
    float largest[16];
    for (int lane = 0; lane < 16; lane++) largest[lane] = x[0];
    ptrdiff_t i = 0;
    for (; i + 16 <= count; i += 16)
        for (int lane = 0; lane < 16; lane++) largest[lane] = x[i + lane] > largest[lane] ? x[i + lane] : largest[lane];
    for (; i < count; i++) largest[0] = x[i] > largest[0] ? x[i] : largest[0];
    for (int lane = 1; lane < 16; lane++) largest[0] = largest[lane] > largest[0] ? largest[lane] : largest[0];
    return largest[0];
}

CLONES float kernels_log_sum_exp(const float *logits, ptrdiff_t count, float *entropy) {
    PROFILE(KERNELS_TIME_ELEMENTS);
    float largest = largest_of(logits, count);
    float sum = 0, weighted = 0;
    {
#pragma clang fp reassociate(on)
        if (entropy == NULL) {
            for (ptrdiff_t i = 0; i < count; i++) sum += exponential(logits[i] - largest);
        } else {
            for (ptrdiff_t i = 0; i < count; i++) {
                float shifted = logits[i] - largest;
                float e = exponential(shifted);
                sum += e;
                weighted += e * shifted;
            }
        }
    }
    float log_sum = __builtin_logf(sum);
    if (entropy != NULL) *entropy = log_sum - weighted / sum;
    return largest + log_sum;
}

CLONES void kernels_softmax_scaled(float *logits, ptrdiff_t count, float log_sum, float coefficient) {
    PROFILE(KERNELS_TIME_ELEMENTS);
    for (ptrdiff_t i = 0; i < count; i++) logits[i] = coefficient * exponential(logits[i] - log_sum);
}

CLONES void kernels_scale(float *x, float factor, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) x[i] *= factor;
}

CLONES void kernels_add(const float *x, ptrdiff_t count, float *y) {
    PROFILE(KERNELS_TIME_ELEMENTS);
    for (ptrdiff_t i = 0; i < count; i++) y[i] += x[i];
}

CLONES double kernels_sum_of_squares(const float *x, ptrdiff_t count) {
#pragma clang fp reassociate(on)
    PROFILE(KERNELS_TIME_OPTIMIZER);
    double total = 0;
    for (ptrdiff_t i = 0; i < count; i++) total += (double)x[i] * (double)x[i];
    return total;
}

CLONES void kernels_adamw(const kernels_adamw_options *options, float *weights, const float *gradients,
                          float *first_moments, float *second_moments, ptrdiff_t count) {
    PROFILE(KERNELS_TIME_OPTIMIZER);
    const kernels_adamw_options o = *options;
    const float kept = 1.0f - o.rate * o.decay;
    const float step = o.rate / o.correction1;
    const float root = 1.0f / __builtin_elementwise_sqrt(o.correction2);
    for (ptrdiff_t i = 0; i < count; i++) {
        float gradient = gradients[i] * o.gradient_factor;
        float first = o.beta1 * first_moments[i] + (1.0f - o.beta1) * gradient;
        float second = o.beta2 * second_moments[i] + (1.0f - o.beta2) * gradient * gradient;
        first_moments[i] = first;
        second_moments[i] = second;
        weights[i] = weights[i] * kept - step * first / (__builtin_elementwise_sqrt(second) * root + o.epsilon);
    }
}
