// A linear form and its terms.
#include "linear.hpp"

#include <algorithm>
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

constexpr double one = 1.0;

// How often each register is read, by steps and as a feature.
std::vector<uint32_t> readings(const Tape& tape, const std::vector<uint32_t>& features) {
    std::vector<uint32_t> count(tape.registers(), 0);
    for (const uint32_t feature : features) count[feature]++;
    for (const Step& step : tape.steps())
        for (const uint32_t source : sources_of(step.operation)) count[source]++;
    return count;
}

}  // namespace

Linear::Linear(Reader& reader, Tape& tape, const std::vector<uint32_t>& features) {
    const auto weights = reader.array<double>();
    bias_ = reader.array<double>();
    const size_t outputs = bias_.size();
    if (outputs < 1 || outputs > max_registers || weights.size() != outputs * features.size())
        throw DamagedImage("the program is not sound: the linear form's arrays do not fit together");
    center_ = reader.array<double>();
    if (!center_.empty() && center_.size() != features.size())
        throw DamagedImage("the program is not sound: the linear form's arrays do not fit together");
    check_numbers(weights);
    check_numbers(bias_);
    check_numbers(center_);
    weights_.resize(weights.size());
    for (size_t output = 0; output < outputs; output++)
        for (size_t at = 0; at < features.size(); at++) weights_[at * outputs + output] = weights[output * features.size() + at];
    join(tape, features);
    plan_ = {terms_.data(), terms_.size(), bias_.data(), static_cast<uint32_t>(outputs)};
}

void Linear::join(Tape& tape, const std::vector<uint32_t>& features) {
    const auto one_hot = one_hot_steps(tape);
    const auto read = readings(tape, features);
    for (size_t at = 0; at < features.size();) {
        const auto found = one_hot.find(features[at]);
        const bool joined = found != one_hot.end() && follow_each_other(features, at, found->second.count);
        const uint32_t count = joined ? found->second.count : 0;
        const uint32_t column = joined ? found->second.source : features[at];
        const double* weights = weights_.data() + at * bias_.size();
        const auto place = static_cast<uint32_t>(columns_.size());
        if (joined && read[column] == 1 && look_up_weights(tape, column, count, weights)) terms_.push_back({place, 0, &one});
        else terms_.push_back({place, count, weights});
        columns_.push_back(column);
        at += joined ? count : 1;
    }
}

// A weight times 1.0 is the weight, and no code at all is a weight of 0.
bool Linear::look_up_weights(Tape& tape, uint32_t code, uint32_t count, const double* weights) {
    const auto after = std::upper_bound(tape.steps().begin(), tape.steps().end(), code,
                                        [](uint32_t wanted, const Step& step) { return wanted < step.target; });
    if (bias_.size() != 1 || after == tape.steps().begin()) return false;
    auto* category = std::get_if<Category>(&std::prev(after)->operation);
    if (!category) return false;
    category->dictionary = std::make_shared<Dictionary>(category->dictionary->changed([&](double value) {
        const bool inside = value >= 0 && value < count && value == std::floor(value);
        return inside ? weights[static_cast<size_t>(value)] : 0.0;
    }));
    return true;
}

}  // namespace vesto
