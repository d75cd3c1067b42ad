/// Updates of weights from gradients, fused into one sweep over memory, and the rounding of low precisions.
#ifndef CKERNELS_OPTIMIZERS_H
#define CKERNELS_OPTIMIZERS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One Adam update, with PyTorch's placement of epsilon:
/// w -= rate*decoupled*w; g = gradient*factor + coupled*w; w -= rate/correction1 * m / (sqrt(v)/sqrt(correction2) + eps).
typedef struct {
    float rate, beta1, beta2, epsilon;
    float decoupled_decay;           // AdamW's
    float coupled_decay;             // Adam's: an L2 penalty's gradient
    float correction1, correction2;  // 1 - beta^t
    float gradient_factor;           // multiplies every gradient first (clipping, loss scale)
} kernels_adam_options;

void kernels_adam(const kernels_adam_options *options, float *weights, const float *gradients, float *first_moments,
                  float *second_moments, ptrdiff_t count);

/// One update of stochastic gradient descent without dampening, as PyTorch's: g = gradient*factor + decay*w;
/// buffer = momentum*buffer + g; w -= rate * (nesterov ? g + momentum*buffer : buffer).
typedef struct {
    float rate, momentum, decay, gradient_factor;
    int nesterov;
} kernels_sgd_options;

/// `buffers` may be null where there is no momentum.
void kernels_sgd(const kernels_sgd_options *options, float *weights, const float *gradients, float *buffers,
                 ptrdiff_t count);

/// Rounds to the nearest bfloat16 or binary16, ties to even, and back; `out` may be `x`. Values beyond the format's
/// largest become infinite, a NaN stays one.
void kernels_round_bfloat16(const float *x, ptrdiff_t count, float *out);
void kernels_round_float16(const float *x, ptrdiff_t count, float *out);

#ifdef __cplusplus
}
#endif

#endif
