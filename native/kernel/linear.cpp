// A linear form and its terms.
#include "linear.hpp"

#include <cmath>
#include <unordered_map>

namespace vesto {

namespace {

// The one-hot steps by the first of their registers.
std::unordered_map<uint32_t, OneHot> one_hot_steps(const Tape& tape) {
    std::unordered_map<uint32_t, OneHot> found;
    for (const Step& step : tape.steps())
        if (const auto* one_hot = std::get_if<OneHot>(&step.operation)) found.emplace(step.target, *one_hot);
    return found;
}

void check_numbers(const std::vector<double>& values) {
    for (const double value : values)
        if (!std::isfinite(value)) throw DamagedImage("the program is not sound: a weight or bias is no number");
}

bool follow_each_other(const std::vector<uint32_t>& features, size_t first, uint32_t count) {
    if (features.size() - first < count) return false;
    for (uint32_t at = 0; at < count; at++)
        if (features[first + at] != features[first] + at) return false;
    return true;
}

}  // namespace

Linear::Linear(Reader& reader, const Tape& tape, const std::vector<uint32_t>& features) {
    const auto weights = reader.array<double>();
    bias_ = reader.array<double>();
    const size_t outputs = bias_.size();
    if (outputs < 1 || outputs > max_registers || weights.size() != outputs * features.size())
        throw DamagedImage("the program is not sound: the linear form's arrays do not fit together");
    check_numbers(weights);
    check_numbers(bias_);
    weights_.resize(weights.size());
    for (size_t output = 0; output < outputs; output++)
        for (size_t at = 0; at < features.size(); at++) weights_[at * outputs + output] = weights[output * features.size() + at];
    const auto one_hot = one_hot_steps(tape);
    for (size_t at = 0; at < features.size();) {
        const auto found = one_hot.find(features[at]);
        const bool joined = found != one_hot.end() && follow_each_other(features, at, found->second.count);
        terms_.push_back({static_cast<uint32_t>(columns_.size()), joined ? found->second.count : 0, weights_.data() + at * outputs});
        columns_.push_back(joined ? found->second.source : features[at]);
        at += joined ? found->second.count : 1;
    }
    plan_ = {terms_.data(), terms_.size(), bias_.data(), static_cast<uint32_t>(outputs)};
}

}  // namespace vesto
