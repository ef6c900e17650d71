// One code path: the file that includes this is compiled for an instruction set and defines
// VESTO_PATH, a namespace, and VESTO_PATH_FUNCTIONS, what it exports. Nothing of the standard library
// that is not inlined everywhere may be used here: the linker could keep this copy for all callers.
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__GNUC__) && !defined(__clang__)
// GCC's own intrinsics begin from an undefined register, and rows are wider than portable registers.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "plan.hpp"

namespace vesto {
namespace VESTO_PATH {

constexpr size_t block = 512;
constexpr size_t groups_of_64 = block / 64;

// A row of answers: one register, or as many as it takes. GCC makes slow code of vectors that are
// longer than registers, hence the parts.
#if defined(__AVX512F__)
typedef uint64_t Row __attribute__((vector_size(64)));
#else
#if defined(__AVX2__)
typedef uint64_t RowPart __attribute__((vector_size(32)));
#else
typedef uint64_t RowPart __attribute__((vector_size(16)));
#endif
constexpr size_t row_parts = 64 / sizeof(RowPart);

struct Row {
    RowPart part[row_parts];
};

template <typename Combine>
static inline Row combined(const Row& a, const Row& b, Combine combine) {
    Row row;
#pragma GCC unroll 4
    for (size_t at = 0; at < row_parts; at++) row.part[at] = combine(a.part[at], b.part[at]);
    return row;
}

static inline Row operator&(const Row& a, const Row& b) { return combined(a, b, [](RowPart x, RowPart y) { return x & y; }); }
static inline Row operator|(const Row& a, const Row& b) { return combined(a, b, [](RowPart x, RowPart y) { return x | y; }); }
static inline Row operator^(const Row& a, const Row& b) { return combined(a, b, [](RowPart x, RowPart y) { return x ^ y; }); }
static inline Row operator~(const Row& a) { return combined(a, a, [](RowPart x, RowPart) { return ~x; }); }
static inline Row& operator|=(Row& a, const Row& b) { return a = a | b; }
#endif

// As many float64 as a register holds.
#if defined(__AVX512F__)
constexpr size_t lanes = 8;
#elif defined(__AVX2__)
constexpr size_t lanes = 4;
#else
constexpr size_t lanes = 2;
#endif
typedef double Numbers __attribute__((vector_size(8 * lanes)));
typedef int64_t Wholes __attribute__((vector_size(8 * lanes)));

static inline Row load(const uint64_t* rows, size_t place) {
    Row row;
    __builtin_memcpy(&row, __builtin_assume_aligned(rows + words_per_row * place, 64), sizeof row);
    return row;
}

static inline void store(uint64_t* rows, size_t place, Row row) {
    __builtin_memcpy(__builtin_assume_aligned(rows + words_per_row * place, 64), &row, sizeof row);
}

static inline Row choose(Row selector, Row left, Row right) {
#if defined(__AVX512F__)
    return (Row)_mm512_ternarylogic_epi64((__m512i)selector, (__m512i)left, (__m512i)right, 0xAC);
#else
    return left ^ (selector & (left ^ right));
#endif
}

// --- Values: float64 to float32, and which are missing ------------------------------------------

static inline bool is_finite(float value) {
    uint32_t bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    return (bits & 0x7F800000U) != 0x7F800000U;
}

// The processor's own prefetching begins anew in every page, and columns are many: ask for the next
// block of a column, as far as the second cache, while this one is read. An address behind the end does no harm.
static inline void ask_for_next_block(const double* at) { __builtin_prefetch((const void*)((uintptr_t)at + sizeof(double) * block), 0, 2); }

static void narrow(const double* column, size_t rows, float* values, uint64_t* missing) {
    const float nan = __builtin_nanf("");
    size_t row = 0;
    for (size_t word = 0; word < words_per_row; word++) missing[word] = 0;
#if defined(__AVX512F__)
    const __m512 most = _mm512_set1_ps(3.402823466e+38F);
    const __m512 no_sign = _mm512_castsi512_ps(_mm512_set1_epi32(0x7FFFFFFF));
    for (; row + 16 <= rows; row += 16) {
        ask_for_next_block(column + row);
        ask_for_next_block(column + row + 8);
        const __m512 value = _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(_mm512_loadu_pd(column + row))),
                                                _mm512_cvtpd_ps(_mm512_loadu_pd(column + row + 8)), 1);
        const __mmask16 gone = _mm512_cmp_ps_mask(_mm512_and_ps(value, no_sign), most, _CMP_NLE_UQ);
        _mm512_storeu_ps(values + row, _mm512_mask_blend_ps(gone, value, _mm512_set1_ps(nan)));
        missing[row / 64] |= (uint64_t)gone << (row % 64);
    }
#elif defined(__AVX2__)
    const __m256 most = _mm256_set1_ps(3.402823466e+38F);
    const __m256 no_sign = _mm256_castsi256_ps(_mm256_set1_epi32(0x7FFFFFFF));
    for (; row + 8 <= rows; row += 8) {
        ask_for_next_block(column + row);
        const __m256 value = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps(_mm256_loadu_pd(column + row))),
                                                  _mm256_cvtpd_ps(_mm256_loadu_pd(column + row + 4)), 1);
        const __m256 gone = _mm256_cmp_ps(_mm256_and_ps(value, no_sign), most, _CMP_NLE_UQ);
        _mm256_storeu_ps(values + row, _mm256_blendv_ps(value, _mm256_set1_ps(nan), gone));
        missing[row / 64] |= (uint64_t)(uint32_t)_mm256_movemask_ps(gone) << (row % 64);
    }
