// From the body's numbers to predictions.
#pragma once

#include <vector>

#include "kernel.hpp"
#include "plan.hpp"
#include "reader.hpp"

namespace vesto {

class Output {
public:
    Output(Reader& reader, size_t outputs);

    Type type() const { return type_; }
    Link link() const { return link_; }
    const std::vector<std::string>& labels() const { return labels_; }
    size_t values() const { return labels_.empty() ? 1 : labels_.size(); }

    // `margins` has a column of block_rows for each output of the body and is overwritten; `after`
    // gets one for each value: numbers, or probabilities of the labels.
    void follow(const PathFunctions& path, double* margins, size_t rows, double* after) const;

    // The predictions of those columns; see kernel.hpp for what `out` holds. `margins` and `after`
    // may be overwritten.
    void decide(const PathFunctions& path, double* margins, size_t rows, double* after, void* out, size_t first) const;

    // Whether the prediction is the label of the greatest margin, whatever the others are.
    bool wants_greatest() const { return has_several() && !has_offsets_; }
    void put_labels(const uint32_t* places, size_t rows, void* out, size_t first) const;

private:
    void read_labels();
    void check(size_t outputs) const;
    bool has_several() const { return link_ == Link::softmax || link_ == Link::argmax; }
    uint32_t label_of(const double* after, size_t row) const;
    void put_value(double value, void* out, size_t at) const;
    void put_label(uint32_t place, void* out, size_t at) const;

    Type type_;
    Link link_;
    std::vector<std::string> labels_;
    std::vector<double> offsets_;
    bool has_offsets_;
    double threshold_, factor_, low_, high_;
    std::vector<int64_t> whole_labels_;    // of integer and boolean types
    std::vector<double> number_labels_;    // of fractions
};

}  // namespace vesto
