// Labels, and probabilities as JSON.
#include "text_output.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace vesto::duckdb {

namespace {

void append_number(std::string& to, double number) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, number).ptr;
    to.append(text, end);
}

}  // namespace

void write_labels(Vector output, std::span<const std::string> labels, size_t rows, LabelSpace& space) {
    auto* texts = static_cast<String*>(api().duckdb_vector_get_data(output));
    space.written.resize(labels.size());
    space.is_written.assign(labels.size(), 0);
    for (size_t row = 0; row < rows; row++) {
        const uint32_t place = space.places[row];
        if (!space.is_written[place]) {
            // The vector keeps one copy of the characters; the other rows point to it.
            const std::string& label = labels[place];
            api().duckdb_vector_assign_string_element_len(output, row, label.data(), label.size());
            space.written[place] = texts[row];
            space.is_written[place] = 1;
        }
        texts[row] = space.written[place];
    }
}

void append_probabilities(std::string& to, const double* probabilities,
                          std::span<const std::string> json_labels, std::vector<uint32_t>& places) {
    places.resize(json_labels.size());
    std::iota(places.begin(), places.end(), 0U);
    std::stable_sort(places.begin(), places.end(), [&](uint32_t one, uint32_t other) {
        return probabilities[one] > probabilities[other];
    });
    const char* lead = "{\"probabilities\":[";
    for (const uint32_t place : places) {
        to += lead;
        append_number(to, probabilities[place]);
        lead = ",";
    }
    lead = "],\"labels\":[";
    for (const uint32_t place : places) {
        to += lead;
        to += json_labels[place];
        lead = ",";
    }
    to += "]}";
}

}  // namespace vesto::duckdb
