/// CPU kernels of the compute core: every loop over floats that must run at vector speed.
///
/// Matrices are row-major f32 in caller-owned memory. A kernel allocates nothing, keeps no pointer, and reads or
/// writes only the row range it is given, so a caller splits work over threads by splitting ranges.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "activations.h"
#include "adapters.h"
#include "convert.h"
#include "optimizers.h"

#ifdef __cplusplus
extern "C" {
#endif

// MARK: Variants of the matrix and attention micro-kernels

enum {
    KERNELS_BASELINE = 0,
    KERNELS_AVX2 = 1,
    KERNELS_AVX512 = 2,
};

/// True when this processor can run the variant.
bool kernels_supports(int variant);
/// Test hook: the calling thread uses `variant` until the next call; -1 returns to the best one. False if unsupported.
/// Operands packed under one variant must not be used under another.
bool kernels_select(int variant);
/// The variant the calling thread uses now.
int kernels_selected(void);

// MARK: Matrix products

/// Floats that `kernels_pack` writes for a k x n right-hand operand.
ptrdiff_t kernels_packed_count(ptrdiff_t k, ptrdiff_t n);
/// Columns in one packed panel.
ptrdiff_t kernels_panel_width(void);
/// Packs panels [panel_begin, panel_end) of the right-hand operand whose element (k, n) is b[k*k_stride + n*n_stride].
void kernels_pack(const float *b, ptrdiff_t k_stride, ptrdiff_t n_stride, ptrdiff_t k, ptrdiff_t n, float *packed,
                  ptrdiff_t panel_begin, ptrdiff_t panel_end);

/// What is done to a finished tile of a product.
enum {
    KERNELS_PLAIN = 0,
    /// c keeps the pre-activation, `activated` receives its tanh-GELU.
    KERNELS_GELU = 1,
    /// c is multiplied by the derivative of tanh-GELU at `activated`, which holds pre-activations.
    KERNELS_GELU_DERIVATIVE = 2,
};

/// c = start + bias + a * b for rows of a against a packed b; `start` and `bias` may be null (zero).
/// `start == c` accumulates; another matrix as `start` adds a residual.
typedef struct {
    const float *a;
    ptrdiff_t a_row, a_column;  // strides of a, in floats
    const float *packed;        // b, from kernels_pack
    ptrdiff_t k, n;
    float *c;
    ptrdiff_t c_row;
    const float *start;
    ptrdiff_t start_row;
    const float *bias;
    int finish;                 // KERNELS_PLAIN, KERNELS_GELU, KERNELS_GELU_DERIVATIVE
    float *activated;
    ptrdiff_t activated_row;
} kernels_product;

void kernels_multiply(const kernels_product *product, ptrdiff_t row_begin, ptrdiff_t row_end);
/// Only the columns of panels [panel_begin, panel_end).
void kernels_multiply_panels(const kernels_product *product, ptrdiff_t row_begin, ptrdiff_t row_end,
                             ptrdiff_t panel_begin, ptrdiff_t panel_end);

/// A right-hand operand where it lies: element (k, n) is at[k*k_stride + n*n_stride], one of the strides being 1.
typedef struct {
    const float *at;
    ptrdiff_t k_stride, n_stride;
} kernels_operand;

/// Like `kernels_multiply_panels`, but packs each panel of `b` on the way: the same result to the bit, for models whose
/// packed weights would not fit beside the weights. The product's `packed` is not read.
void kernels_multiply_unpacked(const kernels_product *product, const kernels_operand *b, ptrdiff_t row_begin,
                               ptrdiff_t row_end, ptrdiff_t panel_begin, ptrdiff_t panel_end);

/// Weight gradient of a linear layer: c[m][n] += sum over rows t of a[t][m] * b[t][n], for m in [m_begin, m_end)
/// and the column panels [panel_begin, panel_end); `column_sums` (null, or n floats) += sum over t of b[t][n],
/// done only by the call whose m_begin is 0.
typedef struct {
    const float *a;
    ptrdiff_t a_row;
    const float *b;
    ptrdiff_t b_row;
    ptrdiff_t rows, m, n;
    float *c;
    ptrdiff_t c_row;
    float *column_sums;
} kernels_outer;

void kernels_accumulate_outer(const kernels_outer *outer, ptrdiff_t m_begin, ptrdiff_t m_end, ptrdiff_t panel_begin,
                              ptrdiff_t panel_end);

// MARK: Attention

/// Which weights of an attention are dropped after the softmax: key j of query i, with `kernels_dropout_drops` of row
/// `first_row + i * row_step` and column j. The others are divided by 1 - rate. Nothing where `rate` is 0.
typedef struct {
    float rate;
    uint64_t seed;
    uint64_t first_row, row_step;
} kernels_attention_dropout;

/// Causal attention of one packed segment and one head. Queries, keys and values are rows of `size` floats, `row`
/// floats apart (interleaved q|k|v projections). Probabilities are never stored; `log_sum` keeps one value per query.
typedef struct {
    const float *query, *key, *value;
    ptrdiff_t row;
    ptrdiff_t length, size;
    float scale;
    float *output;
    ptrdiff_t output_row;
    float *log_sum;            // one per query, `log_sum_row` apart
    ptrdiff_t log_sum_row;
    bool adds_to_keys;         // backward: d_key and d_value are added to (further queries of a grouped head)
    kernels_attention_dropout dropout;
} kernels_attention;

/// Floats of scratch one attention call needs, forward or backward, for segments of at most `length`.
ptrdiff_t kernels_attention_scratch(ptrdiff_t length, ptrdiff_t size);
void kernels_attend(const kernels_attention *attention, float *scratch);
/// Gradients overwrite d_query, and d_key and d_value unless `adds_to_keys` (same layout and stride as the inputs).
void kernels_attend_backward(const kernels_attention *attention, const float *d_output, float *d_query, float *d_key,
                             float *d_value, float *scratch);
/// Positions whose keys are interleaved in a page of a key-value cache, so that one vector holds one channel of many.
enum { KERNELS_KEY_POSITIONS = 16 };
/// Query heads that one call of `kernels_attend_pages` may have.
enum { KERNELS_MOST_HEADS = 256 };
/// How a page holds keys and values.
enum {
    KERNELS_F32 = 0,
    KERNELS_BF16 = 1,
};

/// One row of queries against `length` cached positions, for neighbouring key-value heads. A page holds
/// `page_positions` positions (whole blocks of 16). Head h's keys begin `key_offset + h * page_positions * size`
/// elements into a page, blocks of [channel][position in block]; its values likewise at `value_offset`, one row of
/// `size` a position.
typedef struct {
    const float *query;          // key_value_heads * group rows of `size`
    void *const *pages;          // page of positions 0..., of the next ones, and so on
    int storage;                 // KERNELS_F32, KERNELS_BF16
    ptrdiff_t page_positions;
    ptrdiff_t key_offset, value_offset;
    ptrdiff_t length, size;
    ptrdiff_t key_value_heads, group;  // query heads that share a key head are neighbours
    float scale;
    float *scores;               // scratch: query heads * length rounded up to whole blocks
    float *output;               // like query
} kernels_paged_attention;

void kernels_attend_pages(const kernels_paged_attention *work);

/// A position of some heads in a page, laid out as `kernels_paged_attention` says.
typedef struct {
    void *page;
    int storage;
    ptrdiff_t page_positions;
    ptrdiff_t key_offset, value_offset;
    ptrdiff_t position, size, key_value_heads;
} kernels_page_place;

/// Writes one row of keys and values, rounding to nearest where the page is narrower.
void kernels_store_in_page(const kernels_page_place *place, const float *key, const float *value);

// MARK: Sampling

/// Weights whose sum `kernels_softmax_weights` also gives one by one, so that a draw need not walk a whole vocabulary.
enum { KERNELS_DRAW_BLOCK = 64 };

/// The largest of x. A NaN in x may be passed over.
float kernels_largest(const float *x, ptrdiff_t count);
/// The first index with x[i] == value, or -1.
ptrdiff_t kernels_first_equal(const float *x, ptrdiff_t count, float value);
/// weights = exp((x - peak) * scale), exactly zero below e^-87; block_sums has one sum for each block of
/// KERNELS_DRAW_BLOCK; weighted = sum of weights * (x - peak) * scale. Returns the sum, NaN if any x is.
double kernels_softmax_weights(const float *x, ptrdiff_t count, float peak, float scale, float *weights,
                               float *block_sums, double *weighted);

// MARK: Row-wise and element-wise

/// out = (x - mean) * rstd * gain + shift over rows of `width` contiguous floats; mean and rstd may be null.
void kernels_layer_norm(const float *x, const float *gain, const float *shift, float epsilon, ptrdiff_t rows,
                        ptrdiff_t width, float *out, float *mean, float *rstd);
/// d_x += gradient through the norm; d_gain and d_shift (width floats each) are accumulated.
void kernels_layer_norm_backward(const float *d_out, const float *x, const float *gain, const float *mean,
                                 const float *rstd, ptrdiff_t rows, ptrdiff_t width, float *d_x, float *d_gain,
                                 float *d_shift);
/// out = x * rstd * gain over rows of `width` contiguous floats; rstd may be null.
void kernels_rms_norm(const float *x, const float *gain, float epsilon, ptrdiff_t rows, ptrdiff_t width, float *out,
                      float *rstd);
/// d_x += gradient through the norm; d_gain is accumulated.
void kernels_rms_norm_backward(const float *d_out, const float *x, const float *gain, const float *rstd, ptrdiff_t rows,
                               ptrdiff_t width, float *d_x, float *d_gain);
/// sums[i] += x[t][i] over rows t, `row` floats apart, for i in [column_begin, column_end).
void kernels_add_columns(const float *x, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t column_begin, ptrdiff_t column_end,
                         float *sums);
/// Rotary positions in place: each of `heads` neighbouring heads of `size` floats is turned as pairs (i, i + size/2).
/// Row p of `table` is size/2 cosines, then size/2 sines; `direction` is 1 forward and -1 for gradients.
void kernels_rotate(float *x, ptrdiff_t row, const int32_t *positions, const float *table, ptrdiff_t rows,
                    ptrdiff_t heads, ptrdiff_t size, float direction);
/// Columns [column_begin, column_end) of activated = silu(gate) * up for rows gate | up of 2 * width floats.
void kernels_swiglu(const float *hidden, ptrdiff_t rows, ptrdiff_t width, ptrdiff_t column_begin,
                    ptrdiff_t column_end, float *activated);
/// Gradients of gate and up, overwriting rows of 2 * width floats.
void kernels_swiglu_backward(const float *d_activated, const float *hidden, ptrdiff_t rows, ptrdiff_t width,
                             float *d_hidden);
/// out = residual + x * mask / (1 - rate) over whole rows; `residual` may be null, `out` may be `x` or `residual`.
/// Element i of row r is dropped by a hash of (seed, first_row + r, i) alone, so any split gives the same mask.
void kernels_dropout(const float *x, const float *residual, uint64_t seed, ptrdiff_t first_row, ptrdiff_t rows,
                     ptrdiff_t width, float rate, float *out);
/// Whether a dropout drops element `column` of row `row`.
bool kernels_dropout_drops(uint64_t seed, uint64_t row, uint32_t column, float rate);
/// Statistics of one row of logits: log of the sum of exponentials, and the entropy of its softmax.
/// `entropy` may be null.
float kernels_log_sum_exp(const float *logits, ptrdiff_t count, float *entropy);
/// logits = coefficient * softmax(logits), given the row's log-sum-exp.
void kernels_softmax_scaled(float *logits, ptrdiff_t count, float log_sum, float coefficient);
/// out = exp(x - shift).
void kernels_exp(const float *x, float shift, ptrdiff_t count, float *out);

/// out[t] = token_table[tokens[t]] + position_table[positions[t]]; the position table may be null.
void kernels_embed(const int32_t *tokens, const int32_t *positions, const float *token_table,
                   const float *position_table, ptrdiff_t rows, ptrdiff_t width, float *out);
/// Adds columns [column_begin, column_end) of d_out rows to the rows of both tables they came from.
void kernels_embed_backward(const int32_t *tokens, const int32_t *positions, const float *d_out, ptrdiff_t rows,
                            ptrdiff_t width, ptrdiff_t column_begin, ptrdiff_t column_end, float *d_token_table,
                            float *d_position_table);

/// x *= factor.
void kernels_scale(float *x, float factor, ptrdiff_t count);
/// y += x.
void kernels_add(const float *x, ptrdiff_t count, float *y);
double kernels_sum_of_squares(const float *x, ptrdiff_t count);

// MARK: Measuring

/// What profiled time is counted under, summed over lanes; a kernel without a mark is counted nowhere.
enum {
    KERNELS_TIME_MATRIX = 0,     // products, weight gradients, packing; with their fused epilogues
    KERNELS_TIME_ATTENTION = 1,
    KERNELS_TIME_ELEMENTS = 2,   // norms, embeddings, softmax, sums
    KERNELS_TIME_OPTIMIZER = 3,  // update and gradient norm
    KERNELS_TIME_LANES = 4,      // inside a pool's body, whatever it does
    KERNELS_TIME_CALLS = 5,      // the caller inside the pool, waiting included
    KERNELS_TIME_PHASES = 6,     // waiting for other lanes in a phase
    KERNELS_TIME_CATEGORIES = 7,
};

/// Starts counting from zero, for all threads of the process; false, and nothing is changed, where somebody counts.
bool kernels_profile_start(void);
/// Ends it; writes `KERNELS_TIME_CATEGORIES` sums in seconds and returns the wall time in between.
double kernels_profile_stop(double *seconds);
/// Runs `rounds` of independent multiply-add chains in registers with the calling thread's variant; returns how many
/// operations that were (two for a multiply-add). `sink` receives a number nobody needs.
double kernels_multiply_add_chains(ptrdiff_t rounds, float *sink);

// MARK: Thread pool

typedef struct kernels_pool kernels_pool;
typedef void (*kernels_pool_body)(void *context, ptrdiff_t begin, ptrdiff_t end, ptrdiff_t lane);

/// Starts threads - 1 workers; the caller of kernels_pool_run is the last lane's thread. Null when threads cannot start.
kernels_pool *kernels_pool_create(ptrdiff_t threads);
/// Runs body over [0, count) in chunks of `grain`, claimed by whoever is free; returns when all are done.
/// Lanes are in [0, threads); lane 0 is the caller. One caller at a time.
void kernels_pool_run(kernels_pool *pool, ptrdiff_t count, ptrdiff_t grain, kernels_pool_body body, void *context);
/// Runs a program once on every lane that comes in time; it goes through phases, the same ones on every lane.
typedef void (*kernels_pool_program)(void *context, ptrdiff_t lane);
void kernels_pool_run_program(kernels_pool *pool, kernels_pool_program program, void *context);
/// The number of the phase that this lane comes to.
uint32_t kernels_pool_next_phase(kernels_pool *pool, ptrdiff_t lane);
/// True when the caller is the one to do this part of the phase and then `kernels_pool_end` it. Parts are numbered like
/// the lanes, to whom they belong.
bool kernels_pool_take(kernels_pool *pool, ptrdiff_t part, uint32_t phase);
void kernels_pool_end(kernels_pool *pool, ptrdiff_t part, uint32_t phase);
/// True when the part is done and what was written in it is visible; false when nobody came to do it and the caller has
/// taken it.
bool kernels_pool_await(kernels_pool *pool, ptrdiff_t part, uint32_t phase);
void kernels_pool_destroy(kernels_pool *pool);

#ifdef __cplusplus
}
#endif

#endif