#endif
    for (; row < rows; row++) {
        const float value = (float)column[row];
        const bool there = is_finite(value);
        values[row] = there ? value : nan;
        missing[row / 64] |= (uint64_t)!there << (row % 64);
    }
    for (; row < block; row++) values[row] = 0;
}

// --- Codes: how many cuts are at most the value --------------------------------------------------

static inline uint32_t rank_of(const float* cuts, uint32_t size, float value) {
    uint32_t low = 0;
    while (size > 0) {
        const uint32_t half = size / 2;
        const bool beyond = cuts[low + half] <= value;
        low = beyond ? low + half + 1 : low;
        size = beyond ? size - half - 1 : half;
    }
    return low;
}

// Bit `bit` of 512 codes.
static void plane(const uint8_t* codes, int bit, uint64_t* out) {
#if defined(__AVX512BW__)
    const __m512i tested = _mm512_set1_epi8((char)(1 << bit));
    for (size_t group = 0; group < groups_of_64; group++)
        out[group] = _mm512_test_epi8_mask(_mm512_load_si512(codes + 64 * group), tested);
#elif defined(__AVX2__)
    for (size_t group = 0; group < groups_of_64; group++) {
        const __m256i* from = (const __m256i*)(codes + 64 * group);
        const auto low = (uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(_mm256_load_si256(from), 7 - bit));
        const auto high = (uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(_mm256_load_si256(from + 1), 7 - bit));
        out[group] = low | (uint64_t)high << 32;
    }
#else
    for (size_t group = 0; group < groups_of_64; group++) {
        uint64_t bits = 0;
        for (size_t byte = 0; byte < 8; byte++) {
            uint64_t eight;
            __builtin_memcpy(&eight, codes + 64 * group + 8 * byte, sizeof eight);
            eight = (eight >> bit) & 0x0101010101010101U;
            bits |= (eight * 0x0102040810204080U >> 56) << (8 * byte);
        }
        out[group] = bits;
    }
#endif
}

// 512 codes become the rows of their eight bits, in as much memory.
static void turn(const uint8_t* codes, uint8_t* out) {
    for (int bit = 0; bit < 8; bit++) plane(codes, bit, (uint64_t*)(void*)out + words_per_row * (size_t)bit);
}

#if defined(__AVX512F__)
static inline __m512 table_of(const float* table, size_t part) { return _mm512_loadu_ps(table + 16 * part); }

// Answers of halvings 5 to 7, whose tables are too long for one look-up: the last answers tell which of
// several it is.
static inline __m512 cut_of(const __m512* table, __m512i answers) { return _mm512_permutex2var_ps(table[0], answers, table[1]); }

static inline __m512 cut_of(const __m512* table, __m512i answers, __mmask16 fifth) {
    return _mm512_mask_blend_ps(fifth, cut_of(table, answers), cut_of(table + 2, answers));
}

static inline __m512 cut_of(const __m512* table, __m512i answers, __mmask16 fifth, __mmask16 sixth) {
    return _mm512_mask_blend_ps(sixth, cut_of(table, answers, fifth), cut_of(table + 4, answers, fifth));
}

// Halvings of sixteen values at a time; the cut to compare with is picked out of registers by the answers
// so far. Each answer is a bit of the code, the highest first.
template <int Count>
static void halve(const Halvings& halvings, const float* values, uint8_t* out) {
    constexpr int small = Count < 5 ? Count : 5;
    constexpr size_t tables = Count < 6 ? 4 : Count == 6 ? 6 : Count == 7 ? 10 : 18;
    const __m512 first = _mm512_set1_ps(halvings.first);
    __m512 table[tables];
#pragma GCC unroll 18
    for (size_t at = 0; at < tables; at++) table[at] = table_of(halvings.tables, at);
    auto* bits = (uint16_t*)(void*)out;
    constexpr size_t row_of_bits = block / 16;
    for (size_t row = Count; row < 8; row++) __builtin_memset(bits + row * row_of_bits, 0, block / 8);
#pragma GCC unroll 4
    for (size_t at = 0; at < block / 16; at++) {
        const __m512 value = _mm512_load_ps(values + 16 * at);
        __mmask16 answer = _mm512_cmp_ps_mask(first, value, _CMP_LE_OQ);
        __m512i answers = _mm512_maskz_set1_epi32(answer, 1);
        bits[(Count - 1) * row_of_bits + at] = answer;
#pragma GCC unroll 4
        for (int step = 1; step < small; step++) {
            answer = _mm512_cmp_ps_mask(_mm512_permutexvar_ps(answers, table[step - 1]), value, _CMP_LE_OQ);
            answers = _mm512_mask_or_epi32(answers, answer, answers, _mm512_set1_epi32(1 << step));
            bits[(size_t)(Count - 1 - step) * row_of_bits + at] = answer;
        }
        if constexpr (Count > 5) {
            const __mmask16 fifth = _mm512_cmp_ps_mask(cut_of(table + 4, answers), value, _CMP_LE_OQ);
            bits[(Count - 6) * row_of_bits + at] = fifth;
            if constexpr (Count > 6) {
                const __mmask16 sixth = _mm512_cmp_ps_mask(cut_of(table + 6, answers, fifth), value, _CMP_LE_OQ);
                bits[(Count - 7) * row_of_bits + at] = sixth;
                if constexpr (Count > 7) bits[at] = _mm512_cmp_ps_mask(cut_of(table + 10, answers, fifth, sixth), value, _CMP_LE_OQ);
            }
        }
    }
}
#elif defined(__AVX2__)
static inline uint32_t at_most(const float* sixteen, __m256 value) {
    const int low = _mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(sixteen), value, _CMP_LE_OQ));
    const int high = _mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(sixteen + 8), value, _CMP_LE_OQ));
    return (uint32_t)__builtin_popcount((unsigned)(low | high << 8));
}

