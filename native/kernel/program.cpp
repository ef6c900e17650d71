// A program: an image read and checked, and what scoring it needs.
#include "program.hpp"

#include <cstring>

#include "crc32.hpp"
#include "explain.hpp"

namespace vesto {

namespace {

constexpr char magic[] = "VESTOIMG";
constexpr uint32_t version = 2;
constexpr size_t checked_from = 16;
constexpr size_t header_size = 24;

// The content behind the header, whose version, sum and size are right.
std::span<const std::byte> content_of(std::span<const std::byte> image) {
    Reader reader(image);
    if (image.size() < header_size || std::memcmp(image.data(), magic, 8) != 0) throw DamagedImage("this is no image of a program");
    reader.number<uint64_t>();
    const auto found = reader.number<uint32_t>();
    if (found != version) throw DamagedImage("version " + std::to_string(found) + " of images is not known");
    const auto sum = reader.number<uint32_t>();
    if (reader.number<uint64_t>() != image.size()) throw DamagedImage("the image is cut off, or longer than it says");
    if (crc32(image.subspan(checked_from)) != sum) throw DamagedImage("the image's checksum is wrong");
    return image.subspan(header_size);
}

std::string read_name(Reader& reader) {
    std::string name = reader.text();
    const bool sound = name.size() == 64 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!sound) throw DamagedImage("the image's name is no content hash");
    return name;
}

std::vector<Input> read_inputs(Reader& reader) {
    const uint32_t count = reader.count();
    if (count < 1 || count > max_registers) throw DamagedImage("the program is not sound: it has no inputs, or too many");
    std::vector<Input> inputs;
    for (uint32_t at = 0; at < count; at++) {
        std::string name = reader.text();
        const uint32_t type = reader.count();
        if (type >= static_cast<uint32_t>(Type::count)) throw DamagedImage("the program is not sound: an input has an unknown type");
        inputs.push_back({std::move(name), static_cast<Type>(type)});
    }
    return inputs;
}

std::vector<uint32_t> read_features(Reader& reader, const Tape& tape) {
    auto features = reader.array<uint32_t>();
    if (features.size() > max_registers) throw DamagedImage("the program is not sound: it has too many features");
    for (const uint32_t feature : features)
        if (feature < tape.inputs() || feature >= tape.registers()) throw DamagedImage("the program is not sound: a feature is no register");
    return features;
}

Body read_body(Reader& reader, Tape& tape, const std::vector<uint32_t>& features) {
    switch (reader.count()) {
        case 0: return Body(std::in_place_type<Forest>, reader, features.size());
        case 1: return Body(std::in_place_type<Linear>, reader, tape, features);
        case 2: return Body(std::in_place_type<Network>, reader, features.size());
        default: throw DamagedImage("the program is not sound: its body is of no known kind");
    }
}

// Steps whose registers nobody reads need not run.
void leave_out_unread(Tape& tape, const std::vector<uint32_t>& columns) {
    std::vector<bool> is_read(tape.registers(), false);
    for (const uint32_t column : columns) is_read[column] = true;
    for (size_t at = tape.steps().size(); at-- > 0;) {
        Step& step = tape.steps()[at];
        step.is_read = false;
        for (uint32_t place = 0; place < step.width; place++) step.is_read = step.is_read || is_read[step.target + place];
        if (!step.is_read) continue;
        for (const uint32_t source : sources_of(step.operation)) is_read[source] = true;
    }
    tape.lay_out();
}

size_t outputs_of(const Body& body) {
    return std::visit([](const auto& either) -> size_t { return either.outputs(); }, body);
}

}  // namespace

Implementation::Implementation(Reader& reader)
    : name(read_name(reader)),
      inputs(read_inputs(reader)),
      tape(reader, inputs),
      features(read_features(reader, tape)),
      all_features(tape),
      body(read_body(reader, tape, features)),
      output(reader, outputs_of(body)) {
    if (reader.left()) throw DamagedImage("the image holds more than a program");
    leave_out_unread(all_features, features);
    columns = std::holds_alternative<Linear>(body) ? std::get<Linear>(body).columns() : features;
    leave_out_unread(tape, columns);
    dictionaries = tape.lone_dictionaries();
    if (const auto* linear = std::get_if<Linear>(&body); linear && output.wants_greatest()) screen = Screen::of(*linear);
}

Implementation::~Implementation() = default;

size_t Implementation::outputs() const { return outputs_of(body); }

const Explainer& Implementation::explainer() const {
    std::call_once(explained_, [this] { explainer_ = std::make_unique<const Explainer>(*this); });
    return *explainer_;
}

Program::Program(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
Program::~Program() = default;

std::shared_ptr<const Program> Program::read(std::span<const std::byte> image) {
    Reader reader(content_of(image));
    return std::shared_ptr<const Program>(new Program(std::make_unique<Implementation>(reader)));
}

const std::string& Program::name() const { return implementation_->name; }
std::span<const Input> Program::inputs() const { return implementation_->inputs; }
Type Program::returns() const { return implementation_->output.type(); }
Link Program::link() const { return implementation_->output.link(); }
std::span<const std::string> Program::labels() const { return implementation_->output.labels(); }
size_t Program::outputs() const { return implementation_->outputs(); }
size_t Program::values() const { return implementation_->output.values(); }
size_t Program::features() const { return implementation_->features.size(); }

size_t Program::memory_bytes() const {
    const size_t body = std::visit([](const auto& either) { return either.memory_bytes(); }, implementation_->body);
    return sizeof(Implementation) + implementation_->tape.memory_bytes() + body;
}

}  // namespace vesto
