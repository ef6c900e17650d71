// SHA-256 as FIPS 180-4 describes it.
#include "sha256.hpp"

#include <algorithm>
#include <bit>

namespace vesto::duckdb {

namespace {

constexpr size_t block_bytes = 64;

constexpr std::array<uint32_t, 64> first_primes() {
    std::array<uint32_t, 64> primes{};
    size_t found = 0;
    for (uint32_t candidate = 2; found < primes.size(); candidate++) {
        bool is_prime = true;
        for (size_t i = 0; i < found; i++) is_prime = is_prime && candidate % primes[i] != 0;
        if (is_prime) primes[found++] = candidate;
    }
    return primes;
}

// The greatest whole number whose `power`-th power is not above `prime` << (32 * power), that is the
// root of the prime with 32 digits behind the point; its low 32 bits are the fraction.
constexpr uint32_t fraction_of_root(uint32_t prime, int power) {
    using Wide = unsigned __int128;
    uint64_t root = 0;
    for (int bit = 35; bit >= 0; bit--) {
        const uint64_t tried = root | uint64_t{1} << bit;
        const Wide raised = power == 2 ? Wide{tried} * tried : Wide{tried} * tried * tried;
        if (raised <= Wide{prime} << (32 * power)) root = tried;
    }
    return static_cast<uint32_t>(root);
}

template <size_t count>
constexpr std::array<uint32_t, count> roots(int power) {
    const auto primes = first_primes();
    std::array<uint32_t, count> made{};
    for (size_t i = 0; i < count; i++) made[i] = fraction_of_root(primes[i], power);
    return made;
}

constexpr auto round_constants = roots<64>(3);
constexpr auto initial = roots<8>(2);

std::array<uint32_t, 64> schedule(const uint8_t* block) {
    std::array<uint32_t, 64> words{};
    for (size_t i = 0; i < 64; i++) {
        if (i < 16) {
            for (size_t byte = 0; byte < 4; byte++) words[i] = words[i] << 8 | block[4 * i + byte];
            continue;
        }
        const uint32_t early = words[i - 15], late = words[i - 2];
        const uint32_t first = std::rotr(early, 7) ^ std::rotr(early, 18) ^ early >> 3;
        const uint32_t second = std::rotr(late, 17) ^ std::rotr(late, 19) ^ late >> 10;
        words[i] = words[i - 16] + first + words[i - 7] + second;
    }
    return words;
}

void absorb(Digest& digest, const uint8_t* block) {
    const auto words = schedule(block);
    auto [a, b, c, d, e, f, g, h] = digest;
    for (size_t i = 0; i < 64; i++) {
        const uint32_t chosen = (e & f) ^ (~e & g);
        const uint32_t most = (a & b) ^ (a & c) ^ (b & c);
        const uint32_t mixed_e = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
        const uint32_t mixed_a = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
        const uint32_t one = h + mixed_e + chosen + round_constants[i] + words[i];
        h = g, g = f, f = e, e = d + one;
        d = c, c = b, b = a, a = one + mixed_a + most;
    }
    const Digest added{a, b, c, d, e, f, g, h};
    for (size_t i = 0; i < digest.size(); i++) digest[i] += added[i];
}

}  // namespace

Digest sha256(std::span<const std::byte> bytes) {
    Digest digest = initial;
    const auto* at = reinterpret_cast<const uint8_t*>(bytes.data());
    size_t left = bytes.size();
    for (; left >= block_bytes; left -= block_bytes, at += block_bytes) absorb(digest, at);
    std::array<uint8_t, 2 * block_bytes> last{};
    std::copy(at, at + left, last.begin());
    last[left] = 0x80;
    const size_t size = left + 9 > block_bytes ? 2 * block_bytes : block_bytes;
    const uint64_t bits = uint64_t{bytes.size()} * 8;
    for (size_t i = 0; i < 8; i++) last[size - 1 - i] = static_cast<uint8_t>(bits >> (8 * i));
    for (size_t done = 0; done < size; done += block_bytes) absorb(digest, last.data() + done);
    return digest;
}

}  // namespace vesto::duckdb