static void code_by_pivots(const FeaturePlan& feature, const float* values, uint8_t* out) {
    alignas(64) uint8_t codes[block];
    for (size_t row = 0; row < block; row++) {
        const __m256 value = _mm256_set1_ps(values[row]);
        const uint32_t group = 16 * at_most(feature.pivots, value);
        codes[row] = (uint8_t)(group + at_most(feature.cuts + group, value));
    }
    turn(codes, out);
}

// For each of eight values the cut that the answers so far pick out of 2^Bits.
template <int Bits>
static inline __m256 cut_of(const float* table, __m256i answers) {
    if constexpr (Bits <= 3) {
        return _mm256_permutevar8x32_ps(_mm256_loadu_ps(table), answers);
    } else {
        const __m256 low = cut_of<Bits - 1>(table, answers), high = cut_of<Bits - 1>(table + (1 << (Bits - 1)), answers);
        return _mm256_blendv_ps(low, high, _mm256_castsi256_ps(_mm256_slli_epi32(answers, 32 - Bits)));
    }
}

// As the halvings of AVX-512, of eight values at a time.
template <int Count, int Step>
static inline void halve_on(const Halvings& halvings, __m256 value, __m256i answers, uint8_t* bits) {
    if constexpr (Step < Count) {
        const __m256 answer = _mm256_cmp_ps(cut_of<Step>(halvings.tables + 16 * (Step - 1), answers), value, _CMP_LE_OQ);
        bits[(Count - 1 - Step) * (block / 8)] = (uint8_t)_mm256_movemask_ps(answer);
        const __m256i bit = _mm256_and_si256(_mm256_castps_si256(answer), _mm256_set1_epi32(1 << Step));
        halve_on<Count, Step + 1>(halvings, value, _mm256_or_si256(answers, bit), bits);
    }
}

template <int Count>
static void halve(const Halvings& halvings, const float* values, uint8_t* out) {
    const __m256 first = _mm256_set1_ps(halvings.first);
    __builtin_memset(out + Count * (block / 8), 0, (8 - Count) * (block / 8));
    for (size_t at = 0; at < block / 8; at++) {
        const __m256 value = _mm256_load_ps(values + 8 * at);
        const __m256 answer = _mm256_cmp_ps(first, value, _CMP_LE_OQ);
        out[(Count - 1) * (block / 8) + at] = (uint8_t)_mm256_movemask_ps(answer);
        halve_on<Count, 1>(halvings, value, _mm256_srli_epi32(_mm256_castps_si256(answer), 31), out + at);
    }
}
#endif

#if defined(__AVX2__)
static void code_one_segment(const FeaturePlan& feature, const float* values, uint8_t* out) {
    const Halvings& halvings = *feature.halvings;
    switch (halvings.count) {
        case 4: return halve<4>(halvings, values, out);
        case 5: return halve<5>(halvings, values, out);
        case 6: return halve<6>(halvings, values, out);
#if defined(__AVX512F__)
        case 7: return halve<7>(halvings, values, out);
        default: return halve<8>(halvings, values, out);
#else
        default: return code_by_pivots(feature, values, out);
#endif
    }
}
#else
static void code_one_segment(const FeaturePlan& feature, const float* values, uint8_t* out) {
    alignas(64) uint8_t codes[block];
    for (size_t row = 0; row < block; row++) {
        uint32_t below = 0;
        for (uint32_t step = 128; step; step /= 2) below += step & (0U - (uint32_t)(feature.cuts[below + step - 1] <= values[row]));
        codes[row] = (uint8_t)below;
    }
    turn(codes, out);
}
#endif

static void code_segments(const FeaturePlan& feature, const float* values, uint8_t* out) {
    uint32_t ranks[block];
    alignas(64) uint8_t codes[block];
    for (size_t row = 0; row < block; row++) ranks[row] = rank_of(feature.cuts, feature.cuts_size, values[row]);
    for (uint32_t segment = 0; segment < feature.segments; segment++) {
        const uint32_t first = 255 * segment;
        for (size_t row = 0; row < block; row++)
            codes[row] = (uint8_t)(ranks[row] <= first ? 0 : ranks[row] - first > 255 ? 255 : ranks[row] - first);
        turn(codes, out + block * segment);
    }
}

static void code_categories(const FeaturePlan& feature, const float* values, uint8_t* out) {
    uint32_t categories[block];
    alignas(64) uint8_t codes[block];
    for (size_t row = 0; row < block; row++) {
        const bool inside = values[row] >= 0 && values[row] < 16777216.0F;
        categories[row] = inside ? (uint32_t)values[row] : ~0U;
    }
    for (uint32_t segment = 0; segment < feature.category_segments; segment++) {
        const uint32_t first = 255 * segment;
        for (size_t row = 0; row < block; row++)
            codes[row] = categories[row] >= first && categories[row] - first < 255 ? (uint8_t)(categories[row] - first) : 255;
        turn(codes, out + block * segment);
    }
}

static void code(const ForestPlan& plan, const double* const* columns, size_t rows, const ForestMemory& memory) {
    for (uint32_t place = 0; place < plan.feature_count; place++) {
        const FeaturePlan& feature = plan.features[place];
        float* values = memory.values + block * place;
        narrow(columns[feature.feature], rows, values, memory.missing + words_per_row * place);
        uint8_t* codes = memory.codes + block * feature.first_segment;
        if (feature.segments == 1) code_one_segment(feature, values, codes);
        else if (feature.segments) code_segments(feature, values, codes);
        if (feature.category_segments) code_categories(feature, values, codes + block * feature.segments);
    }
}

// --- Rows of answers -----------------------------------------------------------------------------

