// Chooses the micro-kernel variant: the best this processor has, or the one a test forces on its thread.

#include "profile.h"
#include "variants.h"

static _Thread_local const kernels_variant *forced;

static const kernels_variant *variant_named(int variant) {
    if (variant == KERNELS_BASELINE) return &kernels_variant_baseline;
#if defined(__x86_64__)
    if (variant == KERNELS_AVX2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &kernels_variant_avx2;
    if (variant == KERNELS_AVX512 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
        return &kernels_variant_avx512;
#endif
    return NULL;
}

static const kernels_variant *current(void) {
    if (forced != NULL) return forced;
    for (int variant = KERNELS_AVX512; variant > KERNELS_BASELINE; variant--) {
        const kernels_variant *found = variant_named(variant);
        if (found != NULL) return found;
    }
    return &kernels_variant_baseline;
}

bool kernels_supports(int variant) { return variant_named(variant) != NULL; }

bool kernels_select(int variant) {
    forced = variant_named(variant);
    return forced != NULL || variant == -1;
}

int kernels_selected(void) { return current()->variant; }

ptrdiff_t kernels_panel_width(void) { return current()->panel; }

ptrdiff_t kernels_packed_count(ptrdiff_t k, ptrdiff_t n) {
    ptrdiff_t panel = current()->panel;
    return (n + panel - 1) / panel * panel * k;
}

void kernels_pack(const float *b, ptrdiff_t k_stride, ptrdiff_t n_stride, ptrdiff_t k, ptrdiff_t n, float *packed,
                  ptrdiff_t panel_begin, ptrdiff_t panel_end) {
    PROFILE(KERNELS_TIME_MATRIX);
    current()->pack(b, k_stride, n_stride, k, n, packed, panel_begin, panel_end);
}

void kernels_multiply(const kernels_product *product, ptrdiff_t row_begin, ptrdiff_t row_end) {
    PROFILE(KERNELS_TIME_MATRIX);
    const kernels_variant *variant = current();
    variant->multiply(product, NULL, row_begin, row_end, 0, (product->n + variant->panel - 1) / variant->panel);
}

void kernels_multiply_panels(const kernels_product *product, ptrdiff_t row_begin, ptrdiff_t row_end,
                             ptrdiff_t panel_begin, ptrdiff_t panel_end) {
    PROFILE(KERNELS_TIME_MATRIX);
    current()->multiply(product, NULL, row_begin, row_end, panel_begin, panel_end);
}

void kernels_multiply_unpacked(const kernels_product *product, const kernels_operand *b, ptrdiff_t row_begin,
                               ptrdiff_t row_end, ptrdiff_t panel_begin, ptrdiff_t panel_end) {
    PROFILE(KERNELS_TIME_MATRIX);
    current()->multiply(product, b, row_begin, row_end, panel_begin, panel_end);
}

void kernels_accumulate_outer(const kernels_outer *outer, ptrdiff_t m_begin, ptrdiff_t m_end, ptrdiff_t panel_begin,
                              ptrdiff_t panel_end) {
    PROFILE(KERNELS_TIME_MATRIX);
    current()->accumulate_outer(outer, m_begin, m_end, panel_begin, panel_end);
}

ptrdiff_t kernels_attention_scratch(ptrdiff_t length, ptrdiff_t size) {
    return current()->attention_scratch(length, size);
}

void kernels_attend(const kernels_attention *attention, float *scratch) {
    PROFILE(KERNELS_TIME_ATTENTION);
    current()->attend(attention, scratch);
}

void kernels_attend_backward(const kernels_attention *attention, const float *d_output, float *d_query, float *d_key,
                             float *d_value, float *scratch) {
    PROFILE(KERNELS_TIME_ATTENTION);
    current()->attend_backward(attention, d_output, d_query, d_key, d_value, scratch);
}
