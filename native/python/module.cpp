// vesto._native: the kernel for Python, over Arrow's memory.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

#include <array>
#include <limits>
#include <memory>
#include <string>

#include "../arrow/arrays.hpp"
#include "columns.hpp"
#include "kernel.hpp"
#include "predictions.hpp"

namespace nb = nanobind;

namespace vesto::python {

namespace {

using Shared = std::shared_ptr<const Program>;
using Matrix = nb::ndarray<nb::numpy, double, nb::ndim<2>>;
using Score = void (*)(const Program&, const Column*, size_t, Scratch&, double*);
using Width = size_t (Program::*)() const;

Scratch& scratch_of_this_thread() {
    thread_local Scratch scratch;
    return scratch;
}

Shared read_program(const nb::bytes& image) {
    const auto content = std::span(static_cast<const std::byte*>(image.data()), image.size());
    const nb::gil_scoped_release others_run;
    return Program::read(content);
}

nb::tuple inputs_of(const Shared& program) {
    nb::list inputs;
    for (const Input& input : program->inputs()) inputs.append(nb::make_tuple(input.name, type_name(input.type)));
    return nb::tuple(inputs);
}

nb::tuple labels_of(const Shared& program) {
    nb::list labels;
    for (const std::string& label : program->labels()) labels.append(label);
    return nb::tuple(labels);
}

std::shared_ptr<const arrow::Predictions> predict_rows(const Shared& program, nb::handle given) {
    const Arguments arguments(*program, given);
    const nb::gil_scoped_release others_run;
    return std::make_shared<arrow::Predictions>(
        arrow::predictions(*program, arguments.columns(), arguments.rows(), scratch_of_this_thread()));
}

// A row for each row given, `width` numbers each.
template <Score score, Width width>
Matrix matrix_of(const Shared& program, nb::handle given) {
    const Arguments arguments(*program, given);
    const size_t columns = (*program.*width)();
    if (columns && arguments.rows() > std::numeric_limits<size_t>::max() / sizeof(double) / columns) throw std::bad_alloc();
    auto numbers = std::make_unique_for_overwrite<double[]>(arguments.rows() * columns);
    {
        const nb::gil_scoped_release others_run;
        score(*program, arguments.columns(), arguments.rows(), scratch_of_this_thread(), numbers.get());
    }
    const nb::capsule owner(numbers.get(), [](void* held) noexcept { delete[] static_cast<double*>(held); });
    return Matrix(numbers.release(), {arguments.rows(), columns}, owner);
}

// Shape (rows, outputs, inputs).
nb::ndarray<nb::numpy, double, nb::ndim<3>> explain_rows(const Shared& program, nb::handle given) {
    if (!why_unexplained(*program).empty()) throw nb::value_error(std::string(why_unexplained(*program)).c_str());
    const Arguments arguments(*program, given);
    const size_t width = program->outputs() * program->inputs().size();
    if (arguments.rows() > std::numeric_limits<size_t>::max() / sizeof(double) / width) throw std::bad_alloc();
    auto numbers = std::make_unique_for_overwrite<double[]>(arguments.rows() * width);
    {
        thread_local ExplainScratch scratch;
        const nb::gil_scoped_release others_run;
        explain(*program, arguments.columns(), arguments.rows(), scratch, numbers.get());
    }
    const nb::capsule owner(numbers.get(), [](void* held) noexcept { delete[] static_cast<double*>(held); });
    return {numbers.release(), {arguments.rows(), program->outputs(), program->inputs().size()}, owner};
}

nb::tuple base_of(const Shared& program) {
    nb::list base;
    for (const double number : explanation_base(*program)) base.append(number);
    return nb::tuple(base);
}

Path path_called(const std::string& name) {
    for (const Path path : std::array{Path::automatic, Path::portable, Path::avx2, Path::avx512})
        if (name == path_name(path)) return path;
    throw nb::value_error(("there is no code path \"" + name + "\": automatic, portable, avx2 and avx512 are").c_str());
}

void bind_errors(nb::module_& module) {
    nb::exception<DamagedImage>(module, "DamagedImageError", PyExc_ValueError);
    nb::register_exception_translator([](const std::exception_ptr& thrown, void*) {
        try {
            std::rethrow_exception(thrown);
        } catch (const WrongArgument& error) {
            PyErr_SetString(PyExc_TypeError, error.what());
        }
    });
}

void bind_program(nb::module_& module) {
    const auto columns = nb::arg("columns").none();
    nb::class_<Shared>(module, "Program", "A trained model, ready to score. It never changes, and threads share it.")
        .def("__init__", [](Shared* self, const nb::bytes& image) { new (self) Shared(read_program(image)); },
             nb::arg("image"), "Read and check an image.")
        .def_prop_ro("name", [](const Shared& self) { return self->name(); }, "The content hash.")
        .def_prop_ro("inputs", &inputs_of, "Name and SQL type of each input.")
        .def_prop_ro("returns", [](const Shared& self) { return type_name(self->returns()); },
                     "The SQL type of the prediction.")
        .def_prop_ro("labels", &labels_of, "The labels as text; none where the prediction is a number.")
        .def_prop_ro("outputs", [](const Shared& self) { return self->outputs(); }, "Numbers that the body computes for a row.")
        .def_prop_ro("memory_bytes", [](const Shared& self) { return self->memory_bytes(); }, "Memory that the program takes.")
        .def("predict", &predict_rows, columns, "A prediction for each row.")
        .def("probabilities", &matrix_of<&probabilities, &Program::values>, columns, "What follows the link.")
        .def("margins", &matrix_of<&margins, &Program::outputs>, columns, "The body's numbers.")
        .def("features", &matrix_of<&features, &Program::features>, columns, "The body's inputs.")
        .def_prop_ro("unexplained", [](const Shared& self) { return why_unexplained(*self); }, "Why predictions cannot be explained; empty if they can.")
        .def_prop_ro("base", &base_of, "What explanations start from, one an output.")
        .def("explain", &explain_rows, columns, "What each input adds to each output.");
}

void bind_paths(nb::module_& module) {
    module.def("kernel", [] { return path_name(path_in_use()); }, "The code path in use.");
    module.def("use_kernel", [](const std::string& path) { use_path(path_called(path)); }, nb::arg("path"),
               "Use a code path in the whole process, or automatic for the best there is.");
    module.def("has_kernel", [](const std::string& path) { return has_path(path_called(path)); }, nb::arg("path"),
               "Whether this build and this processor can run a code path.");
}

}  // namespace

}  // namespace vesto::python

NB_MODULE(_native, module) {
    // Objects may outlive the interpreter, as a traceback's do: no reason to write to stderr.
    nb::set_leak_warnings(false);
    module.doc() = "The compiled scorer over Arrow arrays.";
    vesto::python::bind_errors(module);
    vesto::python::bind_predictions(module);
    vesto::python::bind_program(module);
    vesto::python::bind_paths(module);
}
