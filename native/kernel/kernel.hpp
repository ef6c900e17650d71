// Scoring a trained model: a program image in, columns in, predictions out. No dependency but C++20.
//
// The reference scorer of src/vesto/programs is the law. This library equals it: with no difference
// for encodings, forests, linear forms and labels, and within 4 ulp where exp is involved.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace vesto {

// An image that is damaged, of another version, or not a sound program.
struct DamagedImage : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// A column of a kind that the program's input cannot read.
struct WrongArgument : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// The SQL types of inputs and outputs; the numbers stand in images.
enum class Type : uint8_t {
    boolean = 0, int2, int4, int8, numeric, float4, float8, bpchar, varchar, date, time, timetz,
    timestamp, timestamptz, count
};

std::string_view type_name(Type type);  // as SHOW MODEL prints it: int4, varchar

// How the values of a column lie in memory.
enum class Layout : uint8_t {
    null,           // every row is NULL; data is not read
    boolean_byte,   // one byte, 0 or 1
    boolean_bit,    // one bit, lowest first
    int8, int16, int32, int64, uint8, uint16, uint32, uint64,
    int128,         // two's complement, little-endian
    uint128,
    float16, float32, float64,
    decimal16, decimal32, decimal64, decimal128, decimal256,  // whole numbers of 10^-scale
    days32,         // dates: days since 1970-01-01
    millis64,       // dates: milliseconds since then
    instant_s, instant_ms, instant_us, instant_ns,  // int64 since 1970-01-01
    clock_s, clock_ms,    // int32 since midnight
    clock_us, clock_ns,   // int64 since midnight
    clock_us_zone,  // DuckDB's TIMETZ: microseconds << 24 | offset
    text_duckdb,    // DuckDB's 16-byte strings
    text32, text64, // Arrow's offsets, and bytes
    text_view,      // Arrow's 16-byte views, and buffers
    category,       // float64: what `categories` made of texts, for an input that is one
    codes8, codes16, codes32, codes64, codes_u8, codes_u16, codes_u32, codes_u64  // into a dictionary
};

// One argument of the prediction function, for a run of rows. Points into memory of the caller.
struct Column {
    Layout layout = Layout::null;
    const void* data = nullptr;          // values; offsets or views of texts
    const uint8_t* validity = nullptr;   // bit i says that row i is not NULL; nullptr: none is NULL
    int64_t offset = 0;                  // rows of data and validity before the first one
    const char* bytes = nullptr;         // the characters of text32 and text64
    const void* const* buffers = nullptr;  // the buffers of text_view
    int32_t scale = 0;                   // digits after the point, of decimals
    const Column* dictionary = nullptr;  // of codes; dictionary_size rows
    size_t dictionary_size = 0;
};

struct Input {
    std::string name;
    Type type;
};

enum class Link : uint8_t { identity = 0, exp, sigmoid, softmax, argmax, count };

struct Implementation;

// A checked program. It never changes, and threads share it.
class Program {
public:
    // Raises DamagedImage.
    static std::shared_ptr<const Program> read(std::span<const std::byte> image);
    ~Program();
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    const std::string& name() const;             // the program's content hash, 64 hexadecimal digits
    std::span<const Input> inputs() const;
    Type returns() const;                        // of the prediction
    Link link() const;
    std::span<const std::string> labels() const; // as text; empty where the prediction is a number
    size_t outputs() const;                      // numbers that the body computes for a row
    size_t values() const;                       // numbers after the link: a label each, or one
    size_t features() const;                     // numbers that the body reads
    size_t memory_bytes() const;
    const Implementation& implementation() const { return *implementation_; }

private:
    explicit Program(std::unique_ptr<Implementation> implementation);
    std::unique_ptr<Implementation> implementation_;
};

// Whether a column of this layout may stand for an input of that type, as SQL converts without a
// cast: integers of any width and integers to fractions, any fraction to another, integers to text,
// a date to a timestamp. Layout::category never does: that depends on the program.
bool accepts(Type wanted, Layout given);

// Whether nothing reads an input but one step that looks words up: then `categories` can do so before,
// once for each of few words, and a column of Layout::category stand for the input.
bool is_category(const Program& program, size_t input);

// Memory for scoring, kept from call to call. One a thread.
class Scratch {
public:
    Scratch();
    ~Scratch();
    Scratch(Scratch&&) noexcept;
    Scratch& operator=(Scratch&&) noexcept;
    size_t memory_bytes() const;
    struct Buffers;
    Buffers& buffers() { return *buffers_; }

private:
    std::unique_ptr<Buffers> buffers_;
};

// Every function below reads `columns`, one for each input of the program and `rows` long, and
// raises WrongArgument where one cannot be read. No other error is possible but std::bad_alloc.

// Predictions. Where `program.returns()` is bpchar or varchar, `out` is uint32_t[rows], places in
// `program.labels()`; else it holds values of the type: uint8_t for boolean, int16_t, int32_t,
// int64_t, float, double.
void predict(const Program& program, const Column* columns, size_t rows, Scratch& scratch, void* out);

// What the step that looks words up makes of an input that `is_category`; see there.
void categories(const Program& program, size_t input, const Column& column, size_t rows, double* out);

// What follows the link, row by row: out is double[rows * program.values()]. With labels these are
// probabilities in the order of the labels, but for Link::argmax, where they are the margins.
void probabilities(const Program& program, const Column* columns, size_t rows, Scratch& scratch, double* out);

// The body's numbers, row by row: double[rows * program.outputs()]; a forest's are whole float32.
void margins(const Program& program, const Column* columns, size_t rows, Scratch& scratch, double* out);

// The body's inputs, row by row: double[rows * program.features()]; NaN is missing.
void features(const Program& program, const Column* columns, size_t rows, Scratch& scratch, double* out);

// Memory for explaining, kept from call to call. One a thread.
class ExplainScratch {
public:
    ExplainScratch();
    ~ExplainScratch();
    struct Buffers;
    Buffers& buffers() { return *buffers_; }

private:
    std::unique_ptr<Buffers> buffers_;
};

// Why predictions cannot be explained; empty if they can, and only then may the two below be called.
// The first call for a program makes it ready, which may take a second.
std::string_view why_unexplained(const Program& program);

// The margins expected of a row of which nothing is known, one an output.
std::span<const double> explanation_base(const Program& program);

// How much each input moves the margins from there, row by row: double[rows * outputs * inputs].
// Equal to programs/explain.py within float32 for forests and float64 for linear forms.
void explain(const Program& program, const Column* columns, size_t rows, ExplainScratch& scratch, double* out);

// The code paths of the kernel. `automatic` is the best that the processor has.
enum class Path : uint8_t { automatic = 0, portable, avx2, avx512 };

std::string_view path_name(Path path);           // as the setting spells it
bool has_path(Path path);                        // whether this build and this processor can run it
void use_path(Path path);                        // for the whole process; raises std::invalid_argument
Path path_in_use();                              // never `automatic`

}  // namespace vesto
