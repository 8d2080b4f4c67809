// What the run found: broken rules with their places, calls without effect, the report.
#include "internal.h"

#include <stdarg.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <tuple>

namespace tt_native {

namespace {

struct Finding {
    Severity severity;
    std::string rule, kernel, file, message, buffer, note, source;
    uint32_t line = 0;
    bool on_core = false;
    uint32_t x = 0, y = 0;
};

std::vector<Finding> findings;
std::vector<std::string> extra_notes;

struct CallSite {
    Site where;
    const char* call;
    uint64_t runs = 0, effects = 0;
    const Kernel* kernel = nullptr;
};
struct SiteKey {
    const char* file;
    uint32_t line, column;
    const char* call;
    bool operator==(const SiteKey&) const = default;
};
struct SiteHash {
    size_t operator()(const SiteKey& key) const {
        return reinterpret_cast<size_t>(key.file) * 31 + key.line * 1009 + key.column +
               reinterpret_cast<size_t>(key.call);
    }
};
std::unordered_map<SiteKey, CallSite, SiteHash> sites;

}  // namespace

std::string text(const char* format, ...) {
    va_list args;
    va_start(args, format);
    char buffer[1024];
    vsnprintf(buffer, sizeof buffer, format, args);
    va_end(args);
    return buffer;
}

namespace {

// The `// file.py:37` comment a line stands under; blocks restore the place they were entered at.
std::string tilelang_place(const std::string& file, uint32_t line) {
    std::ifstream in(file);
    std::string row, place;
    std::vector<std::string> stack;
    for (uint32_t number = 1; std::getline(in, row) && number <= line; ++number) {
        const size_t slashes = row.find("// ");
        if (slashes != std::string::npos && row.find_first_not_of(' ') == slashes) {
            const std::string comment = row.substr(slashes + 3);
            const size_t colon = comment.rfind(':');
            if (colon != std::string::npos && colon + 1 < comment.size() && comment.find(' ') == std::string::npos &&
                comment.find_first_not_of("0123456789", colon + 1) == std::string::npos) {
                place = comment;
            }
            continue;
        }
        for (const char c : row) {
            if (c == '{') {
                stack.push_back(place);
            } else if (c == '}' && !stack.empty()) {
                place = stack.back();
                stack.pop_back();
            }
        }
    }
    return place;
}

// The last two parts of a path: enough to find it, nothing of the machine.
std::string short_path(const std::string& path) {
    size_t cut = path.rfind('/');
    if (cut != std::string::npos && cut > 0) {
        cut = path.rfind('/', cut - 1);
    }
    return cut == std::string::npos ? path : path.substr(cut + 1);
}

std::string quoted(const std::string& value) {
    std::string out = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c == '\n' ? ' ' : c;
    }
    return out + '"';
}

void print_finding(const Finding& f) {
    static const char* const names[] = {"error", "warning", "remark"};
    std::string place = f.file.empty() ? "" : text("%s:%u: ", short_path(f.file).c_str(), f.line);
    std::string on = f.on_core ? text(" on core (%u, %u)", f.x, f.y) : "";
    std::fprintf(
        stderr,
        "%s%s: [%s] %s%s\n",
        place.c_str(),
        names[static_cast<int>(f.severity)],
        f.rule.c_str(),
        f.message.c_str(),
        on.c_str());
    if (!f.source.empty()) {
        std::fprintf(stderr, "%snote: from %s\n", place.c_str(), f.source.c_str());
    }
    if (!f.note.empty()) {
        std::fprintf(stderr, "%snote: %s\n", place.c_str(), f.note.c_str());
    }
}

}  // namespace

void find(
    Severity severity,
    const char* rule,
    const Site* where,
    const std::string& message,
    const std::string& buffer,
    const std::string& note) {
    Finding f{severity, rule, {}, {}, message, buffer, note, {}};
    if (const Thread* t = machine().current) {
        f.kernel = t->role();
        f.on_core = true;
        f.x = t->core->x;
        f.y = t->core->y;
    }
    if (where != nullptr) {
        f.file = where->file_name();
        f.line = where->line();
        f.source = tilelang_place(f.file, f.line);
    }
    if (severity != Severity::remark) {
        print_finding(f);
    }
    findings.push_back(std::move(f));
}

void broken(
    const char* rule,
    const Site& where,
    const std::string& message,
    const std::string& buffer,
    const std::string& note) {
    find(Severity::error, rule, &where, message, buffer, note);
    finish(3);
}

