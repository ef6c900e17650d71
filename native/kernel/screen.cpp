// A linear form in float32.
#include "screen.hpp"

#include <algorithm>
#include <cmath>

namespace vesto {

namespace {

// As path_block.hpp has room for.
constexpr size_t most_features = 64;
// Between these the rounding of float32 is relative, and nothing underflows that matters.
constexpr double least_weight = 1e-20;
constexpr double most_weight = 1e15;

bool is_tame(double weight) {
    const double size = std::fabs(weight);
    return size == 0 || (size >= least_weight && size <= most_weight);
}

bool suits(const LinearPlan& plan) {
    if (plan.outputs < 2 || plan.terms_size > most_features) return false;
    for (uint32_t output = 0; output < plan.outputs; output++)
        if (!is_tame(plan.bias[output])) return false;
    for (size_t at = 0; at < plan.terms_size; at++) {
        if (plan.terms[at].count) return false;
        if (!std::all_of(plan.terms[at].weights, plan.terms[at].weights + plan.outputs, is_tame)) return false;
    }
    return true;
}

float rounded_up(double value) { return std::nextafter(static_cast<float>(value), HUGE_VALF); }

}  // namespace

std::optional<Screen> Screen::of(const Linear& linear) {
    const LinearPlan& form = linear.plan();
    if (!suits(form)) return std::nullopt;
    Screen screen;
    double greatest_bias = 0;
    for (uint32_t output = 0; output < form.outputs; output++) {
        screen.bias_.push_back(static_cast<float>(form.bias[output]));
        greatest_bias = std::max(greatest_bias, std::fabs(form.bias[output]));
    }
    for (size_t at = 0; at < form.terms_size; at++) {
        screen.places_.push_back(form.terms[at].place);
        double greatest = 0;
        for (uint32_t output = 0; output < form.outputs; output++) {
            screen.weights_.push_back(static_cast<float>(form.terms[at].weights[output]));
            greatest = std::max(greatest, std::fabs(form.terms[at].weights[output]));
        }
        screen.greatest_.push_back(rounded_up(greatest));
    }
    const auto rounding = static_cast<float>(3.0 * (static_cast<double>(form.terms_size) + 4.0) * 0x1p-24);
    screen.plan_ = {screen.places_.data(), form.terms_size, screen.weights_.data(), screen.bias_.data(), form.outputs,
                    screen.greatest_.data(), rounded_up(greatest_bias), rounding, form};
    return screen;
}

}  // namespace vesto
