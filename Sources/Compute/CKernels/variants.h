// What one instruction-set variant of the micro-kernels offers, and the exponential they share.

#ifndef CKERNELS_VARIANTS_H
#define CKERNELS_VARIANTS_H

#include "CKernels.h"

typedef struct {
    int variant;
    ptrdiff_t panel;  // columns of a packed panel
    void (*pack)(const float *b, ptrdiff_t k_stride, ptrdiff_t n_stride, ptrdiff_t k, ptrdiff_t n, float *packed,
                 ptrdiff_t panel_begin, ptrdiff_t panel_end);
    /// `b` is null where the product's operand is packed.
    void (*multiply)(const kernels_product *product, const kernels_operand *b, ptrdiff_t row_begin, ptrdiff_t row_end,
                     ptrdiff_t panel_begin, ptrdiff_t panel_end);
    void (*accumulate_outer)(const kernels_outer *outer, ptrdiff_t m_begin, ptrdiff_t m_end, ptrdiff_t panel_begin,
                             ptrdiff_t panel_end);
    ptrdiff_t (*attention_scratch)(ptrdiff_t length, ptrdiff_t size);
    void (*attend)(const kernels_attention *attention, float *scratch);
    void (*attend_backward)(const kernels_attention *attention, const float *d_output, float *d_query, float *d_key,
                            float *d_value, float *scratch);
} kernels_variant;

extern const kernels_variant kernels_variant_baseline;
#if defined(__x86_64__)
extern const kernels_variant kernels_variant_avx2;
extern const kernels_variant kernels_variant_avx512;
#endif

// exp(x) = 2^n * e^r with |r| <= ln(2)/2: Cody-Waite reduction and the degree-5 polynomial of the Cephes library.
// Adding 1.5 * 2^23 + 127 rounds to the nearest integer without a conversion and leaves n + 127 in the low bits: shifted
// left they are the float 2^n. It is multiplied, not added to the exponent of e^r, so that every NaN stays a NaN.
#define EXP_LOWEST -87.33654f
#define EXP_HIGHEST 88.37f
#define EXP_ROUND 12583039.0f
#define EXP_LOG2_E 1.44269504f
#define EXP_LN2_HIGH 0.693359375f
#define EXP_LN2_LOW -2.12194440e-4f
#define EXP_POLYNOMIAL(r)                                                                                       \
    (((((1.9875691500e-4f * (r) + 1.3981999507e-3f) * (r) + 8.3334519073e-3f) * (r) + 4.1665795894e-2f) * (r) + \
      1.6666665459e-1f) * (r) + 5.0000001201e-1f)

// tanh-GELU is x * sigmoid(2u), u = sqrt(2/pi) * (x + 0.044715 x^3); these are 2*sqrt(2/pi) and that times 0.044715.
#define GELU_LINEAR 1.5957691216f
#define GELU_CUBIC 0.0713548163f

#endif
