// exp for loops that the compiler vectorises.

#ifndef CKERNELS_EXPONENTIAL_H
#define CKERNELS_EXPONENTIAL_H

#include "clones.h"
#include "variants.h"

#include <string.h>

INLINE float exponential(float x) {
#pragma clang fp contract(fast)
    x = x < EXP_LOWEST ? EXP_LOWEST : x;
    x = x > EXP_HIGHEST ? EXP_HIGHEST : x;
    float shifted = x * EXP_LOG2_E + EXP_ROUND;
    float n = shifted - EXP_ROUND;
    float r = x - n * EXP_LN2_HIGH;
    r = r - n * EXP_LN2_LOW;
    float y = EXP_POLYNOMIAL(r) * (r * r) + r + 1.0f;
    uint32_t bits;
    float power;
    memcpy(&bits, &shifted, sizeof bits);
    bits <<= 23;
    memcpy(&power, &bits, sizeof power);
    return y * power;
}

#endif
