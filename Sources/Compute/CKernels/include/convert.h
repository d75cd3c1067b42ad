/// Element types of checkpoint files to f32 and back. `source` of a widening may lie at any address.
#ifndef CKERNELS_CONVERT_H
#define CKERNELS_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// IEEE binary16, exactly.
void kernels_widen_half(const void *source, ptrdiff_t count, float *target);
/// bfloat16, exactly: the upper half of an f32.
void kernels_widen_bfloat(const void *source, ptrdiff_t count, float *target);
/// f64 rounded to f32, ties to even; infinite where it is too large.
void kernels_widen_double(const void *source, ptrdiff_t count, float *target);
/// Rounded to binary16, ties to even; infinite from 65520 on.
void kernels_narrow_half(const float *source, ptrdiff_t count, uint16_t *target);
/// Rounded to bfloat16, ties to even.
void kernels_narrow_bfloat(const float *source, ptrdiff_t count, uint16_t *target);
/// False when a value is infinite or NaN.
bool kernels_all_finite(const float *values, ptrdiff_t count);

#ifdef __cplusplus
}
#endif

#endif