// For each of the sixteen values of four bits: which rows have it, and which have a greater one.
struct Halves {
    alignas(64) uint64_t equal[16 * words_per_row];
    alignas(64) uint64_t greater[16 * words_per_row];
};

static void split(const uint64_t* planes, Halves& halves) {
    const Row b0 = load(planes, 0), b1 = load(planes, 1), b2 = load(planes, 2), b3 = load(planes, 3);
    const Row low[4] = {~b1 & ~b0, ~b1 & b0, b1 & ~b0, b1 & b0};
    const Row high[4] = {~b3 & ~b2, ~b3 & b2, b3 & ~b2, b3 & b2};
    Row greater = {};
    for (size_t value = 16; value-- > 0;) {
        const Row equal = high[value / 4] & low[value % 4];
        store(halves.greater, value, greater);
        store(halves.equal, value, equal);
        greater |= equal;
    }
}

static void answer_thresholds(const ThresholdRow* thresholds, uint32_t count, const Halves& high, const Halves& low,
                              Row missing, uint64_t* out) {
    for (uint32_t at = 0; at < count; at++) {
        const size_t upper = thresholds[at].code >> 4, lower = thresholds[at].code & 15;
        Row row = load(high.greater, upper) | (load(high.equal, upper) & load(low.greater, lower));
        if (thresholds[at].nan_right) row |= missing;
        store(out, at, row);
    }
}

static Row answer_category(const CategoryTerm* terms, uint32_t count, const Halves& high, const Halves& low) {
    Row row = {};
    for (uint32_t at = 0; at < count; at++) {
        Row inside = {};
        for (unsigned set = terms[at].low_set; set; set &= set - 1) inside |= load(low.equal, (size_t)__builtin_ctz(set));
        row |= inside & load(high.equal, terms[at].high);
    }
    return row;
}

static void answer(const ForestPlan& plan, const GroupPlan& group, const ForestMemory& memory) {
    Halves high, low;
    for (uint32_t at = 0; at < group.segments; at++) {
        const SegmentPlan& segment = plan.segments[group.first_segment + at];
        const auto* planes = (const uint64_t*)(const void*)(memory.codes + block * segment.segment);
        const Row missing = load(memory.missing, segment.feature);
        split(planes + 4 * words_per_row, high);
        split(planes, low);
        answer_thresholds(plan.thresholds + segment.first_threshold, segment.thresholds, high, low, missing,
                          memory.rows + words_per_row * segment.first_row);
        for (uint32_t row = 0; row < segment.categories; row++) {
            const CategoryRow& wanted = plan.category_rows[segment.first_category + row];
            const Row before = wanted.is_first ? (wanted.nan_right ? missing : Row{}) : load(memory.rows, wanted.row);
            store(memory.rows, wanted.row, before | answer_category(plan.terms + wanted.first_term, wanted.terms, high, low));
        }
    }
}

// --- Leaves --------------------------------------------------------------------------------------

#include "path_leaves.hpp"

// --- Trees ---------------------------------------------------------------------------------------

// Which way each row goes at each level of a perfect tree, from the root on: a level's answers are
// halved by the ways already taken.
template <int Depth>
static void ways(const uint16_t* places, const uint64_t* rows, uint64_t* out) {
    Row way[Depth];
    way[0] = load(rows, places[0]);
    store(out, 0, way[0]);
#pragma GCC unroll 8
    for (int depth = 1; depth < Depth; depth++) {
        const uint16_t* level = places + (1 << depth) - 1;
        const int half = 1 << (depth - 1);
        Row kept[1 << (Depth - 2 < 0 ? 0 : Depth - 2)];
#pragma GCC unroll 128
        for (int at = 0; at < half; at++) kept[at] = choose(way[0], load(rows, level[at]), load(rows, level[half + at]));
#pragma GCC unroll 8
        for (int taken = 1; taken < depth; taken++) {
            const int width = half >> taken;
#pragma GCC unroll 64
            for (int at = 0; at < width; at++) kept[at] = choose(way[taken], kept[at], kept[width + at]);
        }
        way[depth] = kept[0];
        store(out, (size_t)depth, way[depth]);
    }
}

static void add_heap(const ForestPlan& plan, const TreePlan& tree, const ForestMemory& memory, float* sums) {
    alignas(64) uint64_t way[8 * words_per_row];
    const uint16_t* places = plan.places + tree.first;
    switch (tree.bits) {
        case 1: ways<1>(places, memory.rows, way); break;
        case 2: ways<2>(places, memory.rows, way); break;
        case 3: ways<3>(places, memory.rows, way); break;
        case 4: ways<4>(places, memory.rows, way); break;
        case 5: ways<5>(places, memory.rows, way); break;
        case 6: ways<6>(places, memory.rows, way); break;
        case 7: ways<7>(places, memory.rows, way); break;
        default: ways<8>(places, memory.rows, way);
    }
    const uint64_t* bits[8];
    for (uint32_t bit = 0; bit < tree.bits; bit++) bits[bit] = way + words_per_row * (size_t)(tree.bits - 1U - bit);
    add_found(plan, tree, bits, sums);
}

static void add_choices(const ForestPlan& plan, const TreePlan& tree, const ForestMemory& memory, float* sums) {
    uint64_t* rows = memory.rows;
    for (const Choice *choice = plan.choices + tree.first, *end = choice + tree.size; choice < end; choice++)
        store(rows, choice->target, choose(load(rows, choice->selector), load(rows, choice->left), load(rows, choice->right)));
    const uint64_t* bits[16];
    for (uint32_t bit = 0; bit < tree.bits; bit++) bits[bit] = memory.rows + words_per_row * plan.places[tree.result + bit];
    add_found(plan, tree, bits, sums);
}

// --- Walking -------------------------------------------------------------------------------------

