// Calls everything that scores, on columns of the caller.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <vector>

#include "kernel.hpp"

namespace vesto::tests {

[[noreturn]] inline void fail(const char* what) {
    std::fprintf(stderr, "FAILED: %s\n", what);
    std::abort();
}

struct Scores {
    std::vector<std::byte> predictions;
    std::vector<double> probabilities, margins, features, explanations;
};

inline size_t bytes_of(Type type) {
    switch (type) {
        case Type::boolean: return 1;
        case Type::int2: return 2;
        case Type::int4: case Type::float4: case Type::bpchar: case Type::varchar: return 4;
        default: return 8;
    }
}

inline void check_places(const Program& program, const std::vector<std::byte>& predictions) {
    if (program.returns() != Type::bpchar && program.returns() != Type::varchar) return;
    for (size_t at = 0; at < predictions.size(); at += sizeof(uint32_t)) {
        uint32_t place;
        std::memcpy(&place, predictions.data() + at, sizeof place);
        if (place >= program.labels().size()) fail("a prediction is none of the labels");
    }
}

// Of programs without so many classes and inputs that their numbers alone would take all memory.
inline void explain_rows(const Program& program, const std::vector<Column>& columns, size_t rows, std::vector<double>& out) {
    const size_t width = program.outputs() * program.inputs().size();
    if (!why_unexplained(program).empty() || width > 10'000) return;
    ExplainScratch scratch;
    out.resize(rows * width);
    explain(program, columns.data(), rows, scratch, out.data());
    if (explanation_base(program).size() != program.outputs()) fail("an output has no base");
}

// Nothing where the columns cannot be read, as codes outside their dictionary.
inline std::optional<Scores> score_everything(const Program& program, const std::vector<Column>& columns, size_t rows,
                                              Scratch& scratch) {
    Scores scores;
    scores.predictions.resize(rows * bytes_of(program.returns()));
    scores.probabilities.resize(rows * program.values());
    scores.margins.resize(rows * program.outputs());
    scores.features.resize(rows * program.features());
    try {
        predict(program, columns.data(), rows, scratch, scores.predictions.data());
        probabilities(program, columns.data(), rows, scratch, scores.probabilities.data());
        margins(program, columns.data(), rows, scratch, scores.margins.data());
        features(program, columns.data(), rows, scratch, scores.features.data());
        explain_rows(program, columns, rows, scores.explanations);
    } catch (const WrongArgument&) {
        return std::nullopt;
    }
    check_places(program, scores.predictions);
    return scores;
}

}  // namespace vesto::tests
