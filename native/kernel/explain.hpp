// What explaining a program takes; programs/explain.py is the law.
#pragma once

#include <string>
#include <vector>

#include "explain_plan.hpp"
#include "program.hpp"

namespace vesto {

class Explainer {
public:
    explicit Explainer(const Implementation& program);

    // Why there are no explanations; empty where there are, and only then may the rest be asked for.
    const std::string& refusal() const { return refusal_; }
    const std::vector<double>& base() const { return base_; }

    // A block of rows: `found` has the registers' numbers; `parts` gets a column of explained_block for
    // each input, output after output.
    struct Memory {
        std::vector<float> values;
        std::vector<double> sums;
    };
    void explain(const double* const* found, size_t rows, Memory& memory, double* parts) const;

    size_t memory_bytes() const;

private:
    friend class WayFinder;

    struct Share {
        uint32_t input;
        double share;
    };
    struct Source {  // a column of values
        uint32_t column;        // of a feature, before it
        const WalkNode* node;   // a split by category: 1 where the row goes right; else nullptr
    };

    std::string reason(const Implementation& program) const;
    void find_shares(const Implementation& program);
    void explain_linear(const double* const* found, size_t rows, double* parts) const;
    void explain_forest(const double* const* found, size_t rows, Memory& memory, double* parts) const;
    void fill_values(const double* const* found, size_t rows, float* values) const;
    void spread(const double* sums, size_t rows, double* parts) const;

    const Implementation& program_;
    std::string refusal_;
    std::vector<double> base_;
    std::vector<uint32_t> columns_;           // registers of the features that are explained
    std::vector<std::vector<Share>> shares_;  // of the inputs in each of them
    // Of a forest.
    std::vector<Source> sources_;
    std::vector<size_t> ends_;  // of each output's ways
    std::vector<Way> ways_;
    std::vector<WayFeature> features_;
    std::vector<WayCondition> conditions_;
    std::vector<float> factors_;
    std::vector<QuadraturePoint> points_;
};

}  // namespace vesto