static bool has_category(const int32_t* categories, uint32_t size, int32_t category) {
    uint32_t low = 0;
    while (size > 0) {
        const uint32_t half = size / 2;
        if (categories[low + half] == category) return true;
        if (categories[low + half] < category) {
            low += half + 1;
            size -= half + 1;
        } else {
            size = half;
        }
    }
    return false;
}

static bool goes_right(const ForestPlan& plan, const WalkNode& node, float value) {
    if (value != value) return !node.nan_left;
    if (!node.categories) return value >= node.threshold;
    return value >= 0 && value < 16777216.0F && has_category(plan.categories + node.first_category, node.categories, (int32_t)value);
}

static float walked(const ForestPlan& plan, uint32_t root, const float* values, size_t row) {
    const WalkNode* node = plan.nodes + root;
    while (node->feature >= 0)
        node = plan.nodes + (goes_right(plan, *node, values[block * (size_t)node->feature + row]) ? node->right : node->left);
    return node->threshold;
}

static void add_walked(const ForestPlan& plan, uint32_t root, const ForestMemory& memory, size_t rows, float* sums) {
    for (size_t row = 0; row < rows; row++) sums[row] += walked(plan, root, memory.values, row);
}

// --- The whole -----------------------------------------------------------------------------------

static void add_tree(const ForestPlan& plan, const TreePlan& tree, const ForestMemory& memory, size_t rows, float* sums) {
    switch (tree.shape) {
        case Shape::constant:
            for (size_t row = 0; row < block; row++) sums[row] += plan.leaves[tree.leaves];
            return;
        case Shape::heap: return add_heap(plan, tree, memory, sums);
        case Shape::choices: return add_choices(plan, tree, memory, sums);
        case Shape::walk: return add_walked(plan, tree.first, memory, rows, sums);
    }
}

// Below so many rows, walking takes less time than scoring a whole block.
constexpr size_t few_rows = 12;

static void walk_all(const ForestPlan& plan, const double* const* columns, size_t rows, const ForestMemory& memory, float* sums) {
    const float nan = __builtin_nanf("");
    for (uint32_t place = 0; place < plan.feature_count; place++) {
        for (size_t row = 0; row < rows; row++) {
            const float value = (float)columns[plan.features[place].feature][row];
            memory.values[block * place + row] = is_finite(value) ? value : nan;
        }
    }
    for (uint32_t tree = 0; tree < plan.root_count; tree++)
        add_walked(plan, plan.roots[tree], memory, rows, sums + block * plan.outputs_of_roots[tree]);
}

// The margins of up to 512 rows: `sums` has a column of 512 for each output.
static void forest(const ForestPlan& plan, const double* const* columns, size_t rows, const ForestMemory& memory, float* sums) {
    for (uint32_t output = 0; output < plan.outputs; output++)
        for (size_t row = 0; row < block; row++) sums[block * output + row] = plan.base[output];
    if (rows <= few_rows) return walk_all(plan, columns, rows, memory, sums);
    store(memory.rows, 0, Row{});
    store(memory.rows, 1, ~Row{});
    code(plan, columns, rows, memory);
    for (uint32_t at = 0; at < plan.group_count; at++) {
        const GroupPlan& group = plan.groups[at];
        answer(plan, group, memory);
        for (uint32_t tree = 0; tree < group.trees; tree++) {
            const TreePlan& next = plan.trees[group.first_tree + tree];
            add_tree(plan, next, memory, rows, sums + block * next.output);
        }
    }
}

// --- Linear forms --------------------------------------------------------------------------------

static inline Numbers numbers_at(const double* from) {
    Numbers value;
    __builtin_memcpy(&value, from, sizeof value);
    return value;
}

static inline Numbers spread(double value) { return Numbers{} + value; }

// What is no number counts as 0: its difference with itself is not 0.
static inline Numbers finite(Numbers value) {
    const Wholes there = (value - value) == Numbers{};
    return (Numbers)((Wholes)value & there);
}

// The values of a feature, made finite; those behind the last row are 0.
static void copy_finite(const double* column, size_t rows, double* values) {
    size_t row = 0;
    for (; row + lanes <= rows; row += lanes) {
        const Numbers known = finite(numbers_at(column + row));
        __builtin_memcpy(values + row, &known, sizeof known);
    }
    for (; row < rows; row++) values[row] = column[row] - column[row] == 0 ? column[row] : 0;
    for (; row < block; row++) values[row] = 0;
}

// A tile of outputs and rows, a register of rows a part, whose sums stay in registers.
#if defined(__AVX512F__)
constexpr int tile_width = 4, tile_parts = 4;
#elif defined(__AVX2__)
constexpr int tile_width = 4, tile_parts = 2;
#else
constexpr int tile_width = 4, tile_parts = 2;
#endif

// Adds `count` features to `Width` outputs of a tile's rows.
template <int Width>
static void add_tile(const LinearTerm* terms, size_t count, const double* values, uint32_t output, size_t row, double* sums) {
    Numbers tile[Width][tile_parts];
#pragma GCC unroll 4
    for (int at = 0; at < Width; at++)
#pragma GCC unroll 4
        for (int part = 0; part < tile_parts; part++) tile[at][part] = numbers_at(sums + block * (output + (size_t)at) + row + lanes * (size_t)part);
    for (size_t term = 0; term < count; term++) {
        const double* from = values + block * term + row;
        const double* weights = terms[term].weights + output;
#pragma GCC unroll 4
        for (int part = 0; part < tile_parts; part++) {
            const Numbers value = numbers_at(from + lanes * (size_t)part);
#pragma GCC unroll 4
            for (int at = 0; at < Width; at++) tile[at][part] = tile[at][part] + value * weights[at];
        }
    }
#pragma GCC unroll 4
    for (int at = 0; at < Width; at++)
#pragma GCC unroll 4
        for (int part = 0; part < tile_parts; part++)
            __builtin_memcpy(sums + block * (output + (size_t)at) + row + lanes * (size_t)part, &tile[at][part], sizeof(Numbers));
}

