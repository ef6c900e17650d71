// Makes programs ready for explanations: the ways to a forest's leaves, and whose each feature is.
#include "explain.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace vesto {

namespace {

// As programs/explain.py has them.
constexpr size_t max_turns = size_t{1} << 24;       // of all ways together
constexpr size_t max_numbers = 100'000;             // inputs times outputs
constexpr size_t max_share_cells = size_t{1} << 26; // registers times inputs
constexpr float infinite = std::numeric_limits<float>::infinity();

// The points of n-point quadrature: zeros of Legendre's polynomial, by Newton's method.
void append_points(size_t count, std::vector<QuadraturePoint>& to) {
    const auto n = static_cast<double>(count);
    for (size_t at = 0; at < count; at++) {
        double x = std::cos(std::numbers::pi * (static_cast<double>(at) + 0.75) / (n + 0.5));
        double slope = 1;
        for (int step = 0; step < 50; step++) {
            double before = 0, value = 1;
            for (size_t degree = 1; degree <= count; degree++) {
                const auto k = static_cast<double>(degree);
                const double next = ((2 * k - 1) * x * value - (k - 1) * before) / k;
                before = value;
                value = next;
            }
            slope = n * (x * value - before) / (x * x - 1);
            const double change = value / slope;
            x -= change;
            if (std::fabs(change) < 1e-15) break;
        }
        to.push_back({static_cast<float>((1 + x) / 2), static_cast<float>(1 / ((1 - x * x) * slope * slope))});
    }
}

}  // namespace

// Walks a forest and writes down the way to every leaf.
class WayFinder {
public:
    WayFinder(Explainer& explainer, const Forest& forest) : to_(explainer), forest_(forest), plan_(forest.plan()) {}

    // Why there are too many or too long ways; empty where all are found.
    std::string find() {
        for (size_t points = 1; points <= max_way_features / 2; points++) append_points(points, to_.points_);
        to_.base_.assign(plan_.base, plan_.base + plan_.outputs);
        for (uint32_t place = 0; place < plan_.feature_count; place++) to_.sources_.push_back({place, nullptr});
        column_of_.assign(forest_.node_count(), 0);
        for (uint32_t output = 0; output < plan_.outputs; output++) {
            for (uint32_t tree = 0; tree < plan_.root_count; tree++)
                if (plan_.outputs_of_roots[tree] == output && !find_below(plan_.roots[tree], output)) return refusal_;
            to_.ends_.push_back(to_.ways_.size());
        }
        return {};
    }

private:
    struct Turn {
        uint32_t node;
        bool goes_left;
        double share;
    };
    struct Open {
        uint32_t node;
        size_t depth;
        Turn turn;
    };

    bool find_below(uint32_t root, uint32_t output) {
        std::vector<Turn> turns;
        std::vector<Open> open{{root, 0, {}}};
        while (!open.empty()) {
            const Open here = open.back();
            open.pop_back();
            if (here.depth) {
                turns.resize(here.depth - 1);
                turns.push_back(here.turn);
            }
            const WalkNode& node = plan_.nodes[here.node];
            if (node.feature < 0) {
                if (!add_way(node.threshold, turns, output)) return false;
                continue;
            }
            const double share = left_share(node);
            open.push_back({node.right, here.depth + 1, {here.node, false, 1 - share}});
            open.push_back({node.left, here.depth + 1, {here.node, true, share}});
        }
        return true;
    }

    // Half where no row came.
    double left_share(const WalkNode& node) const {
        if (forest_.covers().empty()) return 0.5;
        const double left = static_cast<double>(forest_.covers()[node.left]), right = static_cast<double>(forest_.covers()[node.right]);
        return left + right > 0 ? left / (left + right) : 0.5;
    }

    bool add_way(float leaf, const std::vector<Turn>& turns, uint32_t output) {
        turns_ += turns.size();
        if (turns_ > max_turns) return refuse("the model's trees are too large to explain");
        double probability = 1;
        for (const Turn& turn : turns) probability *= turn.share;
        to_.base_[output] += static_cast<double>(leaf) * probability;
        if (turns.empty() || leaf == 0) return true;
        const auto first = static_cast<uint32_t>(to_.features_.size());
        gather(turns);
        const size_t count = to_.features_.size() - first;
        if (count > max_way_features) return refuse("a prediction depends on too many features in one tree");
        to_.ways_.push_back({leaf, first, static_cast<uint32_t>(count), static_cast<uint32_t>(to_.factors_.size())});
        add_factors(first, count);
        return true;
    }

    bool refuse(const char* why) {
        refusal_ = why;
        return false;
    }

    // The turns by feature, in the order in which features come first.
    void gather(const std::vector<Turn>& turns) {
        order_.clear();
        for (const Turn& turn : turns) {
            const auto feature = static_cast<uint32_t>(plan_.nodes[turn.node].feature);
            if (std::find(order_.begin(), order_.end(), feature) == order_.end()) order_.push_back(feature);
            if (order_.size() > max_way_features) break;
        }
        for (const uint32_t feature : order_) {
            const auto first = static_cast<uint32_t>(to_.conditions_.size());
            double share = 1;
            for (const Turn& turn : turns) {
                if (static_cast<uint32_t>(plan_.nodes[turn.node].feature) != feature) continue;
                share *= turn.share;
                add_condition(turn, first);
            }
            const auto conditions = static_cast<uint32_t>(to_.conditions_.size()) - first;
            to_.features_.push_back({feature, static_cast<float>(share), first, conditions});
        }
    }

