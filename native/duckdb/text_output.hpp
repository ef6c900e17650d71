// Writes texts into DuckDB's vectors.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "api.hpp"
#include "strings.hpp"

namespace vesto::duckdb {

// What a thread keeps from chunk to chunk to write labels.
struct LabelSpace {
    std::vector<uint32_t> places;  // of each row's label
    std::vector<String> written;   // each label as the vector holds it
    std::vector<uint8_t> is_written;
};

// Writes the label of each row. `space.places` holds their places in `labels`.
void write_labels(Vector output, std::span<const std::string> labels, size_t rows, LabelSpace& space);

// Appends {"probabilities":[0.7,0.3],"labels":["a","b"]}, the greatest first and equal ones in the
// order of the labels. `places` is memory to sort in.
void append_probabilities(std::string& to, const double* probabilities,
                          std::span<const std::string> json_labels, std::vector<uint32_t>& places);

}  // namespace vesto::duckdb