constexpr size_t features_at_once = 32;

// `values` has a column of 512 for each term.
static void add_values(const LinearTerm* terms, size_t count, const double* values, size_t rows, uint32_t outputs, double* sums) {
    for (size_t row = 0; row < rows; row += lanes * tile_parts) {
        uint32_t output = 0;
        for (; output + tile_width <= outputs; output += tile_width) add_tile<tile_width>(terms, count, values, output, row, sums);
        for (; output < outputs; output++) add_tile<1>(terms, count, values, output, row, sums);
    }
}

// Up to features_at_once features by themselves, which follow each other.
static void add_features(const LinearTerm* terms, size_t count, const double* const* columns, size_t rows, uint32_t outputs, double* sums) {
    alignas(64) double values[features_at_once * block];
    for (size_t term = 0; term < count; term++) copy_finite(columns[terms[term].place], rows, values + block * term);
    add_values(terms, count, values, rows, outputs, sums);
}

// Terms that are 0 change no sum: it began with 0.0 and is never -0.0.
static void add_one_hot(const LinearTerm& term, const double* codes, size_t rows, uint32_t outputs, double* sums) {
    for (size_t row = 0; row < rows; row++) {
        const double code = codes[row];
        if (!(code >= 0 && code < (double)term.count)) continue;
        const auto place = (uint32_t)code;
        if ((double)place != code) continue;
        for (uint32_t output = 0; output < outputs; output++) sums[block * output + row] += term.weights[(size_t)place * outputs + output];
    }
}

// Sums of up to 512 rows: a column of 512 for each output.
static void linear(const LinearPlan& plan, const double* const* columns, size_t rows, double* sums) {
    for (uint32_t output = 0; output < plan.outputs; output++)
        for (size_t row = 0; row < block; row++) sums[block * output + row] = plan.bias[output] + 0.0;
    for (size_t at = 0; at < plan.terms_size;) {
        size_t plain = 0;
        while (plain < features_at_once && at + plain < plan.terms_size && !plan.terms[at + plain].count) plain++;
        if (plain) add_features(plan.terms + at, plain, columns, rows, plan.outputs, sums);
        else add_one_hot(plan.terms[at], columns[plan.terms[at].place], rows, plan.outputs, sums);
        at += plain ? plain : 1;
    }
}

// --- Principal components --------------------------------------------------------------------------

// A register less its mean, 0 where it is missing; behind the last row 0.
static void copy_moved(const double* from, double mean, size_t rows, double* values) {
    for (size_t row = 0; row < rows; row++) values[row] = from[row] != from[row] ? 0 : from[row] - mean;
    for (size_t row = rows; row < block; row++) values[row] = 0;
}

static void project(const ProjectPlan& plan, const double* const* registers, size_t rows, double* sums) {
    alignas(64) double values[features_at_once * block];
    LinearTerm terms[features_at_once];
    for (size_t at = 0; at < block * plan.outputs; at++) sums[at] = 0;
    for (size_t first = 0; first < plan.sources_size; first += features_at_once) {
        const size_t count = plan.sources_size - first < features_at_once ? plan.sources_size - first : features_at_once;
        for (size_t at = 0; at < count; at++) {
            copy_moved(registers[plan.sources[first + at]], plan.means[first + at], rows, values + block * at);
            terms[at] = {0, 0, plan.weights + (first + at) * plan.outputs};
        }
        add_values(terms, count, values, rows, plan.outputs, sums);
    }
}

// Numbers as NumPy's nan_to_num makes them.
static inline Numbers as_number(Numbers value) {
    const double most = 1.7976931348623157e308;
    const Numbers known = (Numbers)((Wholes)value & (value == value));
    return known > spread(most) ? spread(most) : known < spread(-most) ? spread(-most) : known;
}

// --- The greatest output, by float32 ----------------------------------------------------------------

constexpr size_t singles = 2 * lanes;
typedef float Singles __attribute__((vector_size(4 * singles)));
typedef int32_t SingleWholes __attribute__((vector_size(4 * singles)));

static inline Singles singles_at(const float* from) {
    Singles value;
    __builtin_memcpy(&value, from, sizeof value);
    return value;
}

static inline void store(float* to, Singles value) { __builtin_memcpy(to, &value, sizeof value); }

// What is left of a number when 0 is taken away is the number, -0.0 too: no instruction.
static inline Singles single(float value) { return value - Singles{}; }

static inline Singles multiplied_and_added(Singles a, Singles b, Singles c) {
#if defined(__AVX512F__)
    return (Singles)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#else
    return a * b + c;
#endif
}

static inline Singles absolute(Singles value) { return (Singles)((SingleWholes)value & 0x7FFFFFFF); }

typedef float Narrow __attribute__((vector_size(4 * lanes)));

static inline Singles greater_of(Singles a, Singles b) {
#if defined(__AVX512F__)
    return (Singles)_mm512_max_ps((__m512)a, (__m512)b);
#else
    return a > b ? a : b;
#endif
}

static inline Singles lesser_of(Singles a, Singles b) {
#if defined(__AVX512F__)
    return (Singles)_mm512_min_ps((__m512)a, (__m512)b);
#else
    return a < b ? a : b;
#endif
}

constexpr size_t screened_features = 64;

// Rows whose sums stay in registers, and the lines of memory that they take in a column.
constexpr size_t tile_rows = singles * tile_parts;
constexpr size_t tile_lines = tile_rows * sizeof(double) / 64;

