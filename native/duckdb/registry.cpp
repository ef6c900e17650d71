// Keeps programs by name, and counts who wants them.
#include "registry.hpp"

#include "errors.hpp"

namespace vesto::duckdb {

namespace {

constexpr size_t shown_characters = 12;  // of a name, in messages

// The beginning of a name, cut between characters.
std::string shown(const std::string& text) {
    size_t at = 0, characters = shown_characters;
    for (; at < text.size(); at++) {
        const bool starts_character = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
        if (starts_character && characters-- == 0) break;
    }
    return text.substr(0, at);
}

// DuckDB's texts are UTF-8, and it may fail where one is not.
void check_texts(const Program& program) {
    bool sound = is_utf8(program.name());
    for (const Input& input : program.inputs()) sound = sound && is_utf8(input.name);
    for (const std::string& label : program.labels()) sound = sound && is_utf8(label);
    if (!sound) throw DamagedImage("a text in the image is not UTF-8");
}

}  // namespace

std::atomic<uint64_t>& predictions() {
    static std::atomic<uint64_t> count{0};
    return count;
}

Registry& registry() {
    // Never destroyed: DuckDB's threads may still run when the process ends.
    static Registry& only = *new Registry;
    return only;
}

std::string Registry::add(std::span<const std::byte> image) {
    std::shared_ptr<const Program> program = Program::read(image);
    check_texts(*program);
    const Digest digest = sha256(image);
    std::string name = program->name();
    const std::lock_guard guard(lock_);
    release_forgotten();
    const auto [at, is_new] = entries_.try_emplace(name, Entry{std::move(program), digest});
    if (!is_new && at->second.digest != digest) {
        throw SqlError(sqlstate::duplicate_object, "another image is registered as program " + shown(name));
    }
    at->second.count++;
    return name;
}

bool Registry::forget(const std::string& name) {
    const std::lock_guard guard(lock_);
    release_forgotten();
    const auto at = entries_.find(name);
    if (at == entries_.end() || at->second.count == 0) return false;
    if (--at->second.count == 0) at->second.forgotten = Clock::now();
    return true;
}

std::shared_ptr<const Program> Registry::find(const std::string& name) const {
    {
        const std::lock_guard guard(lock_);
        const auto at = entries_.find(name);
        if (at != entries_.end() && !is_over(at->second, Clock::now())) return at->second.program;
    }
    throw SqlError(sqlstate::data_corrupted, "program " + shown(name) + " is not loaded");
}

bool Registry::is_over(const Entry& entry, Clock::time_point now) {
    return entry.count == 0 && now - entry.forgotten >= grace;
}

void Registry::release_forgotten() {
    const auto now = Clock::now();
    std::erase_if(entries_, [&](const auto& item) { return is_over(item.second, now); });
}

}  // namespace vesto::duckdb
