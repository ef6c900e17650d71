// The header of an image, made right for changed bytes: what is tested lies behind it.
#pragma once

#include <cstring>
#include <span>

#include "crc32.hpp"

namespace vesto::tests {

inline constexpr size_t magic_bytes = 8;
inline constexpr size_t crc_at = 12;
inline constexpr size_t size_at = 16;
inline constexpr size_t header_bytes = 24;

// Writes magic, version, size and CRC. False where there is no room for a header.
inline bool write_header(std::span<std::byte> image) {
    if (image.size() < header_bytes) return false;
    const uint32_t version = 1;
    const uint64_t size = image.size();
    std::memcpy(image.data(), "VESTOIMG", magic_bytes);
    std::memcpy(image.data() + magic_bytes, &version, sizeof version);
    std::memcpy(image.data() + size_at, &size, sizeof size);
    const uint32_t crc = crc32(image.subspan(size_at));
    std::memcpy(image.data() + crc_at, &crc, sizeof crc);
    return true;
}

}  // namespace vesto::tests
