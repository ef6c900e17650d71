// CRC-32 with the polynomial of zlib (ISO 3309), bit-reversed 0xEDB88320.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace vesto {

inline uint32_t crc32(std::span<const std::byte> bytes) {
    static constexpr auto table = [] {
        std::array<uint32_t, 256> made{};
        for (uint32_t byte = 0; byte < 256; byte++) {
            uint32_t value = byte;
            for (int bit = 0; bit < 8; bit++) value = (value >> 1) ^ (value & 1 ? 0xEDB88320U : 0U);
            made[byte] = value;
        }
        return made;
    }();
    uint32_t crc = ~0U;
    for (const std::byte byte : bytes) crc = (crc >> 8) ^ table[(crc ^ static_cast<uint32_t>(byte)) & 0xFF];
    return ~crc;
}

}  // namespace vesto
