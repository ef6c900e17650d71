// Arrow's format strings, as the layouts of the kernel.
#pragma once

#include <optional>
#include <string_view>

#include "kernel.hpp"

namespace vesto::arrow {

struct Format {
    Layout layout = Layout::null;
    int32_t scale = 0;  // of decimals
};

// Nothing where the kernel has no layout for the format.
std::optional<Format> read_format(std::string_view format);

// The layout of a dictionary's indices, whose own one is that of whole numbers.
std::optional<Layout> codes_of(Layout indices);

bool is_text(Layout layout);

}  // namespace vesto::arrow