    // Thresholds of one feature are one condition.
    void add_condition(const Turn& turn, uint32_t first) {
        const WalkNode& node = plan_.nodes[turn.node];
        if (node.categories) {
            const float low = turn.goes_left ? -infinite : 0.5F, high = turn.goes_left ? 0.5F : infinite;
            to_.conditions_.push_back({category_column(turn.node), low, high, 0});
            return;
        }
        const auto column = static_cast<uint32_t>(node.feature);
        auto found = std::find_if(to_.conditions_.begin() + first, to_.conditions_.end(),
                                  [&](const WayCondition& condition) { return condition.column == column; });
        if (found == to_.conditions_.end()) found = to_.conditions_.insert(found, {column, -infinite, infinite, 1});
        if (turn.goes_left) found->high = std::min(found->high, node.threshold);
        else found->low = std::max(found->low, node.threshold);
        if (static_cast<bool>(node.nan_left) != turn.goes_left) found->takes_missing = 0;
    }

    uint32_t category_column(uint32_t at) {
        if (!column_of_[at]) {
            column_of_[at] = static_cast<uint32_t>(to_.sources_.size());
            to_.sources_.push_back({static_cast<uint32_t>(plan_.nodes[at].feature), plan_.nodes + at});
        }
        return column_of_[at];
    }

    void add_factors(size_t first, size_t count) {
        const size_t points = (count + 1) / 2;
        const QuadraturePoint* point = to_.points_.data() + points * (points - 1) / 2;
        for (const QuadraturePoint* end = point + points; point < end; point++)
            for (size_t at = first; at < first + count; at++) to_.factors_.push_back((1 - point->t) * to_.features_[at].share);
    }

    Explainer& to_;
    const Forest& forest_;
    const ForestPlan& plan_;
    std::vector<uint32_t> column_of_;  // of nodes that split by category; 0: none yet
    std::vector<uint32_t> order_;
    size_t turns_ = 0;
    std::string refusal_;
};

Explainer::Explainer(const Implementation& program) : program_(program), refusal_(reason(program)) {
    if (!refusal_.empty()) return;
    if (const auto* forest = std::get_if<Forest>(&program.body)) {
        for (uint32_t place = 0; place < forest->plan().feature_count; place++)
            columns_.push_back(program.features[forest->plan().features[place].feature]);
        refusal_ = WayFinder(*this, *forest).find();
    } else {
        const auto& linear = std::get<Linear>(program.body);
        columns_ = program.features;
        base_ = linear.bias();
        for (size_t at = 0; at < columns_.size(); at++)
            for (size_t output = 0; output < base_.size(); output++)
                base_[output] += linear.weights()[at * base_.size() + output] * linear.center()[at];
    }
    if (refusal_.empty()) find_shares(program);
}

std::string Explainer::reason(const Implementation& program) const {
    if (program.output.link() == Link::argmax) return "explanations exist of trees and linear models";
    if (program.outputs() * program.inputs.size() > max_numbers || program.inputs.size() * program.tape.registers() > max_share_cells)
        return "the model has too many columns or classes to explain";
    if (const auto* forest = std::get_if<Forest>(&program.body)) {
        const auto& covers = forest->covers();
        const bool is_known = std::any_of(covers.begin(), covers.end(), [](float cover) { return cover > 0; });
        return is_known || forest->plan().feature_count == 0 ? "" : "the model was made without the number of rows behind each branch";
    }
    const auto* linear = std::get_if<Linear>(&program.body);
    if (!linear) return "explanations exist of trees and linear models";
    return linear->center().size() == program.features.size() ? "" : "the model was made without the means of its features";
}

// A feature made of one input is all that input's; one made of several registers is shared evenly among those.
void Explainer::find_shares(const Implementation& program) {
    std::vector<std::vector<Share>> of(program.tape.registers());
    for (uint32_t input = 0; input < program.inputs.size(); input++) of[input] = {{input, 1.0}};
    for (const Step& step : program.tape.steps()) {
        const std::vector<uint32_t> sources = sources_of(step.operation);
        std::vector<Share> made;
        for (const uint32_t source : sources) {
            for (const Share& share : of[source]) {
                const auto known = std::find_if(made.begin(), made.end(), [&](const Share& other) { return other.input == share.input; });
                const double part = share.share / static_cast<double>(sources.size());
                if (known == made.end()) made.push_back({share.input, part});
                else known->share += part;
            }
        }
        for (uint32_t at = 0; at < step.width; at++) of[step.target + at] = made;
    }
    for (const uint32_t column : columns_) shares_.push_back(of[column]);
}

size_t Explainer::memory_bytes() const {
    const auto bytes = [](const auto& values) { return values.capacity() * sizeof(values[0]); };
    return bytes(ways_) + bytes(features_) + bytes(conditions_) + bytes(factors_) + bytes(points_) + bytes(sources_);
}

}  // namespace vesto
