// Predictions behind Arrow's PyCapsule protocol.
#include "predictions.hpp"

#include <memory>
#include <utility>

#include "../arrow/arrays.hpp"

namespace vesto::python {

namespace nb = nanobind;

namespace {

using Shared = std::shared_ptr<const arrow::Predictions>;

// A struct of Arrow's interface in a capsule, which releases it unless somebody has taken it out.
template <typename Struct>
nb::object capsule_of(std::unique_ptr<Struct> owned, const char* name) {
    PyObject* capsule = PyCapsule_New(owned.get(), name, [](PyObject* dying) {
        auto* held = static_cast<Struct*>(PyCapsule_GetPointer(dying, PyCapsule_GetName(dying)));
        if (held->release) held->release(held);
        delete held;
    });
    if (!capsule) {
        if (owned->release) owned->release(owned.get());
        nb::raise_python_error();
    }
    owned.release();
    return nb::steal(capsule);
}

nb::tuple export_capsules(const Shared& predictions, const nb::object&) {
    auto schema = std::make_unique<arrow::ArrowSchema>();
    auto array = std::make_unique<arrow::ArrowArray>();
    arrow::export_schema(*predictions, schema.get());
    nb::object schema_capsule = capsule_of(std::move(schema), "arrow_schema");
    arrow::export_array(predictions, array.get());
    return nb::make_tuple(std::move(schema_capsule), capsule_of(std::move(array), "arrow_array"));
}

}  // namespace

void bind_predictions(nb::module_& module) {
    nb::class_<Shared>(module, "Predictions", "An Arrow array of predictions: pyarrow.array(predictions) reads it.")
        .def("__len__", [](const Shared& predictions) { return predictions->rows; })
        .def("__arrow_c_array__", &export_capsules, nb::arg("requested_schema") = nb::none(),
             "Schema and array as capsules, without a copy; another schema than their own is not made.");
}

}  // namespace vesto::python
