// DuckDB's 16-byte strings: a length, then up to 12 characters, or 4 of them and a pointer to all.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace vesto::duckdb {

struct String {
    static constexpr uint32_t most_inlined = 12;

    uint32_t length;
    char start[4];
    union {
        char rest[8];
        const char* pointer;
    };

    std::string_view text() const {
        return {length <= most_inlined ? start : pointer, length};
    }

    std::span<const std::byte> bytes() const {
        const std::string_view view = text();
        return {reinterpret_cast<const std::byte*>(view.data()), view.size()};
    }
};

static_assert(sizeof(String) == 16);

}  // namespace vesto::duckdb