// Some rows of a screen: their columns, the same as float32, and for each row how far its outputs may
// reach and the greatest two so far.
struct Screened {
    const double* columns[screened_features];
    alignas(64) float values[screened_features * tile_rows];
    Singles reach[tile_parts], best[tile_parts], second[tile_parts];
    SingleWholes place[tile_parts];
};

// Narrows the rows of a column, one at least; those behind the last one are as the first.
static void narrow_rows(const double* column, size_t rows, float* out) {
    size_t row = 0;
    for (; row + lanes <= rows; row += lanes) {
        const Narrow narrow_ones = __builtin_convertvector(numbers_at(column + row), Narrow);
        __builtin_memcpy(out + row, &narrow_ones, sizeof narrow_ones);
    }
    for (; row < rows; row++) out[row] = (float)column[row];
    for (; row < tile_rows; row++) out[row] = out[0];
}

static void begin_rows(const ScreenPlan& plan, size_t rows, Screened& screened) {
    Singles reach[tile_parts];
#pragma GCC unroll 4
    for (size_t part = 0; part < tile_parts; part++) {
        reach[part] = single(plan.greatest_bias);
        screened.best[part] = screened.second[part] = single(-__builtin_inff());
        screened.place[part] = SingleWholes{};
    }
    for (size_t feature = 0; feature < plan.features; feature++) {
        float* out = screened.values + tile_rows * feature;
        narrow_rows(screened.columns[feature], rows, out);
        const Singles weight = single(plan.greatest_weight[feature]);
#pragma GCC unroll 4
        for (size_t part = 0; part < tile_parts; part++)
            reach[part] = multiplied_and_added(absolute(singles_at(out + singles * part)), weight, reach[part]);
    }
#pragma GCC unroll 4
    for (size_t part = 0; part < tile_parts; part++) screened.reach[part] = reach[part];
}

// The memory that rows to come lie in is asked for between the sums: the processor's own prefetching begins
// anew in every page, and columns are many.
constexpr size_t rows_ahead = 256;

// Sums of `Width` outputs, which are compared with the greatest two. Of each column the memory of
// `Lines` lines from `line` on is asked for.
template <int Width, size_t Lines>
static void score_tile(const ScreenPlan& plan, uint32_t output, size_t line, Screened& screened) {
    Singles tile[Width][tile_parts];
#pragma GCC unroll 4
    for (int at = 0; at < Width; at++)
#pragma GCC unroll 4
        for (int part = 0; part < tile_parts; part++) tile[at][part] = single(plan.bias[output + (size_t)at]);
    for (size_t feature = 0; feature < plan.features; feature++) {
        const float* from = screened.values + tile_rows * feature;
        const float* weights = plan.weights + feature * plan.outputs + output;
        const auto ahead = (uintptr_t)screened.columns[feature] + sizeof(double) * rows_ahead + 64 * line;
#pragma GCC unroll 8
        for (size_t next = 0; next < Lines; next++) __builtin_prefetch((const void*)(ahead + 64 * next), 0, 2);
#pragma GCC unroll 4
        for (int part = 0; part < tile_parts; part++) {
            const Singles value = singles_at(from + singles * (size_t)part);
#pragma GCC unroll 4
            for (int at = 0; at < Width; at++) tile[at][part] = multiplied_and_added(value, single(weights[at]), tile[at][part]);
        }
    }
#pragma GCC unroll 4
    for (int part = 0; part < tile_parts; part++) {
#pragma GCC unroll 4
        for (int at = 0; at < Width; at++) {
            const Singles score = tile[at][part];
            const SingleWholes greater = score > screened.best[part];
            screened.place[part] = greater ? SingleWholes{} + (int32_t)(output + (uint32_t)at) : screened.place[part];
            screened.second[part] = greater_of(lesser_of(score, screened.best[part]), screened.second[part]);
            screened.best[part] = greater_of(score, screened.best[part]);
        }
    }
}

template <size_t Lines>
static void score_rows(const ScreenPlan& plan, Screened& screened) {
    uint32_t output = 0;
    size_t line = 0;
    for (; output + tile_width <= plan.outputs; output += tile_width, line = (line + Lines) % tile_lines)
        score_tile<tile_width, Lines>(plan, output, line, screened);
    for (; output < plan.outputs; output++, line = (line + Lines) % tile_lines) score_tile<1, Lines>(plan, output, line, screened);
}

// With as many lines a tile as it takes to ask for all of them.
static void score_rows(const ScreenPlan& plan, Screened& screened) {
    const size_t tiles = plan.outputs / tile_width + plan.outputs % tile_width;
    if (tiles >= tile_lines) return score_rows<1>(plan, screened);
    if (2 * tiles >= tile_lines) return score_rows<2>(plan, screened);
    if (4 * tiles >= tile_lines) return score_rows<4>(plan, screened);
    score_rows<8>(plan, screened);
}

// Outputs whose sums stay in registers.
constexpr size_t row_outputs = 4 * lanes;

// The sums of `row_outputs` outputs of a row, as `linear` adds them.
static void sum_row(const LinearPlan& plan, const double* values, uint32_t output, double* sums) {
    Numbers sum[4];
#pragma GCC unroll 4
    for (size_t at = 0; at < 4; at++) sum[at] = numbers_at(plan.bias + output + lanes * at) + 0.0;
    for (size_t term = 0; term < plan.terms_size; term++) {
        const double* weights = plan.terms[term].weights + output;
#pragma GCC unroll 4
        for (size_t at = 0; at < 4; at++) sum[at] = sum[at] + numbers_at(weights + lanes * at) * values[term];
    }
#pragma GCC unroll 4
    for (size_t at = 0; at < 4; at++) {
        sum[at] = as_number(sum[at]);
        __builtin_memcpy(sums + lanes * at, &sum[at], sizeof sum[at]);
    }
}

