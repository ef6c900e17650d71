// Arrow structs that are not sound, as no Arrow library makes them: each is refused, none is read past
// its end. Built with sanitizers; ends with 0 if all is well.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "../arrow/columns.hpp"

namespace {

using namespace vesto;
using namespace vesto::arrow;

// A sound array of three rows, and all that it points to; `change` makes it unsound.
struct Given {
    std::vector<int32_t> offsets = {0, 2, 2, 20};
    std::string characters = std::string(20, 'x');
    std::vector<std::array<int32_t, 4>> views = {{2, 0, 0, 0}, {13, 0, 0, 7}, {20, 0, 0, 0}};
    std::array<int64_t, 1> sizes = {20};
    std::vector<uint8_t> codes = {0, 1, 2};
    uint8_t validity = 0b111;
    std::array<const void*, 4> buffers = {};
    std::array<const void*, 3> dictionary_buffers = {};
    ArrowSchema schema = {}, dictionary_schema = {};
    ArrowArray array = {}, dictionary = {};

    Given(const char* format, std::array<const void*, 4> own, int64_t count) : buffers(own) {
        schema.format = format;
        schema.name = "x";
        schema.release = [](ArrowSchema*) {};
        array.length = 3;
        array.n_buffers = count;
        array.buffers = buffers.data();
        array.release = [](ArrowArray*) {};
    }
    Given(const Given&) = delete;
    Given& operator=(const Given&) = delete;
};

struct Texts : Given {
    Texts() : Given("u", {}, 3) { buffers = {nullptr, offsets.data(), characters.data(), nullptr}; }
};

struct Views : Given {
    Views() : Given("vu", {}, 4) { buffers = {nullptr, views.data(), characters.data(), sizes.data()}; }
};

struct Codes : Given {
    Codes() : Given("C", {}, 2) {
        buffers = {nullptr, codes.data(), nullptr, nullptr};
        dictionary_buffers = {nullptr, offsets.data(), characters.data()};
        dictionary_schema = schema;
        dictionary_schema.format = "u";
        dictionary = array;
        dictionary.n_buffers = 3;
        dictionary.buffers = dictionary_buffers.data();
        schema.dictionary = &dictionary_schema;
        array.dictionary = &dictionary;
    }
};

int failures = 0;

bool is_refused(const Given& given) {
    try {
        import_column(given.schema, given.array, "argument 1 \"x\"");
        return false;
    } catch (const WrongArgument&) {
        return true;
    }
}

void expect(bool outcome, const char* what) {
    if (outcome) return;
    std::fprintf(stderr, "FAILED: %s\n", what);
    failures++;
}

template <typename Kind>
void refused(const char* what, const std::function<void(Kind&)>& change) {
    Kind given;
    change(given);
    expect(is_refused(given), what);
}

template <typename Kind>
void taken(const char* what, const std::function<void(Kind&)>& change) {
    Kind given;
    change(given);
    expect(!is_refused(given), what);
}

void lengths_and_buffers() {
    taken<Texts>("sound texts", [](Texts&) {});
    refused<Texts>("a negative length", [](Texts& g) { g.array.length = -1; });
    refused<Texts>("a negative offset", [](Texts& g) { g.array.offset = -1; });
    refused<Texts>("a length that overflows", [](Texts& g) { g.array.length = INT64_MAX; });
    refused<Texts>("an offset that overflows", [](Texts& g) { g.array.offset = INT64_MAX; });
    refused<Texts>("too few buffers", [](Texts& g) { g.array.n_buffers = 2; });
    refused<Texts>("no buffers at all", [](Texts& g) { g.array.buffers = nullptr; });
    refused<Texts>("no values", [](Texts& g) { g.buffers[1] = nullptr; });
    taken<Texts>("no values for no rows", [](Texts& g) { g.buffers = {}; g.array.length = 0; });
    refused<Texts>("children", [](Texts& g) { g.array.n_children = 1; });
    refused<Texts>("a released array", [](Texts& g) { g.array.release = nullptr; });
    refused<Texts>("a released schema", [](Texts& g) { g.schema.release = nullptr; });
    refused<Texts>("no format", [](Texts& g) { g.schema.format = nullptr; });
    refused<Texts>("NULLs that nothing marks", [](Texts& g) { g.array.null_count = 1; });
    refused<Texts>("more NULLs than rows", [](Texts& g) { g.array.null_count = 4; });
    taken<Texts>("NULLs that are not counted", [](Texts& g) { g.array.null_count = -1; });
}

void formats() {
    for (const char* format : {"", "z", "vz", "+s", "+l", "w:16", "tiM", "tD", "d:", "d:1", "d:5,", "d:5,2,7", "d:5,2000",
                               "d:5,99999999999", "d:x,2", "d:5,2,128,1", "ts", "tss", "utf8", "bb"})
        refused<Texts>(format, [&](Texts& g) { g.schema.format = format; g.array.n_buffers = 2; });
    for (const char* format : {"b", "c", "C", "s", "S", "i", "I", "e", "f", "tdD", "tts", "ttm", "d:5,2,32"})
        taken<Texts>(format, [&](Texts& g) { g.schema.format = format; g.array.n_buffers = 2; });
    const auto layout = [](const char* format) {
        Codes given;
        given.schema.format = format;
        given.schema.dictionary = nullptr;
        given.array.dictionary = nullptr;
        return import_column(given.schema, given.array, "x").column;
    };
    expect(layout("d:5,-2").layout == Layout::decimal128 && layout("d:5,-2").scale == -2, "d:5,-2");
    expect(layout("d:5,2,256").layout == Layout::decimal256, "d:5,2,256");
    expect(layout("tsu:Europe/Rome").layout == Layout::instant_us, "tsu:Europe/Rome");
    expect(layout("tsn:").layout == Layout::instant_ns, "tsn:");
}

void texts() {
    refused<Texts>("offsets that go down", [](Texts& g) { g.offsets[2] = 1; });
    refused<Texts>("a negative first offset", [](Texts& g) { g.offsets[0] = -2; });
    refused<Texts>("texts without characters", [](Texts& g) { g.buffers[2] = nullptr; });
    taken<Texts>("empty texts without characters", [](Texts& g) { g.offsets = {0, 0, 0, 0}; g.buffers[2] = nullptr; });
    taken<Views>("sound views", [](Views&) {});
    refused<Views>("a negative size", [](Views& g) { g.views[0][0] = -1; });
    refused<Views>("a buffer that is not there", [](Views& g) { g.views[1][2] = 1; });
    refused<Views>("a negative buffer", [](Views& g) { g.views[1][2] = -1; });
    refused<Views>("a text past its buffer's end", [](Views& g) { g.views[1][3] = 8; });
    refused<Views>("a text far past its buffer's end", [](Views& g) { g.views[1] = {INT32_MAX, 0, 0, INT32_MAX}; });
    refused<Views>("a negative place", [](Views& g) { g.views[1][3] = -1; });
    refused<Views>("no sizes", [](Views& g) { g.buffers[3] = nullptr; });
    taken<Views>("rubbish where a row is NULL", [](Views& g) {
        g.views[1] = {-1, -1, -1, -1};
        g.validity = 0b101;
        g.buffers[0] = &g.validity;
        g.array.null_count = 1;
    });
}

void dictionaries() {
    taken<Codes>("a sound dictionary", [](Codes&) {});
    refused<Codes>("no dictionary", [](Codes& g) { g.array.dictionary = nullptr; });
    refused<Codes>("a dictionary of another column", [](Codes& g) { g.schema.dictionary = nullptr; });
    refused<Codes>("fractions for codes", [](Codes& g) { g.schema.format = "e"; });
    refused<Codes>("a dictionary of numbers", [](Codes& g) { g.dictionary_schema.format = "i"; });
    refused<Codes>("a dictionary of a dictionary", [](Codes& g) { g.dictionary_schema.dictionary = &g.dictionary_schema; });
    refused<Codes>("an unsound dictionary", [](Codes& g) { g.offsets[2] = 1; });
}

void batches() {
    const auto imports = [](const std::function<void(Texts&)>& change, size_t wanted) {
        Texts batch;
        Codes child;
        std::array<ArrowSchema*, 1> schemas = {&child.schema};
        std::array<ArrowArray*, 1> arrays = {&child.array};
        batch.schema.format = "+s";
        batch.schema.n_children = batch.array.n_children = 1;
        batch.schema.children = schemas.data();
        batch.array.children = arrays.data();
        batch.array.n_buffers = 1;
        change(batch);
        try {
            return import_batch(batch.schema, batch.array, std::vector<std::string>(wanted, "x")).columns.size() == 1;
        } catch (const WrongArgument&) {
            return false;
        }
    };
    expect(imports([](Texts&) {}, 1), "a sound batch");
    expect(imports([](Texts& g) { g.array.offset = 1; g.array.length = 2; }, 1), "a batch's offset");
    expect(!imports([](Texts& g) { g.array.offset = 1; }, 1), "a batch longer than its column");
    expect(!imports([](Texts&) {}, 2), "too few columns");
    expect(!imports([](Texts& g) { g.array.n_children = 0; }, 1), "a schema with other columns");
    expect(!imports([](Texts& g) { g.array.children = nullptr; }, 1), "no columns");
    expect(!imports([](Texts& g) { g.array.children[0] = nullptr; }, 1), "a column that is not there");
    expect(!imports([](Texts& g) { g.schema.format = "u"; }, 1), "no batch");
    expect(!imports([](Texts& g) { g.buffers[0] = &g.validity; g.array.null_count = 1; }, 1), "rows that are NULL");
}

}  // namespace

int main() {
    lengths_and_buffers();
    formats();
    texts();
    dictionaries();
    batches();
    if (!failures) std::puts("arrow_edges: all refused and taken as they should be");
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
