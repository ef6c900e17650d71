// A network and its layers.
#include "network.hpp"

#include <algorithm>
#include <cmath>

#include "tape.hpp"

namespace vesto {

namespace {

[[noreturn]] void damaged(const char* what) { throw DamagedImage(std::string("the program is not sound: ") + what); }

template <typename Value>
void check_numbers(const std::vector<Value>& values) {
    for (const Value value : values)
        if (!std::isfinite(value)) damaged("a weight or bias is no number");
}

void check_sizes(const std::vector<uint32_t>& sizes, size_t features) {
    const auto fits = [](uint32_t size) { return size >= 1 && size <= max_registers; };
    if (sizes.size() < 2 || sizes[0] != features || !std::all_of(sizes.begin() + 1, sizes.end(), fits))
        damaged("the network's layers have wrong sizes");
}

}  // namespace

Network::Network(Reader& reader, size_t features) {
    const auto sizes = reader.array<uint32_t>();
    const auto weights = reader.array<float>();
    const auto bias = reader.array<float>();
    scale_ = reader.array<double>();
    shift_ = reader.array<double>();
    check_sizes(sizes, features);
    uint64_t weights_each = 0, bias_each = 0;
    for (size_t at = 1; at < sizes.size(); at++) {
        weights_each += static_cast<uint64_t>(sizes[at - 1]) * sizes[at];
        bias_each += sizes[at];
        // Before the sums can grow past 64 bits.
        if (weights_each > weights.size() || bias_each > bias.size()) damaged("the network's arrays do not fit together");
    }
    const uint64_t members = bias.size() / bias_each;
    if (members * bias_each != bias.size() || weights_each * members != weights.size() || scale_.size() != sizes.back() ||
        shift_.size() != sizes.back())
        damaged("the network's arrays do not fit together");
    check_numbers(weights);
    check_numbers(bias);
    check_numbers(scale_);
    check_numbers(shift_);
    plan_.members = static_cast<uint32_t>(members);
    lay_out(sizes, weights, bias);
}

void Network::lay_out(const std::vector<uint32_t>& sizes, const std::vector<float>& weights, const std::vector<float>& bias) {
    std::vector<size_t> first_weight, first_bias;
    const float* from = weights.data();
    const float* from_bias = bias.data();
    for (uint32_t member = 0; member < plan_.members; member++) {
        for (size_t at = 1; at < sizes.size(); at++) {
            const uint32_t inputs = sizes[at - 1], outputs = sizes[at];
            first_weight.push_back(weights_.size());
            first_bias.push_back(bias_.size());
            for (size_t first = 0; first < outputs; first += network_tile)
                for (size_t input = 0; input < inputs; input++)
                    for (size_t output = first; output < first + network_tile; output++)
                        weights_.push_back(output < outputs ? from[input * outputs + output] : 0.0F);
            bias_.insert(bias_.end(), from_bias, from_bias + outputs);
            from += static_cast<size_t>(inputs) * outputs;
            from_bias += outputs;
            plan_.widest = std::max(plan_.widest, outputs);
            layers_.push_back({inputs, outputs, nullptr, nullptr});
        }
    }
    for (size_t at = 0; at < layers_.size(); at++) {
        layers_[at].weights = weights_.data() + first_weight[at];
        layers_[at].bias = bias_.data() + first_bias[at];
    }
    plan_.features = sizes.front();
    plan_.outputs = sizes.back();
    plan_.layers = layers_.data();
    plan_.layers_each = static_cast<uint32_t>(sizes.size() - 1);
    plan_.scale = scale_.data();
    plan_.shift = shift_.data();
}

size_t Network::memory_bytes() const {
    return 4 * (weights_.capacity() + bias_.capacity()) + 8 * (scale_.capacity() + shift_.capacity()) + layers_.capacity() * sizeof(LayerPlan);
}

}  // namespace vesto
