// What linear models say of the words of a text: `TextScore` of programs/steps.py.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dictionary.hpp"
#include "reader.hpp"

namespace vesto {

class TextModel {
public:
    explicit TextModel(Reader& reader);

    uint32_t outputs() const { return static_cast<uint32_t>(bias_.size()); }
    size_t memory_bytes() const { return grams_.memory_bytes() + 8 * (idf_.capacity() + weights_.capacity() + bias_.capacity()); }

    // What scoring a text needs, kept from text to text.
    struct Words {
        std::string letters;
        std::vector<uint32_t> grams;
    };

    // A number for each output, `stride` apart.
    void score(std::string_view text, Words& words, double* out, size_t stride) const;

private:
    TextModel(Reader& reader, const std::vector<std::string>& names);
    void find_grams(std::string_view text, Words& words) const;
    void add(Words& words, size_t first) const;

    Dictionary grams_;  // their places
    std::vector<double> idf_, weights_, bias_;  // weights by gram, then output
};

// Characters of UTF-8; blanks at the end do not count.
double characters_in(std::string_view text);

}  // namespace vesto
