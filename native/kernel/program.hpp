// What a program consists of.
#pragma once

#include <variant>

#include "forest.hpp"
#include "linear.hpp"
#include "network.hpp"
#include "output.hpp"
#include "screen.hpp"
#include "tape.hpp"

namespace vesto {

using Body = std::variant<Forest, Linear, Network>;

struct Implementation {
    explicit Implementation(Reader& reader);

    size_t outputs() const;

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
};

}  // namespace vesto
