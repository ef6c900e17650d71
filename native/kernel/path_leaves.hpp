// Part of path_block.hpp: the leaf of each row of a tree is added to the sums.

// The rows of a leaf's number, lowest bit first, become numbers of one byte each.
static void numbers_from(const uint64_t* const* bits, uint32_t count, uint8_t* numbers) {
#if defined(__AVX512BW__)
    for (size_t group = 0; group < groups_of_64; group++) {
        __m512i number = _mm512_maskz_set1_epi8(bits[0][group], 1);
        for (uint32_t bit = 1; bit < count; bit++)
            number = _mm512_mask_add_epi8(number, bits[bit][group], number, _mm512_set1_epi8((char)(1 << bit)));
        _mm512_store_si512(numbers + 64 * group, number);
    }
#elif defined(__AVX2__)
    const __m256i byte_of_row = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const __m256i bit_of_row = _mm256_set1_epi64x((int64_t)0x8040201008040201U);
    for (size_t group = 0; group < block / 32; group++) {
        __m256i number = _mm256_setzero_si256();
        for (uint32_t bit = 0; bit < count; bit++) {
            const auto here = (int32_t)(bits[bit][group / 2] >> (32 * (group % 2)));
            const __m256i spread_out = _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(here), byte_of_row), bit_of_row);
            const __m256i is_set = _mm256_cmpeq_epi8(spread_out, bit_of_row);
            number = _mm256_or_si256(number, _mm256_and_si256(is_set, _mm256_set1_epi8((char)(1 << bit))));
        }
        _mm256_store_si256((__m256i*)(numbers + 32 * group), number);
    }
#else
    for (size_t byte = 0; byte < block / 8; byte++) {
        uint64_t eight = 0;
        for (uint32_t bit = 0; bit < count; bit++) {
            const uint64_t here = bits[bit][byte / 8] >> (8 * (byte % 8)) & 0xFF;
            const uint64_t spread = (here * 0x0101010101010101U & 0x8040201008040201U) + 0x7F7F7F7F7F7F7F7FU;
            eight |= (spread >> 7 & 0x0101010101010101U) << bit;
        }
        __builtin_memcpy(numbers + 8 * byte, &eight, sizeof eight);
    }
#endif
}

#if defined(__AVX512F__)
// Sixteen leaves out of 2^Bits, at least 32.
template <int Bits>
static inline __m512 leaves_of(const __m512* table, __m512i number, const uint64_t* const* bits, size_t sixteen) {
    if constexpr (Bits <= 5) {
        (void)bits;
        (void)sixteen;
        return _mm512_permutex2var_ps(table[0], number, table[1]);
    } else {
        const __m512 low = leaves_of<Bits - 1>(table, number, bits, sixteen);
        const __m512 high = leaves_of<Bits - 1>(table + (1 << (Bits - 5)), number, bits, sixteen);
        const __mmask16 upper = (__mmask16)(bits[Bits - 1][sixteen / 4] >> (16 * (sixteen % 4)));
        return _mm512_mask_blend_ps(upper, low, high);
    }
}

template <int Bits>
static void add_leaves(const float* leaves, const uint8_t* numbers, const uint64_t* const* bits, float* sums) {
    constexpr int size = Bits <= 5 ? 2 : 1 << (Bits - 4);
    __m512 table[size];
    for (int at = 0; at < size; at++) table[at] = _mm512_loadu_ps(leaves + 16 * at);
    for (size_t sixteen = 0; sixteen < block / 16; sixteen++) {
        const __m512i number = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i*)(numbers + 16 * sixteen)));
        const __m512 found = leaves_of<Bits>(table, number, bits, sixteen);
        _mm512_store_ps(sums + 16 * sixteen, _mm512_add_ps(_mm512_load_ps(sums + 16 * sixteen), found));
    }
}
#elif defined(__AVX2__)
// The numbers of 32 rows' leaves, a byte each: first the lower halves of the four bytes of bits, then the
// upper ones, so that the four bytes of a leaf come together in the order of the rows.
template <int Bits>
static inline __m256i numbers_of_32(const uint64_t* const* bits, size_t part) {
    const __m256i byte_of_row = _mm256_setr_epi32(0, 0x01010101, 0x02020202, 0x03030303, 0, 0x01010101, 0x02020202, 0x03030303);
    const __m256i bit_of_row = _mm256_setr_epi64x(0x0804020108040201, 0x0804020108040201, (int64_t)0x8040201080402010U, (int64_t)0x8040201080402010U);
    __m256i number = _mm256_setzero_si256();
#pragma GCC unroll 8
    for (int bit = Bits - 1; bit >= 0; bit--) {
        int32_t here;
        __builtin_memcpy(&here, (const char*)bits[bit] + sizeof here * part, sizeof here);
        const __m256i spread_out = _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(here), byte_of_row), bit_of_row);
        number = _mm256_sub_epi8(_mm256_add_epi8(number, number), _mm256_cmpeq_epi8(spread_out, bit_of_row));
    }
    return number;
}

