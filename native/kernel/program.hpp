// What a program consists of.
#pragma once

#include <memory>
#include <mutex>
#include <variant>

#include "forest.hpp"
#include "linear.hpp"
#include "network.hpp"
#include "output.hpp"
#include "screen.hpp"
#include "tape.hpp"

namespace vesto {

using Body = std::variant<Forest, Linear, Network>;

class Explainer;

// Raises WrongArgument where a column cannot be read.
void check_columns(const Program& program, const Column* columns);

struct Implementation {
    explicit Implementation(Reader& reader);
    ~Implementation();

    size_t outputs() const;

    // Made when it is first asked for: it takes more memory than the program.
    const Explainer& explainer() const;

    std::string name;
    std::vector<Input> inputs;
    Tape tape;                       // runs what the body reads
    std::vector<uint32_t> features;  // registers
    Tape all_features;               // runs what makes the features, those too that the body takes together
    Body body;
    Output output;
    std::optional<Screen> screen;    // of a linear form whose greatest output is asked for
    std::vector<uint32_t> columns;   // the registers that the body reads
    std::vector<std::shared_ptr<const Dictionary>> dictionaries;  // of each input that only one step reads, a Category

private:
    mutable std::once_flag explained_;
    mutable std::unique_ptr<const Explainer> explainer_;
};

}  // namespace vesto