// The place of a row's greatest output by float64.
static uint32_t greatest_of_row(const LinearPlan& plan, const double* values) {
    double best = -__builtin_inf(), sums[row_outputs];
    uint32_t place = 0;
    const auto take = [&](uint32_t output, double sum) {
        place = sum > best ? output : place;
        best = sum > best ? sum : best;
    };
    uint32_t output = 0;
    for (; output + row_outputs <= plan.outputs; output += row_outputs) {
        sum_row(plan, values, output, sums);
        for (uint32_t at = 0; at < row_outputs; at++) take(output + at, sums[at]);
    }
    for (; output < plan.outputs; output++) {
        double sum = plan.bias[output] + 0.0;
        for (size_t term = 0; term < plan.terms_size; term++) sum = sum + plan.terms[term].weights[output] * values[term];
        take(output, as_number(spread(sum))[0]);
    }
    return place;
}

// The places of the rows whose lead over the second is not certain, and of those that are no number, are found anew.
static void settle_doubts(const ScreenPlan& plan, size_t rows, Screened& screened, uint32_t* places) {
    constexpr float least = 1e-25F;
    for (size_t part = 0; part < tile_parts; part++) {
        const SingleWholes certain = screened.best[part] - screened.second[part] > screened.reach[part] * plan.rounding + least;
        for (size_t at = 0; at < singles; at++) {
            const size_t row = singles * part + at;
            if (certain[at] || row >= rows) continue;
            double values[screened_features];
            for (size_t feature = 0; feature < plan.features; feature++) {
                const double value = screened.columns[feature][row];
                values[feature] = value - value == 0 ? value : 0;
            }
            places[row] = greatest_of_row(plan.exact, values);
        }
    }
}

static void screen(const ScreenPlan& plan, const double* const* columns, size_t rows, uint32_t* places) {
    Screened screened;
    for (size_t row = 0; row < rows; row += tile_rows) {
        const size_t count = rows - row < tile_rows ? rows - row : tile_rows;
        for (size_t feature = 0; feature < plan.features; feature++) screened.columns[feature] = columns[plan.places[feature]] + row;
        begin_rows(plan, count, screened);
        score_rows(plan, screened);
        __builtin_memcpy(places + row, screened.place, count * sizeof *places);
        settle_doubts(plan, count, screened, places + row);
    }
}

// --- Networks --------------------------------------------------------------------------------------

#include "path_network.hpp"

// --- The greatest of several -----------------------------------------------------------------------

static void make_numbers(double* values) {
    for (size_t at = 0; at < block; at += lanes) {
        const Numbers known = as_number(numbers_at(values + at));
        __builtin_memcpy(values + at, &known, sizeof known);
    }
}

// For each row the place of the greatest of `count` scores, a column of 512 each; the first of equals.
static void greatest(const double* scores, size_t count, size_t rows, uint32_t* places) {
    for (size_t row = 0; row < rows; row += lanes) {
        Numbers best = as_number(numbers_at(scores + row));
        Wholes place = {};
        for (size_t at = 1; at < count; at++) {
            const Numbers score = as_number(numbers_at(scores + block * at + row));
            const Wholes greater = score > best;
            best = score > best ? score : best;
            place = (place & ~greater) | (((Wholes){} + (int64_t)at) & greater);
        }
        for (size_t at = 0; at < lanes && row + at < rows; at++) places[row + at] = (uint32_t)place[at];
    }
}

// --- exp -----------------------------------------------------------------------------------------

static inline Numbers power_of_two(Wholes exponent) { return (Numbers)((exponent + 1023) << 52); }

// e^x = 2^k e^r with |r| <= ln 2 / 2, e^r as Taylor's sum up to r^13 / 13!, whose rest is below 2^-56.
// k is halved so that neither factor leaves the range of float64.
static inline Numbers exponential_of(Numbers x) {
    const double most = 709.782712893384, least = -746.0, whole = 6755399441055744.0;
    const Numbers held = x > spread(most + 1) ? spread(most + 1) : x < spread(least) ? spread(least) : x;
    const Numbers shifted = held * 1.4426950408889634 + whole;
    const Numbers k = shifted - whole;
    const Numbers r = (held - k * 0x1.62e42fee00000p-1) - k * 0x1.a39ef35793c76p-33;
    Numbers sum = spread(1.0 / 6227020800.0);
    const double terms[] = {1.0 / 479001600.0, 1.0 / 39916800.0, 1.0 / 3628800.0, 1.0 / 362880.0, 1.0 / 40320.0, 1.0 / 5040.0,
                            1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5};
    for (const double term : terms) sum = sum * r + term;
    sum = (sum * r) * r + r + 1.0;
    const Wholes exponent = (Wholes)shifted - (Wholes)spread(whole);
    const Wholes first = exponent >> 1;
    return sum * power_of_two(first) * power_of_two(exponent - first);
}

static void exponential(double* values, size_t count) {
    size_t at = 0;
    for (; at + lanes <= count; at += lanes) {
        const Numbers raised = exponential_of(numbers_at(values + at));
        __builtin_memcpy(values + at, &raised, sizeof raised);
    }
    for (; at < count; at++) values[at] = exponential_of(spread(values[at]))[0];
}

}  // namespace VESTO_PATH

const PathFunctions VESTO_PATH_FUNCTIONS = {VESTO_PATH::forest, VESTO_PATH::linear, VESTO_PATH::screen, VESTO_PATH::network, VESTO_PATH::project, VESTO_PATH::exponential, VESTO_PATH::make_numbers, VESTO_PATH::greatest};

}  // namespace vesto
