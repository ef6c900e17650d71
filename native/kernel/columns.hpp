// Reading the values of columns, whatever their layout.
#pragma once

#include <charconv>
#include <cstring>
#include <limits>

#include "kernel.hpp"

namespace vesto {

inline constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

enum class Family : uint8_t { unknown, boolean, integer, fraction, text, date, time, timestamp };

Family family_of(Layout layout);
Family family_of(Type type);

inline bool is_valid(const Column& column, size_t row) {
    if (column.layout == Layout::null) return false;
    if (!column.validity) return true;
    const size_t bit = static_cast<size_t>(column.offset) + row;
    return (column.validity[bit >> 3] >> (bit & 7)) & 1;
}

template <typename Value>
inline Value value_at(const Column& column, size_t row) {
    Value value;
    const auto* base = static_cast<const char*>(column.data);
    std::memcpy(&value, base + (static_cast<size_t>(column.offset) + row) * sizeof(Value), sizeof value);
    return value;
}

inline bool bit_at(const Column& column, size_t row) {
    const size_t bit = static_cast<size_t>(column.offset) + row;
    return (static_cast<const uint8_t*>(column.data)[bit >> 3] >> (bit & 7)) & 1;
}

// The text of a row that is not NULL, of a column of texts.
std::string_view text_at(const Column& column, size_t row);

// The place in the dictionary of a row that is not NULL, of a column of codes; checked.
size_t code_at(const Column& column, size_t row);

inline bool is_codes(Layout layout) { return layout >= Layout::codes8; }

// A column of texts or whole numbers as words: `use(row, word)` for rows that are not NULL,
// `skip(row)` for the others. Whole numbers are their decimal digits, booleans true and false.
template <typename Use, typename Skip>
void each_word(const Column& column, size_t first, size_t rows, Use use, Skip skip);

// Numbers and booleans as the nearest float64; NULL is NaN. Rows `first` to `first + rows`.
void read_numbers(const Column& column, size_t first, size_t rows, double* out);

// A whole-number layout's value; uint64 is no integer of SQL and stands apart.
int64_t integer_at(const Column& column, size_t row);

// A number as `TextNumber` reads it: ASCII white space around does not count; what is no number is
// NaN, what is too great infinite.
double number_in(std::string_view text);

std::string_view without_white_space(std::string_view text);

inline std::string_view without_last_blanks(std::string_view text) {
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

template <typename Use, typename Skip>
void each_word(const Column& column, size_t first, size_t rows, Use use, Skip skip) {
    const Family family = family_of(column.layout);
    char digits[24];
    for (size_t row = first; row < first + rows; row++) {
        if (!is_valid(column, row)) {
            skip(row - first);
        } else if (family == Family::text) {
            use(row - first, text_at(column, row));
        } else if (family == Family::boolean) {
            const bool value = column.layout == Layout::boolean_bit ? bit_at(column, row) : value_at<uint8_t>(column, row) != 0;
            use(row - first, value ? std::string_view("true") : std::string_view("false"));
        } else {
            const auto end = std::to_chars(digits, digits + sizeof digits, integer_at(column, row)).ptr;
            use(row - first, std::string_view(digits, static_cast<size_t>(end - digits)));
        }
    }
}

}  // namespace vesto
