// Arrow's format strings.
#include "formats.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace vesto::arrow {

namespace {

using Named = std::pair<std::string_view, Layout>;

constexpr std::array whole_formats = {
    Named{"n", Layout::null},       Named{"b", Layout::boolean_bit}, Named{"c", Layout::int8},
    Named{"C", Layout::uint8},      Named{"s", Layout::int16},       Named{"S", Layout::uint16},
    Named{"i", Layout::int32},      Named{"I", Layout::uint32},      Named{"l", Layout::int64},
    Named{"L", Layout::uint64},     Named{"e", Layout::float16},     Named{"f", Layout::float32},
    Named{"g", Layout::float64},    Named{"u", Layout::text32},      Named{"U", Layout::text64},
    Named{"vu", Layout::text_view}, Named{"tdD", Layout::days32},    Named{"tdm", Layout::millis64},
    Named{"tts", Layout::clock_s},  Named{"ttm", Layout::clock_ms},  Named{"ttu", Layout::clock_us},
    Named{"ttn", Layout::clock_ns}};

// A time zone follows, or nothing.
constexpr std::array instant_formats = {Named{"tss:", Layout::instant_s}, Named{"tsm:", Layout::instant_ms},
                                        Named{"tsu:", Layout::instant_us}, Named{"tsn:", Layout::instant_ns}};

constexpr int32_t greatest_scale = 1000;

std::optional<int32_t> whole_number(std::string_view text) {
    int32_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<Layout> decimal_of(int32_t bits) {
    switch (bits) {
        case 32: return Layout::decimal32;
        case 64: return Layout::decimal64;
        case 128: return Layout::decimal128;
        case 256: return Layout::decimal256;
        default: return std::nullopt;
    }
}

// precision,scale or precision,scale,bits
std::optional<Format> read_decimal(std::string_view text) {
    const size_t first = text.find(',');
    if (first == text.npos) return std::nullopt;
    const size_t second = text.find(',', first + 1);
    const auto precision = whole_number(text.substr(0, first));
    const auto scale = whole_number(text.substr(first + 1, second == text.npos ? second : second - first - 1));
    const auto bits = second == text.npos ? std::optional(128) : whole_number(text.substr(second + 1));
    if (!precision || !scale || !bits || *scale < -greatest_scale || *scale > greatest_scale) return std::nullopt;
    const auto layout = decimal_of(*bits);
    return layout ? std::optional(Format{*layout, *scale}) : std::nullopt;
}

}  // namespace

std::optional<Format> read_format(std::string_view format) {
    if (format.starts_with("d:")) return read_decimal(format.substr(2));
    const auto is_whole = [&](const Named& named) { return format == named.first; };
    const auto begins = [&](const Named& named) { return format.starts_with(named.first); };
    if (const auto found = std::ranges::find_if(whole_formats, is_whole); found != whole_formats.end())
        return Format{found->second};
    if (const auto found = std::ranges::find_if(instant_formats, begins); found != instant_formats.end())
        return Format{found->second};
    return std::nullopt;
}

std::optional<Layout> codes_of(Layout indices) {
    switch (indices) {
        case Layout::int8: return Layout::codes8;
        case Layout::int16: return Layout::codes16;
        case Layout::int32: return Layout::codes32;
        case Layout::int64: return Layout::codes64;
        case Layout::uint8: return Layout::codes_u8;
        case Layout::uint16: return Layout::codes_u16;
        case Layout::uint32: return Layout::codes_u32;
        case Layout::uint64: return Layout::codes_u64;
        default: return std::nullopt;
    }
}

bool is_text(Layout layout) { return layout >= Layout::text_duckdb && layout <= Layout::text_view; }

}  // namespace vesto::arrow
