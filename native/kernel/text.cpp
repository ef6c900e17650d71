// Words of texts and their weights.
#include "text.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tape.hpp"

namespace vesto {

namespace {

constexpr double unknown = -1;
constexpr size_t shortest_word = 2;

[[noreturn]] void damaged(const char* what) { throw DamagedImage(std::string("the program is not sound: ") + what); }

Dictionary dictionary_of(const std::vector<std::string>& grams) {
    for (size_t at = 1; at < grams.size(); at++)
        if (grams[at] <= grams[at - 1]) damaged("a text's grams are not sorted");
    std::vector<double> places(grams.size());
    std::iota(places.begin(), places.end(), 0.0);
    return {grams, places, unknown, unknown, {}};
}

void check_numbers(const std::vector<double>& values) {
    for (const double value : values)
        if (!std::isfinite(value)) damaged("a text's weight is no number");
}

bool is_word_letter(unsigned char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'Z') || letter >= 0x80;
}

bool continues(std::string_view text, size_t at) { return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; }

// Bytes of a character beyond ASCII that divides words, else 0: U+0080 to U+00BF, U+2000 to U+207F, U+3000 to U+303F.
size_t divider_size(std::string_view text, size_t at) {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead == 0xC2) return continues(text, at + 1) ? 2 : 0;
    if (lead != 0xE2 && lead != 0xE3) return 0;
    if (!continues(text, at + 1) || !continues(text, at + 2)) return 0;
    const auto second = static_cast<unsigned char>(text[at + 1]);
    return second == 0x80 || (lead == 0xE2 && second == 0x81) ? 3 : 0;
}

char small(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + ('a' - 'A')) : letter; }

}  // namespace

TextModel::TextModel(Reader& reader) : TextModel(reader, reader.texts()) {}

TextModel::TextModel(Reader& reader, const std::vector<std::string>& names) : grams_(dictionary_of(names)) {
    idf_ = reader.array<double>();
    const auto weights = reader.array<double>();
    bias_ = reader.array<double>();
    const size_t outputs = bias_.size(), grams = idf_.size();
    if (outputs < 1 || outputs > max_registers || weights.size() != outputs * grams || names.size() != grams)
        damaged("a text's arrays do not fit together");
    check_numbers(idf_);
    check_numbers(weights);
    check_numbers(bias_);
    weights_.resize(weights.size());
    for (size_t output = 0; output < outputs; output++)
        for (size_t gram = 0; gram < grams; gram++) weights_[gram * outputs + output] = weights[output * grams + gram];
}

// The letters from `first` on, if they are a gram.
void TextModel::add(Words& words, size_t first) const {
    const double place = grams_.value_of(std::string_view(words.letters).substr(first));
    if (place != unknown) words.grams.push_back(static_cast<uint32_t>(place));
}

// The letters hold the words so far, a blank between, so that two that follow each other lie there as a gram.
void TextModel::find_grams(std::string_view text, Words& words) const {
    words.letters.clear();
    words.grams.clear();
    size_t before = std::string::npos;
    for (size_t at = 0; at < text.size();) {
        const size_t first = words.letters.size();
        size_t divider = 0;
        for (; at < text.size() && is_word_letter(static_cast<unsigned char>(text[at])); at++) {
            divider = divider_size(text, at);
            if (divider) break;
            words.letters.push_back(small(text[at]));
        }
        at += divider ? divider : 1;
        if (words.letters.size() - first < shortest_word) {
            words.letters.resize(first);
            continue;
        }
        add(words, first);
        if (before != std::string::npos) add(words, before);
        before = first;
        words.letters.push_back(' ');
    }
    std::sort(words.grams.begin(), words.grams.end());
}

void TextModel::score(std::string_view text, Words& words, double* out, size_t stride) const {
    find_grams(text, words);
    const size_t outputs = bias_.size();
    for (size_t output = 0; output < outputs; output++) out[output * stride] = 0.0;
    double total = 0.0;
    const auto& grams = words.grams;
    for (size_t at = 0; at < grams.size();) {
        const uint32_t gram = grams[at];
        size_t count = 0;
        for (; at < grams.size() && grams[at] == gram; at++) count++;
        const double value = static_cast<double>(count) * idf_[gram];
        total = total + value * value;
        for (size_t output = 0; output < outputs; output++)
            out[output * stride] = out[output * stride] + value * weights_[gram * outputs + output];
    }
    const double norm = total == 0 ? 1.0 : std::sqrt(total);
    for (size_t output = 0; output < outputs; output++) out[output * stride] = bias_[output] + out[output * stride] / norm;
}

double characters_in(std::string_view text) {
    text = without_last_blanks(text);
    return static_cast<double>(std::count_if(text.begin(), text.end(), [](char letter) { return (letter & 0xC0) != 0x80; }));
}

}  // namespace vesto
