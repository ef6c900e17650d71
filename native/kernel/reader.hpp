// Reads an image's bytes in order. Whatever would reach past the end is a DamagedImage.
#pragma once

#include <bit>
#include <cstring>
#include <string>
#include <vector>

#include "kernel.hpp"

namespace vesto {

static_assert(std::endian::native == std::endian::little, "images are little-endian, and so must be the machine");

class Reader {
public:
    explicit Reader(std::span<const std::byte> image) : rest_(image) {}

    size_t left() const { return rest_.size(); }

    template <typename Number>
    Number number() {
        Number value;
        std::memcpy(&value, take(sizeof value), sizeof value);
        return value;
    }

    uint32_t count() { return number<uint32_t>(); }

    template <typename Number>
    std::vector<Number> array() {
        const size_t size = count();
        const std::byte* from = take(size * sizeof(Number));
        std::vector<Number> values(size);
        if (size) std::memcpy(values.data(), from, size * sizeof(Number));
        return values;
    }

    std::string text() { return text(count()); }

    std::vector<std::string> texts() {
        const auto sizes = array<uint32_t>();
        std::vector<std::string> values;
        values.reserve(sizes.size());
        for (const uint32_t size : sizes) values.push_back(text(size));
        return values;
    }

private:
    std::string text(size_t size) { return {reinterpret_cast<const char*>(take(size)), size}; }

    const std::byte* take(size_t size) {
        if (size > rest_.size()) throw DamagedImage("the image ends too early");
        const std::byte* at = rest_.data();
        rest_ = rest_.subspan(size);
        return at;
    }

    std::span<const std::byte> rest_;
};

}  // namespace vesto
