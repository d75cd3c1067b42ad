// Element types of checkpoint files to f32 and back. Both supported architectures are little-endian, as the files are.
//
// Branch-free, so that every loop is vectorised. Halves are widened without denormal floats on the way: a thread may
// run with denormals flushed.

#include <string.h>

#include "CKernels.h"
#include "clones.h"

INLINE uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    return bits;
}

INLINE float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

// Elements of a file may lie at any address.
INLINE uint16_t half_at(const char *source, ptrdiff_t index) {
    uint16_t bits;
    memcpy(&bits, source + 2 * index, 2);
    return bits;
}

CLONES void kernels_widen_half(const void *source, ptrdiff_t count, float *target) {
    const char *bytes = source;
    for (ptrdiff_t i = 0; i < count; i++) {
        uint32_t half = half_at(bytes, i);
        uint32_t sign = (half & 0x8000) << 16, exponent = half >> 10 & 0x1F, fraction = half & 0x3FF;
        uint32_t small = bits_of((float)(int32_t)fraction * 0x1p-24f);
        uint32_t normal = (exponent + 112) << 23 | fraction << 13;
        uint32_t special = 0x7F800000 | fraction << 13;
        target[i] = float_of(sign | (exponent == 0 ? small : exponent == 0x1F ? special : normal));
    }
}

CLONES void kernels_widen_bfloat(const void *source, ptrdiff_t count, float *target) {
    const char *bytes = source;
    for (ptrdiff_t i = 0; i < count; i++) target[i] = float_of((uint32_t)half_at(bytes, i) << 16);
}

CLONES void kernels_widen_double(const void *source, ptrdiff_t count, float *target) {
    const char *bytes = source;
    for (ptrdiff_t i = 0; i < count; i++) {
        double value;
        memcpy(&value, bytes + 8 * i, 8);
        target[i] = (float)value;
    }
}

CLONES void kernels_narrow_half(const float *source, ptrdiff_t count, uint16_t *target) {
    for (ptrdiff_t i = 0; i < count; i++) {
        uint32_t bits = bits_of(source[i]), sign = bits >> 16 & 0x8000, size = bits & 0x7FFFFFFF;
        // Adding a half lets the float unit round what becomes a subnormal half.
        uint32_t small = bits_of(float_of(size) + 0.5f) - 0x3F000000;
        uint32_t normal = (size + 0xC8000FFF + (size >> 13 & 1)) >> 13;
        uint32_t special = size > 0x7F800000 ? 0x7E00 : 0x7C00;
        uint32_t half = size < 0x38800000 ? small : size >= 0x477FF000 ? special : normal;
        target[i] = (uint16_t)(sign | half);
    }
}

CLONES void kernels_narrow_bfloat(const float *source, ptrdiff_t count, uint16_t *target) {
    for (ptrdiff_t i = 0; i < count; i++) {
        uint32_t bits = bits_of(source[i]);
        uint32_t rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
        uint32_t nan = bits >> 16 | 0x40;
        target[i] = (uint16_t)((bits & 0x7FFFFFFF) > 0x7F800000 ? nan : rounded);
    }
}

CLONES bool kernels_all_finite(const float *values, ptrdiff_t count) {
    uint32_t highest = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        uint32_t exponent = bits_of(values[i]) & 0x7F800000;
        highest = exponent > highest ? exponent : highest;
    }
    return highest < 0x7F800000;
}
