// Fully connected layers: read from an image, checked, and laid out for the code paths.
#pragma once

#include <vector>

#include "plan.hpp"
#include "reader.hpp"

namespace vesto {

class Network {
public:
    Network(Reader& reader, size_t features);

    const NetworkPlan& plan() const { return plan_; }
    uint32_t outputs() const { return plan_.outputs; }
    size_t memory_bytes() const;

private:
    void lay_out(const std::vector<uint32_t>& sizes, const std::vector<float>& weights, const std::vector<float>& bias);

    NetworkPlan plan_{};
    std::vector<LayerPlan> layers_;
    std::vector<float> weights_, bias_;
    std::vector<double> scale_, shift_;
};

}  // namespace vesto
