// Layouts, and numbers out of them.
#include "columns.hpp"

#include <array>
#include <cmath>

namespace vesto {

namespace {

using Wide = __int128;
using UnsignedWide = unsigned __int128;

constexpr std::array<double, 23> powers_of_ten = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr int64_t exact_whole = int64_t{1} << 53;

// digits * 10^-scale to the nearest float64, through text: the library rounds it rightly.
double from_digits(std::string digits, int32_t scale) {
    digits += 'e';
    digits += std::to_string(-scale);
    double value = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (read.ec == std::errc::result_out_of_range) return digits[0] == '-' ? -HUGE_VAL : HUGE_VAL;
    return value;
}

std::string digits_of(UnsignedWide value, bool negative) {
    std::string reversed;
    do {
        reversed += static_cast<char>('0' + static_cast<int>(value % 10));
        value /= 10;
    } while (value);
    if (negative) reversed += '-';
    return {reversed.rbegin(), reversed.rend()};
}

double from_decimal(Wide value, int32_t scale) {
    if (value > -exact_whole && value < exact_whole && scale >= 0 && scale <= 22)
        return static_cast<double>(static_cast<int64_t>(value)) / powers_of_ten[static_cast<size_t>(scale)];
    const bool negative = value < 0;
    return from_digits(digits_of(negative ? -static_cast<UnsignedWide>(value) : static_cast<UnsignedWide>(value), negative), scale);
}

double from_decimal256(std::array<uint64_t, 4> limbs, int32_t scale) {
    const bool negative = limbs[3] >> 63;
    if (negative) {
        UnsignedWide carry = 1;
        for (auto& limb : limbs) {
            carry += static_cast<uint64_t>(~limb);
            limb = static_cast<uint64_t>(carry);
            carry >>= 64;
        }
    }
    std::string reversed;
    bool rest = true;
    while (rest) {
        UnsignedWide remainder = 0;
        rest = false;
        for (size_t at = 4; at-- > 0;) {
            remainder = (remainder << 64) | limbs[at];
            limbs[at] = static_cast<uint64_t>(remainder / 10);
            remainder %= 10;
            rest = rest || limbs[at];
        }
        reversed += static_cast<char>('0' + static_cast<int>(remainder));
    }
    if (negative) reversed += '-';
    return from_digits({reversed.rbegin(), reversed.rend()}, scale);
}

double from_half(uint16_t bits) {
    const double sign = bits >> 15 ? -1.0 : 1.0;
    const int exponent = (bits >> 10) & 31;
    const int fraction = bits & 1023;
    if (exponent == 31) return fraction ? nan_value : sign * HUGE_VAL;
    return sign * (exponent ? std::ldexp(1024 + fraction, exponent - 25) : std::ldexp(fraction, -24));
}

template <typename Read>
void fill(const Column& column, size_t first, size_t rows, double* out, Read read) {
    if (!column.validity) {
        for (size_t i = 0; i < rows; i++) out[i] = read(first + i);
        return;
    }
    for (size_t i = 0; i < rows; i++) out[i] = is_valid(column, first + i) ? read(first + i) : nan_value;
}

template <typename Value>
void fill_plain(const Column& column, size_t first, size_t rows, double* out) {
    fill(column, first, rows, out, [&](size_t row) { return static_cast<double>(value_at<Value>(column, row)); });
}

template <typename Value>
void fill_decimal(const Column& column, size_t first, size_t rows, double* out) {
    fill(column, first, rows, out, [&](size_t row) { return from_decimal(value_at<Value>(column, row), column.scale); });
}

}  // namespace

Family family_of(Layout layout) {
    if (layout == Layout::null) return Family::unknown;
    if (layout <= Layout::boolean_bit) return Family::boolean;
    if (layout == Layout::uint64) return Family::fraction;
    if (layout <= Layout::uint32) return Family::integer;
    if (layout <= Layout::decimal256) return Family::fraction;
    if (layout <= Layout::millis64) return Family::date;
    if (layout <= Layout::instant_ns) return Family::timestamp;
    if (layout <= Layout::clock_us_zone) return Family::time;
    return Family::text;
}

Family family_of(Type type) {
    switch (type) {
        case Type::boolean: return Family::boolean;
        case Type::int2: case Type::int4: case Type::int8: return Family::integer;
        case Type::numeric: case Type::float4: case Type::float8: return Family::fraction;
        case Type::bpchar: case Type::varchar: return Family::text;
        case Type::date: return Family::date;
        case Type::time: case Type::timetz: return Family::time;
        default: return Family::timestamp;
    }
}

bool accepts(Type wanted, Layout given) {
    if (given == Layout::category) return false;
    const Family want = family_of(wanted);
    const Family have = family_of(given);
    if (have == Family::unknown || have == want) return true;
    if (have == Family::integer) return want == Family::fraction || want == Family::text;
    return have == Family::date && want == Family::timestamp;
}

std::string_view type_name(Type type) {
    static constexpr std::array<std::string_view, static_cast<size_t>(Type::count)> names = {
        "bool", "int2", "int4", "int8", "numeric", "float4", "float8", "bpchar", "varchar", "date", "time", "timetz",
        "timestamp", "timestamptz"};
    return names[static_cast<size_t>(type)];
}

int64_t integer_at(const Column& column, size_t row) {
    switch (column.layout) {
        case Layout::int8: return value_at<int8_t>(column, row);
        case Layout::int16: return value_at<int16_t>(column, row);
        case Layout::int32: return value_at<int32_t>(column, row);
        case Layout::uint8: return value_at<uint8_t>(column, row);
        case Layout::uint16: return value_at<uint16_t>(column, row);
        case Layout::uint32: return value_at<uint32_t>(column, row);
        default: return value_at<int64_t>(column, row);
    }
}

void read_numbers(const Column& column, size_t first, size_t rows, double* out) {
    switch (column.layout) {
        case Layout::boolean_byte:
            return fill(column, first, rows, out, [&](size_t row) { return value_at<uint8_t>(column, row) ? 1.0 : 0.0; });
        case Layout::boolean_bit: return fill(column, first, rows, out, [&](size_t row) { return bit_at(column, row) ? 1.0 : 0.0; });
        case Layout::int8: return fill_plain<int8_t>(column, first, rows, out);
        case Layout::int16: return fill_plain<int16_t>(column, first, rows, out);
        case Layout::int32: return fill_plain<int32_t>(column, first, rows, out);
        case Layout::int64: return fill_plain<int64_t>(column, first, rows, out);
        case Layout::uint8: return fill_plain<uint8_t>(column, first, rows, out);
        case Layout::uint16: return fill_plain<uint16_t>(column, first, rows, out);
        case Layout::uint32: return fill_plain<uint32_t>(column, first, rows, out);
        case Layout::uint64: return fill_plain<uint64_t>(column, first, rows, out);
        case Layout::int128: return fill_plain<Wide>(column, first, rows, out);
        case Layout::uint128: return fill_plain<UnsignedWide>(column, first, rows, out);
        case Layout::float16: return fill(column, first, rows, out, [&](size_t row) { return from_half(value_at<uint16_t>(column, row)); });
        case Layout::float32: return fill_plain<float>(column, first, rows, out);
        case Layout::float64: return fill_plain<double>(column, first, rows, out);
        case Layout::decimal16: return fill_decimal<int16_t>(column, first, rows, out);
        case Layout::decimal32: return fill_decimal<int32_t>(column, first, rows, out);
        case Layout::decimal64: return fill_decimal<int64_t>(column, first, rows, out);
        case Layout::decimal128: return fill_decimal<Wide>(column, first, rows, out);
        case Layout::decimal256:
            return fill(column, first, rows, out,
                        [&](size_t row) { return from_decimal256(value_at<std::array<uint64_t, 4>>(column, row), column.scale); });
        default:
            for (size_t i = 0; i < rows; i++) out[i] = nan_value;
    }
}

// --- Texts -------------------------------------------------------------------------------------

std::string_view text_at(const Column& column, size_t row) {
    const size_t at = static_cast<size_t>(column.offset) + row;
    switch (column.layout) {
        case Layout::text_duckdb: {
            const char* value = static_cast<const char*>(column.data) + 16 * at;
            uint32_t size;
            std::memcpy(&size, value, sizeof size);
            const char* from = value + 4;
            if (size > 12) std::memcpy(&from, value + 8, sizeof from);
            return {from, size};
        }
        case Layout::text32: {
            int32_t ends[2];
            std::memcpy(ends, static_cast<const int32_t*>(column.data) + at, sizeof ends);
            return {column.bytes + ends[0], static_cast<size_t>(ends[1] - ends[0])};
        }
        case Layout::text64: {
            int64_t ends[2];
            std::memcpy(ends, static_cast<const int64_t*>(column.data) + at, sizeof ends);
            return {column.bytes + ends[0], static_cast<size_t>(ends[1] - ends[0])};
        }
        case Layout::text_view: {
            const char* value = static_cast<const char*>(column.data) + 16 * at;
            int32_t parts[4];
            std::memcpy(parts, value, sizeof parts);
            const auto size = static_cast<size_t>(parts[0]);
            if (size <= 12) return {value + 4, size};
            return {static_cast<const char*>(column.buffers[parts[2]]) + parts[3], size};
        }
        default: {
            const size_t place = code_at(column, row);
            return is_valid(*column.dictionary, place) ? text_at(*column.dictionary, place) : std::string_view();
        }
    }
}

size_t code_at(const Column& column, size_t row) {
    uint64_t place = 0;
    switch (column.layout) {
        case Layout::codes8: place = static_cast<uint64_t>(value_at<int8_t>(column, row)); break;
        case Layout::codes16: place = static_cast<uint64_t>(value_at<int16_t>(column, row)); break;
        case Layout::codes32: place = static_cast<uint64_t>(value_at<int32_t>(column, row)); break;
        case Layout::codes_u8: place = value_at<uint8_t>(column, row); break;
        case Layout::codes_u16: place = value_at<uint16_t>(column, row); break;
        case Layout::codes_u32: place = value_at<uint32_t>(column, row); break;
        default: place = value_at<uint64_t>(column, row);
    }
    if (place >= column.dictionary_size) throw WrongArgument("a code is not in its dictionary");
    return place;
}

std::string_view without_white_space(std::string_view text) {
    const auto is_white = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
    while (!text.empty() && is_white(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_white(text.back())) text.remove_suffix(1);
    return text;
}

namespace {

size_t digits_at(std::string_view text, size_t from) {
    size_t at = from;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') at++;
    return at - from;
}

// [0-9]+\.?[0-9]* or \.[0-9]+, then an exponent or nothing.
bool is_number(std::string_view text) {
    size_t at = digits_at(text, 0);
    const bool whole = at > 0;
    if (at < text.size() && text[at] == '.') {
        const size_t fraction = digits_at(text, at + 1);
        if (!whole && !fraction) return false;
        at += 1 + fraction;
    } else if (!whole) {
        return false;
    }
    if (at == text.size()) return true;
    if (text[at] != 'e' && text[at] != 'E') return false;
    at++;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) at++;
    const size_t exponent = digits_at(text, at);
    return exponent > 0 && at + exponent == text.size();
}

// What from_chars calls out of range is too great or too small; the digits tell which.
double out_of_range(std::string_view text) {
    return std::strtod(std::string(text).c_str(), nullptr);
}

}  // namespace

double number_in(std::string_view text) {
    const bool negative = !text.empty() && text.front() == '-';
    if (negative || (!text.empty() && text.front() == '+')) text.remove_prefix(1);
    if (!is_number(text)) return nan_value;
    double value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec == std::errc::result_out_of_range) value = out_of_range(text);
    return negative ? -value : value;
}

}  // namespace vesto
