// The arguments of a scoring call, through Arrow's PyCapsule protocol.
#include "columns.hpp"

#include <string>
#include <utility>

namespace vesto::python {

namespace nb = nanobind;

namespace {

constexpr const char* protocol = "__arrow_c_array__";

std::string called(const Program& program, size_t at) {
    return "argument " + std::to_string(at + 1) + " \"" + program.inputs()[at].name + "\"";
}

std::string class_name(nb::handle object) { return nb::type_name(object.type()).c_str(); }

template <typename Struct>
const Struct& inside(nb::handle capsule, const char* name) {
    const void* found = PyCapsule_GetPointer(capsule.ptr(), name);
    if (!found) nb::raise_python_error();
    return *static_cast<const Struct*>(found);
}

// What the protocol hands out: two capsules, which own the structs that they hold.
struct Exported {
    nb::tuple capsules;
    const arrow::ArrowSchema& schema;
    const arrow::ArrowArray& array;
};

Exported export_from(nb::handle object) {
    const nb::object answer = object.attr(protocol)();
    if (!nb::isinstance<nb::tuple>(answer) || nb::len(answer) != 2)
        throw WrongArgument(class_name(object) + std::string(".") + protocol + " does not return two capsules");
    const auto capsules = nb::borrow<nb::tuple>(answer);
    return {capsules, inside<arrow::ArrowSchema>(capsules[0], "arrow_schema"),
            inside<arrow::ArrowArray>(capsules[1], "arrow_array")};
}

}  // namespace

Arguments::Arguments(const Program& program, nb::handle given) {
    if (nb::hasattr(given, protocol)) read_batch(program, given);
    else read_arrays(program, given);
    columns_.reserve(imported_.size());
    for (const auto& imported : imported_) columns_.push_back(imported.column);
}

void Arguments::read_batch(const Program& program, nb::handle batch) {
    std::vector<std::string> names;
    for (size_t at = 0; at < program.inputs().size(); at++) names.push_back(called(program, at));
    Exported exported = export_from(batch);
    capsules_.push_back(std::move(exported.capsules));
    arrow::ImportedBatch read = arrow::import_batch(exported.schema, exported.array, names);
    imported_ = std::move(read.columns);
    rows_ = read.rows;
}

void Arguments::read_arrays(const Program& program, nb::handle arrays) {
    if (!PySequence_Check(arrays.ptr()) || PyUnicode_Check(arrays.ptr()))
        throw WrongArgument("a record batch or a sequence of arrays is wanted, not " + class_name(arrays));
    const size_t wanted = program.inputs().size();
    const size_t count = nb::len(arrays);
    if (count != wanted)
        throw WrongArgument("the program has " + std::to_string(wanted) + " inputs, and not " + std::to_string(count));
    for (size_t at = 0; at < count; at++) {
        const nb::object object = arrays[at];
        if (!nb::hasattr(object, protocol))
            throw WrongArgument(called(program, at) + " is no Arrow array but " + class_name(object));
        Exported exported = export_from(object);
        capsules_.push_back(std::move(exported.capsules));
        imported_.push_back(arrow::import_column(exported.schema, exported.array, called(program, at)));
        const size_t rows = imported_.back().rows;
        if (at == 0) rows_ = rows;
        if (rows != rows_)
            throw WrongArgument(called(program, at) + " has " + std::to_string(rows) + " rows, and the first " +
                                std::to_string(rows_));
    }
}

}  // namespace vesto::python