void tell_json(std::FILE* file) {
    static const char* const names[] = {"error", "warning", "remark"};
    std::fprintf(file, "{\"findings\": [");
    const char* comma = "";
    for (const Finding& f : findings) {
        std::fprintf(
            file,
            "%s\n {\"severity\": \"%s\", \"rule\": %s, \"message\": %s, \"kernel\": %s, \"file\": %s, "
            "\"line\": %u, \"source\": %s, \"core\": [%d, %d], \"buffer\": %s, \"note\": %s}",
            comma,
            names[static_cast<int>(f.severity)],
            quoted(f.rule).c_str(),
            quoted(f.message).c_str(),
            quoted(f.kernel).c_str(),
            quoted(short_path(f.file)).c_str(),
            f.line,
            quoted(f.source).c_str(),
            f.on_core ? static_cast<int>(f.x) : -1,
            f.on_core ? static_cast<int>(f.y) : -1,
            quoted(f.buffer).c_str(),
            quoted(f.note).c_str());
        comma = ",";
    }
    const Machine& m = machine();
    std::fprintf(file, "],\n \"calls\": %lu, \"switches\": %lu,\n \"cores\": [",
                 static_cast<unsigned long>(m.calls), static_cast<unsigned long>(m.switches));
    comma = "";
    std::set<const Core*> used;
    for (const auto& t : m.threads) {
        used.insert(t->core);
    }
    for (const auto& core : m.cores) {
        if (used.count(core.get()) == 0) {
            continue;
        }
        const Stats& s = core->stats;
        std::fprintf(
            file,
            "%s\n  [%u, %u, [%lu, %lu, %lu, %lu, %lu, %lu, %lu, %lu, %lu, %lu, %lu, %lu, %lu], [",
            comma,
            core->x,
            core->y,
            static_cast<unsigned long>(s.dram_read),
            static_cast<unsigned long>(s.dram_write),
            static_cast<unsigned long>(s.noc_bytes),
            static_cast<unsigned long>(s.tile_products),
            static_cast<unsigned long>(s.cb_waits),
            static_cast<unsigned long>(s.semaphore_waits),
            static_cast<unsigned long>(s.tile_ops),
            static_cast<unsigned long>(s.pages_unpacked),
            static_cast<unsigned long>(s.pages_packed),
            static_cast<unsigned long>(s.l1_local_read),
            static_cast<unsigned long>(s.l1_local_write),
            static_cast<unsigned long>(s.l1_remote_read),
            static_cast<unsigned long>(s.l1_remote_write));
        const char* inner = "";
        for (const auto& [bank, bytes] : s.dram_banks) {
            std::fprintf(file, "%s[%u, %lu]", inner, bank, static_cast<unsigned long>(bytes));
            inner = ", ";
        }
        std::fprintf(file, "], [");
        inner = "";
        for (const auto& [xy, bytes] : s.l1_cores) {
            std::fprintf(file, "%s[%u, %u, %lu]", inner, xy.first, xy.second,
                         static_cast<unsigned long>(bytes));
            inner = ", ";
        }
        std::fprintf(file, "]]");
        comma = ",";
    }
    std::fprintf(file, "],\n \"page_writes\": [");
    comma = "";
    for (const auto& b : m.buffers) {
        std::fprintf(file, "%s\n  [", comma);
        const char* inner = "";
        for (const uint32_t n : b->writes) {
            std::fprintf(file, "%s%u", inner, n);
            inner = ",";
        }
        std::fprintf(file, "]");
        comma = ",";
    }
    std::fprintf(file, "],\n \"tensors\": [");
    comma = "";
    for (const auto& b : m.buffers) {
        std::fprintf(file, "%s\n  [%lu, %lu, %lu]", comma, static_cast<unsigned long>(b->dram_bytes),
                     static_cast<unsigned long>(b->l1_local),
                     static_cast<unsigned long>(b->l1_remote));
        comma = ",";
    }
    std::fprintf(file, "]}\n");
}

void finish(int code) {
    std::fflush(stdout);
    if (const char* path = std::getenv("TT_NATIVE_REPORT")) {
        if (std::FILE* file = std::fopen(path, "w")) {
            tell_json(file);
            std::fclose(file);
        }
    }
    std::fflush(stderr);
    _exit(code);
}

void note_effect(const Site& where, const char* call, bool effect) {
    CallSite& site = sites[SiteKey{where.file_name(), where.line(), where.column(), call}];
    if (site.runs++ == 0) {
        site.where = where;
        site.call = call;
        site.kernel = self().kernel;
    }
    site.effects += effect;
}

void end_of_run_remarks() {
    std::vector<const CallSite*> idle;
    for (const auto& [key, site] : sites) {
        if (site.effects == 0) {
            idle.push_back(&site);
        }
    }
    std::sort(idle.begin(), idle.end(), [](const CallSite* a, const CallSite* b) {
        return std::tuple(std::string(a->where.file_name()), a->where.line(), a->where.column()) <
               std::tuple(std::string(b->where.file_name()), b->where.line(), b->where.column());
    });
    for (const CallSite* site : idle) {
        find(
            Severity::remark,
            "no-effect",
            &site->where,
            text("%s changed nothing in %lu calls", site->call,
                 static_cast<unsigned long>(site->runs)));
    }
    sites.clear();
}

void forget_findings() {
    findings.clear();
    sites.clear();
}

}  // namespace tt_native