// Leaves are looked up a byte of sixteen at a time, in registers: gathering them from memory takes several times as long.
template <int Bits, int Chunks>
static void add_leaves(const uint8_t* leaf_bytes, const uint64_t* const* bits, float* sums) {
    for (size_t part = 0; part < block / 32; part++) {
        const __m256i number = numbers_of_32<Bits>(bits, part);
        __m256i found[4] = {};
#pragma GCC unroll 16
        for (int chunk = 0; chunk < Chunks; chunk++) {
            // The highest bit tells the shuffle that the leaf is of another chunk.
            const __m256i place = Chunks == 1 ? number : _mm256_adds_epu8(_mm256_xor_si256(number, _mm256_set1_epi8((char)(16 * chunk))), _mm256_set1_epi8(0x70));
#pragma GCC unroll 4
            for (int at = 0; at < 4; at++) {
                const __m256i table = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i*)(leaf_bytes + 64 * chunk + 16 * at)));
                found[at] = _mm256_or_si256(found[at], _mm256_shuffle_epi8(table, place));
            }
        }
        const __m256i low_lower = _mm256_unpacklo_epi8(found[0], found[1]), low_upper = _mm256_unpackhi_epi8(found[0], found[1]);
        const __m256i high_lower = _mm256_unpacklo_epi8(found[2], found[3]), high_upper = _mm256_unpackhi_epi8(found[2], found[3]);
        const __m256i leaves[4] = {_mm256_unpacklo_epi16(low_lower, high_lower), _mm256_unpackhi_epi16(low_lower, high_lower),
                                   _mm256_unpacklo_epi16(low_upper, high_upper), _mm256_unpackhi_epi16(low_upper, high_upper)};
#pragma GCC unroll 4
        for (size_t at = 0; at < 4; at++) {
            float* sum = sums + 32 * part + 8 * at;
            _mm256_store_ps(sum, _mm256_add_ps(_mm256_load_ps(sum), _mm256_castsi256_ps(leaves[at])));
        }
    }
}
#endif

static void add_many_leaves(const float* leaves, const uint64_t* const* bits, uint32_t count, float* sums) {
    alignas(64) uint8_t low[block], high[block];
    numbers_from(bits, 8, low);
    numbers_from(bits + 8, count - 8, high);
    for (size_t row = 0; row < block; row++) sums[row] += leaves[low[row] | (uint32_t)high[row] << 8];
}

static void add_found(const ForestPlan& plan, const TreePlan& tree, const uint64_t* const* bits, float* sums) {
    const float* leaves = plan.leaves + tree.leaves;
    if (tree.bits > 8) return add_many_leaves(leaves, bits, tree.bits, sums);
#if defined(__AVX512F__)
    alignas(64) uint8_t numbers[block];
    numbers_from(bits, tree.bits, numbers);
    switch (tree.bits) {
        case 6: return add_leaves<6>(leaves, numbers, bits, sums);
        case 7: return add_leaves<7>(leaves, numbers, bits, sums);
        case 8: return add_leaves<8>(leaves, numbers, bits, sums);
        default: return add_leaves<5>(leaves, numbers, bits, sums);
    }
#elif defined(__AVX2__)
    const uint8_t* leaf_bytes = plan.leaf_bytes + 64 * (size_t)tree.first_chunk;
    switch (tree.bits) {
        case 1: return add_leaves<1, 1>(leaf_bytes, bits, sums);
        case 2: return add_leaves<2, 1>(leaf_bytes, bits, sums);
        case 3: return add_leaves<3, 1>(leaf_bytes, bits, sums);
        case 4: return add_leaves<4, 1>(leaf_bytes, bits, sums);
        case 5: return add_leaves<5, 2>(leaf_bytes, bits, sums);
        case 6: return tree.chunks == 3 ? add_leaves<6, 3>(leaf_bytes, bits, sums) : add_leaves<6, 4>(leaf_bytes, bits, sums);
        case 7: return tree.chunks == 6 ? add_leaves<7, 6>(leaf_bytes, bits, sums) : add_leaves<7, 8>(leaf_bytes, bits, sums);
        default: return tree.chunks == 12 ? add_leaves<8, 12>(leaf_bytes, bits, sums) : add_leaves<8, 16>(leaf_bytes, bits, sums);
    }
#else
    alignas(64) uint8_t numbers[block];
    numbers_from(bits, tree.bits, numbers);
    for (size_t row = 0; row < block; row++) sums[row] += leaves[numbers[row]];
#endif
}
