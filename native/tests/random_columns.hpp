// Columns of every layout, filled from a seed: ordinary values, edges, NULLs over rubbish.
#pragma once

#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "kernel.hpp"

namespace vesto::tests {

inline constexpr auto last_layout = static_cast<size_t>(Layout::codes_u64);

// Every layout that may stand for an input of that type.
std::vector<Layout> layouts_for(Type type);

// Makes columns and owns their memory. Each buffer is exactly as long as its rows need and has a place
// of its own on the heap, so that a sanitizer sees a read of one byte too many.
class RandomColumns {
public:
    explicit RandomColumns(uint64_t seed) : random_(seed) {}

    Column column(Layout layout, size_t rows);

private:
    std::byte* memory(size_t bytes);
    size_t below(size_t limit) { return static_cast<size_t>(random_() % limit); }
    bool one_in(size_t count) { return below(count) == 0; }

    void add_validity(Column& column, size_t rows);
    bool is_valid(const Column& column, size_t place) const;
    template <typename Value>
    void fill(Column& column, size_t places, Value (RandomColumns::*next)());
    void fill_numbers(Column& column, size_t places);
    void fill_bits(Column& column, size_t places);
    void fill_decimals(Column& column, size_t places);
    void fill_texts(Column& column, size_t places);
    void fill_duckdb_texts(Column& column, size_t places);
    void fill_views(Column& column, size_t places);
    template <typename Offset>
    void fill_offsets(Column& column, size_t places);
    template <typename Code>
    void fill_codes(Column& column, size_t places);
    void fill_any_codes(Column& column, size_t places);

    template <typename Whole>
    Whole whole();
    template <typename Fraction>
    Fraction fraction();
    uint8_t zero_or_one() { return static_cast<uint8_t>(below(2)); }
    uint16_t half() { return static_cast<uint16_t>(random_()); }
    std::string text();

    std::mt19937_64 random_;
    std::vector<std::unique_ptr<std::byte[]>> held_;
    std::vector<std::unique_ptr<Column>> dictionaries_;
};

}  // namespace vesto::tests
