// Columns of every layout, filled from a seed.
#include "random_columns.hpp"

#include <array>
#include <limits>
#include <string>

namespace vesto::tests {

namespace {

using Wide = std::array<uint64_t, 2>;
using Widest = std::array<uint64_t, 4>;

}  // namespace

std::vector<Layout> layouts_for(Type type) {
    std::vector<Layout> found;
    for (size_t at = 0; at <= last_layout; at++)
        if (accepts(type, static_cast<Layout>(at))) found.push_back(static_cast<Layout>(at));
    return found;
}

std::byte* RandomColumns::memory(size_t bytes) {
    held_.push_back(std::make_unique<std::byte[]>(bytes));
    return held_.back().get();
}

Column RandomColumns::column(Layout layout, size_t rows) {
    Column column;
    column.layout = layout;
    if (layout == Layout::null) return column;
    column.offset = one_in(3) ? static_cast<int64_t>(below(11)) : 0;
    const size_t places = static_cast<size_t>(column.offset) + rows;
    if (!one_in(3)) add_validity(column, places);
    if (layout == Layout::boolean_bit) fill_bits(column, places);
    else if (layout >= Layout::codes8) fill_any_codes(column, places);
    else if (layout >= Layout::text_duckdb) fill_texts(column, places);
    else if (layout >= Layout::decimal16 && layout <= Layout::decimal256) fill_decimals(column, places);
    else fill_numbers(column, places);
    return column;
}

void RandomColumns::add_validity(Column& column, size_t places) {
    std::byte* bits = memory((places + 7) / 8);
    const bool is_dense = one_in(2);
    for (size_t place = 0; place < places; place++)
        if (is_dense ? !one_in(20) : one_in(2)) bits[place / 8] |= std::byte{1} << (place % 8);
    column.validity = reinterpret_cast<const uint8_t*>(bits);
}

bool RandomColumns::is_valid(const Column& column, size_t place) const {
    return !column.validity || ((column.validity[place / 8] >> (place % 8)) & 1);
}

// --- Numbers --------------------------------------------------------------------------------------

template <typename Whole>
Whole RandomColumns::whole() {
    switch (below(8)) {
        case 0: return std::numeric_limits<Whole>::min();
        case 1: return std::numeric_limits<Whole>::max();
        case 2: return static_cast<Whole>(random_());
        case 3: return static_cast<Whole>(0 - below(10));
        default: return static_cast<Whole>(below(10));
    }
}

template <typename Fraction>
Fraction RandomColumns::fraction() {
    using Limits = std::numeric_limits<Fraction>;
    constexpr std::array edges = {Fraction(0), -Fraction(0), Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(),
                                  Limits::denorm_min(), -Limits::denorm_min(), Limits::max(), Limits::lowest(), Limits::min(),
                                  Fraction(1), Fraction(-1.5), Fraction(2), Fraction(1e-40)};
    if (one_in(3)) return edges[below(edges.size())];
    return static_cast<Fraction>(static_cast<double>(static_cast<int64_t>(random_())) / 0x1p60);
}

template <>
Wide RandomColumns::whole<Wide>() {
    const auto high = one_in(2) ? 0 : whole<uint64_t>();
    return {whole<uint64_t>(), high};
}

template <>
Widest RandomColumns::whole<Widest>() {
    return {whole<uint64_t>(), whole<uint64_t>(), whole<uint64_t>(), whole<uint64_t>()};
}

template <typename Value>
void RandomColumns::fill(Column& column, size_t places, Value (RandomColumns::*next)()) {
    std::byte* values = memory(places * sizeof(Value));
    for (size_t place = 0; place < places; place++) {
        const Value value = (this->*next)();
        std::memcpy(values + place * sizeof value, &value, sizeof value);
    }
    column.data = values;
}

void RandomColumns::fill_bits(Column& column, size_t places) {
    std::byte* bits = memory((places + 7) / 8);
    for (size_t at = 0; at < (places + 7) / 8; at++) bits[at] = static_cast<std::byte>(random_());
    column.data = bits;
}

void RandomColumns::fill_numbers(Column& column, size_t places) {
    switch (column.layout) {
        case Layout::boolean_byte: return fill(column, places, &RandomColumns::zero_or_one);
        case Layout::int8: return fill(column, places, &RandomColumns::whole<int8_t>);
        case Layout::int16: return fill(column, places, &RandomColumns::whole<int16_t>);
        case Layout::uint8: return fill(column, places, &RandomColumns::whole<uint8_t>);
        case Layout::uint16: return fill(column, places, &RandomColumns::whole<uint16_t>);
        case Layout::uint32: return fill(column, places, &RandomColumns::whole<uint32_t>);
        case Layout::uint64: return fill(column, places, &RandomColumns::whole<uint64_t>);
        case Layout::int128: case Layout::uint128: return fill(column, places, &RandomColumns::whole<Wide>);
        case Layout::float16: return fill(column, places, &RandomColumns::half);
        case Layout::float32: return fill(column, places, &RandomColumns::fraction<float>);
        case Layout::float64: return fill(column, places, &RandomColumns::fraction<double>);
        case Layout::int32: case Layout::days32: case Layout::clock_s: case Layout::clock_ms:
            return fill(column, places, &RandomColumns::whole<int32_t>);
        default: return fill(column, places, &RandomColumns::whole<int64_t>);
    }
}

void RandomColumns::fill_decimals(Column& column, size_t places) {
    constexpr std::array<int32_t, 7> scales = {0, 2, 3, 22, 38, -5, 1000};
    column.scale = scales[below(scales.size())];
    switch (column.layout) {
        case Layout::decimal16: return fill(column, places, &RandomColumns::whole<int16_t>);
        case Layout::decimal32: return fill(column, places, &RandomColumns::whole<int32_t>);
        case Layout::decimal64: return fill(column, places, &RandomColumns::whole<int64_t>);
        case Layout::decimal128: return fill(column, places, &RandomColumns::whole<Wide>);
        default: return fill(column, places, &RandomColumns::whole<Widest>);
    }
}

// --- Texts ----------------------------------------------------------------------------------------

std::string RandomColumns::text() {
    constexpr std::array words = {"", "a", "b ", "NY", "CA", "true", "false", "1", "-7", " 2.5e3\t", "1e999", "+.5", "nan", "0x10",
                                  "twelve bytes", "thirteen byte", "sixteen bytes ok", "seventeen bytes !"};
    if (!one_in(3)) return words[below(words.size())];
    std::string made(below(one_in(10) ? 300 : 24), ' ');
    for (char& letter : made) letter = static_cast<char>(one_in(2) ? '0' + below(10) : below(256));
    return made;
}

void RandomColumns::fill_texts(Column& column, size_t places) {
    switch (column.layout) {
        case Layout::text_duckdb: return fill_duckdb_texts(column, places);
        case Layout::text_view: return fill_views(column, places);
        case Layout::text64: return fill_offsets<int64_t>(column, places);
        default: return fill_offsets<int32_t>(column, places);
    }
}

template <typename Offset>
void RandomColumns::fill_offsets(Column& column, size_t places) {
    std::byte* offsets = memory((places + 1) * sizeof(Offset));
    std::string all;
    for (size_t place = 0; place <= places; place++) {
        const auto end = static_cast<Offset>(all.size());
        std::memcpy(offsets + place * sizeof end, &end, sizeof end);
        if (place < places) all += text();
    }
    std::byte* bytes = memory(all.size());
    if (!all.empty()) std::memcpy(bytes, all.data(), all.size());
    column.data = offsets;
    column.bytes = reinterpret_cast<const char*>(bytes);
}

void RandomColumns::fill_duckdb_texts(Column& column, size_t places) {
    std::byte* values = memory(places * 16);
    column.data = values;
    for (size_t place = 0; place < places; place++) {
        std::byte* value = values + place * 16;
        if (!is_valid(column, place)) {
            const Wide rubbish = {random_(), random_()};
            std::memcpy(value, &rubbish, sizeof rubbish);
            continue;
        }
        const std::string word = text();
        const auto size = static_cast<uint32_t>(word.size());
        std::memcpy(value, &size, sizeof size);
        std::memcpy(value + 4, word.data(), size <= 12 ? size : 4);
        if (size <= 12) continue;
        std::byte* bytes = memory(size);
        std::memcpy(bytes, word.data(), size);
        std::memcpy(value + 8, &bytes, sizeof bytes);
    }
}

void RandomColumns::fill_views(Column& column, size_t places) {
    std::byte* values = memory(places * 16);
    std::array<std::string, 2> longs;
    for (size_t place = 0; place < places; place++) {
        std::byte* value = values + place * 16;
        if (!is_valid(column, place)) {
            const Wide rubbish = {random_(), random_()};
            std::memcpy(value, &rubbish, sizeof rubbish);
            continue;
        }
        const std::string word = text();
        const auto buffer = static_cast<int32_t>(below(2));
        std::string& held = longs[static_cast<size_t>(buffer)];
        const std::array<int32_t, 4> view = {static_cast<int32_t>(word.size()), 0, buffer, static_cast<int32_t>(held.size())};
        if (word.size() > 12) {
            std::memcpy(value, view.data(), 16);
            held += word;
        } else {
            std::memcpy(value, view.data(), 4);
        }
        std::memcpy(value + 4, word.data(), word.size() <= 12 ? word.size() : 4);
    }
    auto** buffers = reinterpret_cast<const void**>(memory(2 * sizeof(void*)));
    for (size_t at = 0; at < 2; at++) {
        std::byte* bytes = memory(longs[at].size());
        if (!longs[at].empty()) std::memcpy(bytes, longs[at].data(), longs[at].size());
        buffers[at] = bytes;
    }
    column.data = values;
    column.buffers = buffers;
}

// --- Codes ----------------------------------------------------------------------------------------

template <typename Code>
void RandomColumns::fill_codes(Column& column, size_t places) {
    std::byte* values = memory(places * sizeof(Code));
    const bool has_wrong_ones = one_in(8);
    for (size_t place = 0; place < places; place++) {
        const bool is_right = is_valid(column, place) && !has_wrong_ones;
        const auto code = is_right ? static_cast<Code>(below(column.dictionary_size)) : whole<Code>();
        std::memcpy(values + place * sizeof code, &code, sizeof code);
    }
    column.data = values;
}

void RandomColumns::fill_any_codes(Column& column, size_t places) {
    constexpr std::array texts = {Layout::text32, Layout::text64, Layout::text_view, Layout::text_duckdb};
    column.dictionary_size = 1 + below(20);
    dictionaries_.push_back(std::make_unique<Column>(this->column(texts[below(texts.size())], column.dictionary_size)));
    column.dictionary = dictionaries_.back().get();
    switch (column.layout) {
        case Layout::codes8: return fill_codes<int8_t>(column, places);
        case Layout::codes16: return fill_codes<int16_t>(column, places);
        case Layout::codes32: return fill_codes<int32_t>(column, places);
        case Layout::codes64: return fill_codes<int64_t>(column, places);
        case Layout::codes_u8: return fill_codes<uint8_t>(column, places);
        case Layout::codes_u16: return fill_codes<uint16_t>(column, places);
        case Layout::codes_u32: return fill_codes<uint32_t>(column, places);
        default: return fill_codes<uint64_t>(column, places);
    }
}

}  // namespace vesto::tests
