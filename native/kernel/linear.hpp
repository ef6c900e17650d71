// A linear form: read from an image, checked, and joined with the one-hot steps before it.
#pragma once

#include <vector>

#include "plan.hpp"
#include "tape.hpp"

namespace vesto {

class Linear {
public:
    // `features` are the registers of the body's features. One-hot steps all of whose registers are
    // read in their order become one term that reads the code itself; and where the code is a
    // category's that nothing else reads, the tape's dictionary gives the weight at once.
    Linear(Reader& reader, Tape& tape, const std::vector<uint32_t>& features);

    const LinearPlan& plan() const { return plan_; }
    const std::vector<uint32_t>& columns() const { return columns_; }  // registers that terms read
    uint32_t outputs() const { return plan_.outputs; }
    const std::vector<double>& weights() const { return weights_; }
    const std::vector<double>& bias() const { return bias_; }
    const std::vector<double>& center() const { return center_; }  // means of the features; may be empty
    size_t memory_bytes() const { return 8 * (weights_.capacity() + bias_.capacity()) + terms_.capacity() * sizeof(LinearTerm); }

private:
    void join(Tape& tape, const std::vector<uint32_t>& features);
    bool look_up_weights(Tape& tape, uint32_t code, uint32_t count, const double* weights);

    LinearPlan plan_{};
    std::vector<double> weights_;  // by feature, then output
    std::vector<double> bias_;
    std::vector<double> center_;
    std::vector<LinearTerm> terms_;
    std::vector<uint32_t> columns_;
};

}  // namespace vesto
