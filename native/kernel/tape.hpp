// The feature steps of a program: columns in, registers of float64 out; NaN is missing.
#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "dictionary.hpp"
#include "kernel.hpp"
#include "plan.hpp"
#include "reader.hpp"
#include "text.hpp"

namespace vesto {

// Rows that are scored at once; registers are so long.
inline constexpr size_t block_rows = 512;

enum class Part : uint32_t { year, month, day, weekday, hour, minute, second, epoch, count };

struct Number { uint32_t source; };
struct TextNumber {
    uint32_t source;
    std::vector<std::string> missing;
};
struct Category {
    uint32_t source;
    std::shared_ptr<const Dictionary> dictionary;
};
struct OneHot { uint32_t source, count; };
struct DateParts {
    uint32_t source;
    std::vector<Part> parts;
};
struct Difference { uint32_t first, second; };
struct Impute {
    uint32_t source;
    double value;
};
struct Missing { uint32_t source; };
struct SignedLog { uint32_t source; };
struct Scale {
    uint32_t source;
    double mean, deviation;
};
struct Clip {
    uint32_t source;
    double low, high;
};

struct Normalize { std::vector<uint32_t> sources; };
struct Project {
    std::vector<uint32_t> sources;
    std::vector<double> means, weights;  // as ProjectPlan's

    uint32_t outputs() const { return static_cast<uint32_t>(weights.size() / sources.size()); }
};

struct TextScore {
    uint32_t source;
    std::shared_ptr<const TextModel> model;
};
struct TextLength { uint32_t source; };

using Operation = std::variant<Number, TextNumber, Category, OneHot, DateParts, Difference, Impute, Missing, SignedLog, Scale, Clip,
                               Normalize, Project, TextScore, TextLength>;

// The registers that a step reads.
std::vector<uint32_t> sources_of(const Operation& operation);

struct Step {
    Operation operation;
    uint32_t target;  // its first register; inputs count as registers too
    uint32_t width;
    bool is_read = true;  // whether anything reads its registers
};

// The greatest number of features, registers, outputs and labels; see programs/check.py.
inline constexpr uint32_t max_registers = 100'000;

class Tape {
public:
    Tape(Reader& reader, const std::vector<Input>& inputs);

    uint32_t inputs() const { return inputs_; }
    uint32_t registers() const { return registers_; }
    const std::vector<Step>& steps() const { return steps_; }
    std::vector<Step>& steps() { return steps_; }
    size_t memory_bytes() const;

    // For each input the dictionary of the only step that reads it, or nothing.
    std::vector<std::shared_ptr<const Dictionary>> lone_dictionaries() const;

    // Runs the steps that are read over rows `first` to `first + rows`, at most block_rows.
    // `storage` holds block_rows numbers for each register that is stored; `found` has a place for
    // each register and is filled with where its numbers are: there, or in a column itself.
    void run(const Column* columns, size_t first, size_t rows, double* storage, const double** found) const;

    // Registers that need storage, and where each one's begins: in blocks, by register.
    void lay_out();
    size_t stored_blocks() const { return stored_; }

private:
    uint32_t inputs_;
    uint32_t registers_;
    size_t stored_ = 0;
    std::vector<Step> steps_;
    std::vector<uint32_t> place_;
};

// The numbers of a column's words.
void read_categories(const Dictionary& dictionary, const Column& column, size_t first, size_t rows, double* out);

// Parts of moments, each `rows` numbers, one after the other at `block_rows` apart.
void read_parts(const Column& column, const std::vector<Part>& parts, size_t first, size_t rows, double* out);

}  // namespace vesto
