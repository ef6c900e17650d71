// A dictionary of words, each with a number.
#include "dictionary.hpp"

#include <bit>

namespace vesto {

namespace {

constexpr size_t few_words = 64;
constexpr size_t many_words = 1024;
constexpr int seeds_tried = 200;

// Few words have room to spare, so that a hash without collisions is found soon; many would leave the
// processor's caches.
size_t slots_for(size_t entries) {
    const size_t room = entries <= few_words ? 8 : entries <= many_words ? 4 : 2;
    return std::bit_ceil(room * entries + 2);
}

}  // namespace

Dictionary::Dictionary(const std::vector<std::string>& words, const std::vector<double>& values, double unseen,
                       double absent, const std::vector<std::string>& missing)
    : unseen_(unseen), absent_(absent) {
    size_t longs = 0;
    for (const auto& word : words) longs += !is_short(word);
    for (const auto& word : missing) longs += !is_short(word);
    const size_t shorts = words.size() + missing.size() - longs;
    short_.assign(slots_for(shorts), Slot{{0, empty}, 0});
    short_mask_ = short_.size() - 1;
    long_.assign(slots_for(longs), LongSlot{0, {}, 0, false});
    long_mask_ = long_.size() - 1;
    if (shorts <= few_words) choose_seed(words, missing);
    for (size_t at = 0; at < words.size(); at++) put(words[at], values[at]);
    for (const auto& word : missing) put(word, absent);
}

void Dictionary::choose_seed(const std::vector<std::string>& words, const std::vector<std::string>& missing) {
    std::vector<ShortKey> keys;
    for (const auto* list : {&words, &missing})
        for (const auto& word : *list)
            if (is_short(word)) keys.push_back(short_key(word));
    for (int tried = 0; tried < seeds_tried; tried++, seed_ = seed_ * 0x5851F42D4C957F2DU + 1) {
        std::vector<const ShortKey*> taken(short_.size(), nullptr);
        bool collide = false;
        for (const ShortKey& key : keys) {
            const ShortKey*& there = taken[hash(key, seed_) & short_mask_];
            collide = collide || (there && *there != key);
            there = &key;
        }
        if (!collide) return;
    }
}

void Dictionary::put(std::string_view word, double value) {
    if (is_short(word)) {
        const ShortKey key = short_key(word);
        size_t at = hash(key, seed_) & short_mask_;
        while (short_[at].key.high != empty && short_[at].key != key) at = (at + 1) & short_mask_;
        short_[at] = {key, value};
        return;
    }
    const uint64_t hashed = hash(word);
    size_t at = hashed & long_mask_;
    while (long_[at].used && long_[at].word != word) at = (at + 1) & long_mask_;
    long_[at] = {hashed, std::string(word), value, true};
}

double Dictionary::value_of_long(std::string_view word) const {
    const uint64_t hashed = hash(word);
    for (size_t at = hashed & long_mask_; long_[at].used; at = (at + 1) & long_mask_)
        if (long_[at].hash == hashed && long_[at].word == word) return long_[at].value;
    return unseen_;
}

uint64_t Dictionary::hash(std::string_view word) {
    uint64_t state = word.size();
    size_t at = 0;
    for (; at + 16 <= word.size(); at += 16) {
        ShortKey key;
        std::memcpy(&key, word.data() + at, sizeof key);
        state = hash(ShortKey{key.low ^ state, key.high}, 0);
    }
    const std::string_view last = word.size() < 16 ? word : word.substr(word.size() - 16);
    const ShortKey key = short_key(last);
    return hash(ShortKey{key.low ^ state, key.high}, 0);
}

size_t Dictionary::memory_bytes() const {
    size_t bytes = short_.size() * sizeof(Slot) + long_.size() * sizeof(LongSlot);
    for (const auto& slot : long_) bytes += slot.word.capacity();
    return bytes;
}

}  // namespace vesto
