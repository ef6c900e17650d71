// A dictionary of words, each with a number: what `Category` looks up.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "columns.hpp"

namespace vesto {

// The bytes of a text of at most sixteen, then zeros.
struct ShortKey {
    uint64_t low = 0;
    uint64_t high = 0;
    bool operator==(const ShortKey&) const = default;
};

inline constexpr size_t short_size = 16;

// Texts that end with a zero byte would have the key of another one, and blanks at the end do not count.
inline bool is_plain(const char* from, size_t size) { return size == 0 || (from[size - 1] != ' ' && from[size - 1] != 0); }

// The key of a text of at most sixteen bytes; eight bytes may be read at `from`, however short it is.
inline ShortKey short_key(const char* from, size_t size) {
    const size_t at_least_eight = size < 8 ? 8 : size;
    const size_t below_eight = size < 8 ? size : 8;
    uint64_t low, high;
    std::memcpy(&low, from, sizeof low);
    std::memcpy(&high, from + at_least_eight - 8, sizeof high);
    // Halves, because a shift by 64 is none.
    const unsigned unused = static_cast<unsigned>(8 - below_eight) * 4;
    const unsigned twice = static_cast<unsigned>(16 - at_least_eight) * 4;
    return {low << unused << unused >> unused >> unused, high >> twice >> twice};
}

inline ShortKey short_key(std::string_view word) {
    char bytes[16] = {};
    if (!word.empty()) std::memcpy(bytes, word.data(), word.size());
    return short_key(bytes, word.size());
}

// Open addressing over a power of two; at most half full. For few words the hash is chosen so that none
// collide: then every look-up is one comparison.
class Dictionary {
public:
    // `words` are different; `values` has one number for each. Words of `missing` give `absent`.
    Dictionary(const std::vector<std::string>& words, const std::vector<double>& values, double unseen, double absent,
               const std::vector<std::string>& missing);

    // The number of a word, whose blanks at the end do not count.
    double value_of(std::string_view word) const {
        word = without_last_blanks(word);
        return is_short(word) ? value_of(short_key(word)) : value_of_long(word);
    }

    double value_of(ShortKey key) const {
        for (size_t at = hash(key, seed_) & short_mask_;; at = (at + 1) & short_mask_) {
            const Slot& slot = short_[at];
            if (slot.key == key) return slot.value;
            if (slot.key.high == empty) return unseen_;
        }
    }

    // The same words with other numbers.
    template <typename Change>
    Dictionary changed(Change change) const {
        Dictionary other = *this;
        for (Slot& slot : other.short_) slot.value = change(slot.value);
        for (LongSlot& slot : other.long_) slot.value = change(slot.value);
        other.unseen_ = change(unseen_);
        other.absent_ = change(absent_);
        return other;
    }

    double absent() const { return absent_; }
    size_t memory_bytes() const;

private:
    struct Slot {
        ShortKey key;
        double value;
    };
    struct LongSlot {
        uint64_t hash;
        std::string word;
        double value;
        bool used;
    };

    // No short key has this upper half: its bytes would be no UTF-8.
    static constexpr uint64_t empty = ~uint64_t{0};

    static uint64_t hash(ShortKey key, uint64_t seed) {
        const auto product = static_cast<unsigned __int128>(key.low ^ seed) * (key.high ^ 0xD1B54A32D192ED03U);
        return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
    }
    static uint64_t hash(std::string_view word);

    static bool is_short(std::string_view word) { return word.size() <= short_size && is_plain(word.data(), word.size()); }

    void put(std::string_view word, double value);
    void choose_seed(const std::vector<std::string>& words, const std::vector<std::string>& missing);
    double value_of_long(std::string_view word) const;

    uint64_t seed_ = 0x9E3779B97F4A7C15U;
    std::vector<Slot> short_;
    size_t short_mask_;
    std::vector<LongSlot> long_;
    size_t long_mask_;
    double unseen_;
    double absent_;
};

}  // namespace vesto
