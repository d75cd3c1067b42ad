/// Activation functions over contiguous floats, for modules whose products do not carry them in their tiles.
#ifndef CKERNELS_ACTIVATIONS_H
#define CKERNELS_ACTIVATIONS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// out = max(x, 0).
void kernels_relu(const float *x, ptrdiff_t count, float *out);
/// d_x = d_out where x is above 0, else 0.
void kernels_relu_backward(const float *d_out, const float *x, ptrdiff_t count, float *d_x);
/// out = tanh-GELU of x.
void kernels_gelu(const float *x, ptrdiff_t count, float *out);
/// d_x = d_out times the derivative of tanh-GELU at x.
void kernels_gelu_backward(const float *d_out, const float *x, ptrdiff_t count, float *d_x);

#ifdef __cplusplus
}
#endif

#endif
