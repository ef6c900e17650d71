// SHA-256 (FIPS 180-4), to tell whether two images under one name are the same.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace vesto::duckdb {

using Digest = std::array<uint32_t, 8>;

Digest sha256(std::span<const std::byte> bytes);

}  // namespace vesto::duckdb
