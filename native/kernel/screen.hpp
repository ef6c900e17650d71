// A linear form in float32 that finds most greatest outputs with certainty.
#pragma once

#include <optional>
#include <vector>

#include "linear.hpp"

namespace vesto {

class Screen {
public:
    // None where float32 could not tell, or the form is not of features alone.
    static std::optional<Screen> of(const Linear& linear);

    const ScreenPlan& plan() const { return plan_; }

private:
    ScreenPlan plan_{};
    std::vector<uint32_t> places_;
    std::vector<float> weights_, bias_, greatest_;
};

}  // namespace vesto
