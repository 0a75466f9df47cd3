#include "test/lib/Ptx.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <random>
#include <stdexcept>

namespace dlc::test {
using llvm::StringRef;

//===-- Text -----------------------------------------------------------------------------------------------------===//
namespace {
const llvm::StringSet<> typeNames = {"pred", "b8",  "u8",  "s8",  "b16", "u16", "s16", "f16",
                                     "b32",  "u32", "s32", "f32", "b64", "u64", "s64", "f64"};
const char *const specials[] = {"%tid.x", "%ctaid.x", "%ntid.x", "%nctaid.x"};

struct Parser {
  PtxEntry &entry;
  llvm::StringMap<unsigned> registers = {}, labels = {};
  std::map<std::string, std::string> constants = {};

  unsigned registerOf(StringRef name) {
    auto [it, fresh] = registers.try_emplace(name, entry.registers);
    entry.registers += fresh;
    return it->second;
  }
  unsigned labelOf(StringRef name) {
    auto [it, fresh] = labels.try_emplace(name, entry.labels.size());
    if (fresh)
      entry.labels.push_back(~0u);
    return it->second;
  }
  static uint64_t number(StringRef text) {
    uint64_t value = 0;
    bool negative = text.consume_front("-");
    text.consume_back("U");
    if (text.consume_front("0f") || text.consume_front("0d")) {
      if (text.getAsInteger(16, value))
        throw std::runtime_error("not a number: " + text.str());
    } else if (text.getAsInteger(0, value)) {
      throw std::runtime_error("not a number: " + text.str());
    }
    return negative ? -value : value;
  }
  PtxOperand operand(StringRef text) {
    text = text.trim();
    PtxOperand o;
    if (text.consume_front("[")) {
      text.consume_back("]");
      o.kind = PtxOperand::Memory;
      auto [base, offset] = text.split('+');
      if (base.starts_with("%")) {
        o.based = true, o.index = registerOf(base);
      } else if (!llvm::isDigit(base[0])) {
        o.symbol = base.str();
      } else {
        o.number = number(base);
      }
      if (!offset.empty())
        o.number += number(offset);
      return o;
    }
    if (text.starts_with("$")) {
      o.kind = PtxOperand::Label, o.index = labelOf(text);
      return o;
    }
    for (unsigned i = 0; i < std::size(specials); ++i)
      if (text == specials[i]) {
        o.kind = PtxOperand::Special, o.index = i;
        return o;
      }
    if (text.starts_with("%") || text == "tmp") {
      o.kind = PtxOperand::Register, o.index = registerOf(text);
      return o;
    }
    if (!text.empty() && (llvm::isDigit(text[0]) || text[0] == '-')) {
      o.number = number(text);
      return o;
    }
    o.symbol = text.str(); // the address of a variable
    return o;
  }
  void instruction(StringRef line) {
    PtxInstruction i;
    i.text = line.str();
    if (line.consume_front("@")) {
      i.negated = line.consume_front("!");
      auto [guard, rest] = line.split(' ');
      i.guard = registerOf(guard.trim());
      line = rest.trim();
    }
    size_t end = line.find_first_of(" \t");
    StringRef opcode = line.take_front(end), operands = end == StringRef::npos ? "" : line.drop_front(end).trim();
    llvm::SmallVector<StringRef> parts;
    opcode.split(parts, '.');
    i.name = parts[0].str();
    for (StringRef part : llvm::ArrayRef(parts).drop_front()) {
      i.parts.push_back(part.str());
      if (typeNames.contains(part))
        i.types.push_back(part.str());
    }
    std::string flat; // braces hold lists
    for (char c : operands)
      if (c != '{' && c != '}')
        flat += c == '|' ? ',' : c;
    llvm::SmallVector<StringRef> list;
    StringRef(flat).split(list, ',', -1, /*KeepEmpty=*/false);
    for (StringRef each : list)
      i.operands.push_back(operand(each));
    if (operands.starts_with("{"))
      i.parts.push_back("unpack");
    entry.code.push_back(std::move(i));
  }
};
} // namespace

PtxModule::PtxModule(StringRef text) {
  llvm::SmallVector<StringRef> lines;
  text.split(lines, '\n');
  std::unique_ptr<Parser> parser;
  PtxEntry *entry = nullptr;
  size_t moduleShared = 0;
  llvm::StringMap<uint64_t> modulePlaces;
  auto variable = [](StringRef line) { // ".shared .align 16 .b8 name[1024];" -> name, bytes
    StringRef rest = line.rsplit(' ').second;
    auto [name, size] = rest.split('[');
    uint64_t bytes = 0;
    size.take_until([](char c) { return c == ']'; }).getAsInteger(10, bytes);
    return std::pair(name.trim(), bytes);
  };
  try {
    bool body = false;
    for (StringRef line : lines) {
      line = line.split("//").first.trim();
      if (line.empty())
        continue;
      if (line.starts_with(".visible .entry") || line.starts_with(".entry")) {
        StringRef name = line.split(".entry ").second.take_until([](char c) { return c == '('; });
        entry = &kernels[name];
        entry->name = name.str();
        entry->places = modulePlaces, entry->shared = moduleShared;
        parser = std::make_unique<Parser>(Parser{*entry});
        body = false;
        continue;
      }
      if (!entry) {
        if (line.contains(".shared")) {
          auto [name, bytes] = variable(line);
          modulePlaces[name] = moduleShared = llvm::alignTo(moduleShared, 16);
          moduleShared += bytes;
        }
        continue;
      }
      if (line == "{") {
        body = true;
      } else if (line == "}") {
        for (unsigned label : entry->labels)
          if (label == ~0u)
            throw std::runtime_error("a label is not there");
        entry = nullptr;
      } else if (!body) {
        if (line.starts_with(".param"))
          entry->parameters.push_back(line.rsplit(' ').second.rtrim(",").str());
        else if (line.consume_front(".reqntid "))
          line.take_until([](char c) { return c == ','; }).getAsInteger(10, entry->threads);
      } else if (line.starts_with(".reg") || line.starts_with(".pragma") || line.starts_with(".loc ")) {
        continue;
      } else if (line.starts_with(".shared") || line.starts_with(".local")) {
        size_t &memory = line.starts_with(".shared") ? entry->shared : entry->local;
        auto [name, bytes] = variable(line);
        entry->places[name] = memory = llvm::alignTo(memory, 64);
        memory += bytes;
      } else if (line.ends_with(":")) {
        entry->labels[parser->labelOf(line.drop_back())] = entry->code.size();
      } else if (line.consume_front("{ .reg .b32 tmp; ")) { // one half of 64 bits
        parser->instruction(line.take_until([](char c) { return c == ';'; }).trim());
      } else if (line.ends_with(";")) {
        parser->instruction(line.drop_back().trim());
      } else {
        throw std::runtime_error("not understood: " + line.str());
      }
    }
  } catch (const std::runtime_error &e) {
    message = e.what();
  }
}
llvm::StringMap<unsigned> PtxModule::names() const {
  llvm::StringMap<unsigned> all;
  for (auto &kernel : kernels)
    for (auto &i : kernel.second.code)
      ++all[i.name];
  return all;
}

//===-- Runs -----------------------------------------------------------------------------------------------------===//
namespace {
constexpr uint64_t globalStep = 1ull << 40, sharedBase = 1ull << 60, localBase = 1ull << 61, parameterBase = 1ull << 62;

unsigned bitsOf(StringRef type) {
  unsigned bits = 1;
  type.drop_front().getAsInteger(10, bits);
  return type == "pred" ? 1 : bits;
}
uint64_t cut(uint64_t v, unsigned bits) { return bits == 64 ? v : v & ((1ull << bits) - 1); }
int64_t extend(uint64_t v, unsigned bits) { return bits == 64 ? int64_t(v) : int64_t(v << (64 - bits)) >> (64 - bits); }

struct Register {
  uint64_t value = 0;
  bool known = false;
  const char *why = "a register that nothing set"; ///< it is not known
};
/// Who touched a byte since the last barrier (or the launch's begin).
struct Touch {
  uint32_t epoch = 0, writer = 0, reader = 0; ///< threads + 1; ~0u: several
};
struct Thread {
  std::vector<Register> registers;
  std::vector<char> local;
  std::vector<bool> localKnown;
  unsigned at = 0;
  enum State { Ready, Barrier, Shuffle, Done } state = Ready;
};

struct Machine {
  const PtxEntry &entry;
  llvm::ArrayRef<PtxBuffer *> buffers;
  llvm::ArrayRef<int64_t> scalars;
  int64_t grid;
  std::vector<std::vector<Touch>> globalTouches = {};
  std::vector<char> shared = {};
  std::vector<bool> sharedKnown = {};
  std::vector<Touch> sharedTouches = {};
  std::vector<Thread> threads = {};
  uint32_t epoch = 0;
  int64_t block = 0;
  unsigned self = 0; ///< the thread that runs

  [[noreturn]] void fail(const std::string &why) {
    const PtxInstruction &i = entry.code[threads[self].at];
    throw std::runtime_error(entry.name + ", block " + std::to_string(block) + ", thread " + std::to_string(self) + ": " + why + ": " +
                             i.text);
  }
  uint64_t read(const PtxOperand &o) {
    switch (o.kind) {
    case PtxOperand::Register: {
      Register &r = threads[self].registers[o.index];
      if (!r.known)
        fail(r.why);
      return r.value;
    }
    case PtxOperand::Special:
      return o.index == 0 ? self : o.index == 1 ? uint64_t(block) : o.index == 2 ? entry.threads : uint64_t(grid);
    case PtxOperand::Number:
      if (!o.symbol.empty()) {
        auto it = entry.places.find(o.symbol);
        if (auto p = llvm::find(entry.parameters, o.symbol); p != entry.parameters.end())
          return parameterBase + 8 * (p - entry.parameters.begin());
        if (it == entry.places.end())
          fail("an unknown variable");
        return it->second + (StringRef(o.symbol).starts_with("__local") ? localBase : sharedBase);
      }
      return o.number;
    default:
      fail("not a value");
    }
  }
  void write(const PtxOperand &o, uint64_t v) { threads[self].registers[o.index] = {v, true}; }
  /// A value that may be loaded, as part of a vector, but not used.
  void spoil(const PtxOperand &o, const char *why) { threads[self].registers[o.index] = {0, false, why}; }

  /// fn(byte, known, touch) for each byte of an access.
  template <typename Fn> void bytes(uint64_t address, unsigned count, StringRef space, Fn fn) {
    if (address % count)
      fail("an address that is not aligned to " + std::to_string(count) + " bytes");
    if (address >= localBase || space == "local") {
      Thread &t = threads[self];
      uint64_t at = address >= localBase ? address - localBase : address;
      if (at + count > t.local.size())
        fail("an access outside of local memory");
      for (unsigned i = 0; i < count; ++i) {
        bool known = t.localKnown[at + i];
        fn(t.local[at + i], known, nullptr);
        t.localKnown[at + i] = known;
      }
      return;
    }
    if (address >= sharedBase || space == "shared") {
      uint64_t at = address - sharedBase;
      if (at + count > shared.size())
        fail("an access outside of shared memory, byte " + std::to_string(int64_t(at)) + " of " + std::to_string(shared.size()));
      for (unsigned i = 0; i < count; ++i) {
        bool known = sharedKnown[at + i];
        fn(shared[at + i], known, &sharedTouches[at + i]);
        sharedKnown[at + i] = known;
      }
      return;
    }
    uint64_t number = address / globalStep - 1, at = address % globalStep;
    if (number >= buffers.size() || at + count > buffers[number]->bytes.size())
      fail("an access outside of a buffer, byte " + std::to_string(int64_t(address - (number + 1) * globalStep)) + " of buffer " +
           std::to_string(number) + (number < buffers.size() ? " of " + std::to_string(buffers[number]->bytes.size()) + " bytes" : ""));
    for (unsigned i = 0; i < count; ++i) {
      bool known = buffers[number]->known[at + i];
      fn(buffers[number]->bytes[at + i], known, &globalTouches[number][at + i]);
      buffers[number]->known[at + i] = known;
    }
  }
  /// Whether another thread wrote what this one reads.
  bool touch(Touch *t, bool writes, bool shares) {
    if (!t)
      return false;
    uint32_t now = shares ? epoch : 1, me = shares ? self + 1 : uint32_t(block * entry.threads + self) + 1;
    if (t->epoch != now)
      *t = {now, 0, 0};
    bool raced = t->writer && t->writer != me;
    if (raced && writes)
      fail("another thread wrote this, with no barrier between");
    if (writes && t->reader && t->reader != me)
      fail("another thread has read this, with no barrier between");
    uint32_t &mine = writes ? t->writer : t->reader;
    mine = mine && mine != me ? ~0u : me;
    return raced;
  }
  void load(const PtxOperand &to, uint64_t address, unsigned count, StringRef space, bool sign) {
    uint64_t v = 0;
    unsigned i = 0;
    const char *why = nullptr;
    bytes(address, count, space, [&](char byte, bool known, Touch *t) {
      if (!known)
        why = "a value from memory that nothing wrote";
      if (touch(t, false, space == "shared"))
        why = "a value that another thread wrote, with no barrier between";
      v |= uint64_t(uint8_t(byte)) << (8 * i++);
    });
    if (why)
      spoil(to, why);
    else
      write(to, sign ? uint64_t(extend(v, 8 * count)) : v);
  }
  void store(uint64_t address, unsigned count, StringRef space, uint64_t v) {
    bytes(address, count, space, [&](char &byte, bool &known, Touch *t) {
      touch(t, true, space == "shared");
      byte = char(v), v >>= 8, known = true;
    });
  }

  template <typename F> F real(const PtxOperand &o) {
    if constexpr (sizeof(F) == 4)
      return std::bit_cast<float>(uint32_t(read(o)));
    else
      return std::bit_cast<double>(read(o));
  }
  template <typename F> void real(const PtxOperand &o, F v) {
    if constexpr (sizeof(F) == 4)
      write(o, std::bit_cast<uint32_t>(v));
    else
      write(o, std::bit_cast<uint64_t>(v));
  }
  template <typename F> bool floats(const PtxInstruction &i) {
    auto x = [&](unsigned n) { return real<F>(i.operands[n]); };
    auto has = [&](const char *part) { return llvm::is_contained(i.parts, part); };
    StringRef name = i.name;
    if (has("approx") || has("ftz") || ((name == "add" || name == "sub" || name == "mul") && !has("rn")))
      fail("not rounded as dlc rounds");
    F y;
    if (name == "add")
      y = x(1) + x(2);
    else if (name == "sub")
      y = x(1) - x(2);
    else if (name == "mul")
      y = x(1) * x(2);
    else if (name == "div" && has("rn"))
      y = x(1) / x(2);
    else if (name == "fma" && has("rn"))
      y = std::fma(x(1), x(2), x(3));
    else if (name == "rcp" && has("rn"))
      y = 1 / x(1);
    else if (name == "sqrt" && has("rn"))
      y = std::sqrt(x(1));
    else if (name == "neg")
      y = -x(1);
    else if (name == "abs")
      y = std::fabs(x(1));
    else if (name == "copysign")
      y = std::copysign(x(2), x(1));
    else if (name == "min")
      y = has("NaN") && (std::isnan(x(1)) || std::isnan(x(2))) ? F(NAN) : std::fmin(x(1), x(2));
    else if (name == "max")
      y = has("NaN") && (std::isnan(x(1)) || std::isnan(x(2))) ? F(NAN) : std::fmax(x(1), x(2));
    else
      return false;
    real(i.operands[0], y);
    return true;
  }
  template <typename T> static bool compare(StringRef how, T x, T y) {
    bool unordered = x != x || y != y;
    if (how == "num")
      return !unordered;
    if (how == "nan")
      return unordered;
    if (how.size() == 3 && how.back() == 'u' && how != "neu" ? true : how == "neu")
      return unordered || compare(how.drop_back(), x, y);
    return how == "eq"                  ? x == y
           : how == "ne"                ? x != y && !unordered
           : how == "lt" || how == "lo" ? x < y
           : how == "le" || how == "ls" ? x <= y
           : how == "gt" || how == "hi" ? x > y
                                        : x >= y;
  }
  bool compared(const PtxInstruction &i, StringRef type) {
    StringRef how = i.parts[0];
    const PtxOperand &x = i.operands[1], &y = i.operands[2];
    if (type == "f32")
      return compare(how, real<float>(x), real<float>(y));
    if (type == "f64")
      return compare(how, real<double>(x), real<double>(y));
    unsigned bits = bitsOf(type);
    if (type[0] == 's')
      return compare(how, extend(read(x), bits), extend(read(y), bits));
    return compare(how, cut(read(x), bits), cut(read(y), bits));
  }
  uint64_t convert(const PtxInstruction &i) {
    StringRef to = i.types[0], from = i.types[1];
    const PtxOperand &x = i.operands[1];
    unsigned bits = bitsOf(to), width = bitsOf(from);
    auto has = [&](const char *part) { return llvm::is_contained(i.parts, part); };
    if (from[0] == 'f') {
      double v = from == "f32" ? real<float>(x) : real<double>(x);
      if (to[0] == 'f') {
        if (has("rmi") || has("rzi") || has("rpi") || has("rni"))
          v = has("rmi") ? std::floor(v) : has("rpi") ? std::ceil(v) : has("rzi") ? std::trunc(v) : std::nearbyint(v);
        return to == "f32" ? std::bit_cast<uint32_t>(float(v)) : std::bit_cast<uint64_t>(v);
      }
      v = has("rmi") ? std::floor(v) : has("rpi") ? std::ceil(v) : has("rni") ? std::nearbyint(v) : std::trunc(v);
      if (std::isnan(v))
        return 0;
      if (to[0] == 's') {
        double top = std::ldexp(1, bits - 1);
        return cut(v >= top ? (bits == 64 ? INT64_MAX : (1ll << (bits - 1)) - 1) : v < -top ? INT64_MIN >> (64 - bits) : int64_t(v), bits);
      }
      return v >= std::ldexp(1, bits) ? cut(~0ull, bits) : v < 0 ? 0 : uint64_t(v);
    }
    uint64_t raw = cut(read(x), width);
    if (to[0] == 'f') {
      if (to == "f32")
        return std::bit_cast<uint32_t>(from[0] == 's' ? float(extend(raw, width)) : float(raw));
      return std::bit_cast<uint64_t>(from[0] == 's' ? double(extend(raw, width)) : double(raw));
    }
    return cut(from[0] == 's' ? uint64_t(extend(raw, width)) : raw, bits);
  }
  /// An instruction on integers or bits; false where there is none of that name.
  bool integers(const PtxInstruction &i) {
    StringRef name = i.name, type = i.types.back();
    unsigned bits = bitsOf(type);
    bool sign = type[0] == 's';
    auto has = [&](const char *part) { return llvm::is_contained(i.parts, part); };
    auto u = [&](unsigned n) { return cut(read(i.operands[n]), bits); };
    auto s = [&](unsigned n) { return extend(read(i.operands[n]), bits); };
    auto product = [&] { return sign ? uint64_t(__int128(s(1)) * s(2)) : u(1) * u(2); };
    uint64_t y;
    if (name == "add")
      y = u(1) + u(2);
    else if (name == "sub")
      y = u(1) - u(2);
    else if (name == "mul" && has("wide"))
      return write(i.operands[0], cut(product(), 2 * bits)), true;
    else if (name == "mad" && has("wide"))
      return write(i.operands[0], cut(product() + read(i.operands[3]), 2 * bits)), true;
    else if (name == "mul" && has("hi"))
      y = sign ? uint64_t(__int128(s(1)) * s(2) >> bits) : uint64_t((unsigned __int128)(u(1)) * u(2) >> bits);
    else if (name == "mul" && has("lo"))
      y = u(1) * u(2);
    else if (name == "mad" && has("lo"))
      y = u(1) * u(2) + u(3);
    else if (name == "div" || name == "rem") {
      if (!u(2))
        fail("a division by zero");
      y = sign ? uint64_t(name == "div" ? s(1) / s(2) : s(1) % s(2)) : name == "div" ? u(1) / u(2) : u(1) % u(2);
    } else if (name == "min")
      y = sign ? uint64_t(std::min(s(1), s(2))) : std::min(u(1), u(2));
    else if (name == "max")
      y = sign ? uint64_t(std::max(s(1), s(2))) : std::max(u(1), u(2));
    else if (name == "neg")
      y = -u(1);
    else if (name == "abs")
      y = uint64_t(std::abs(s(1)));
    else if (name == "and")
      y = u(1) & u(2);
    else if (name == "or")
      y = u(1) | u(2);
    else if (name == "xor")
      y = u(1) ^ u(2);
    else if (name == "not")
      y = ~u(1);
    else if (name == "shl") {
      uint64_t by = cut(read(i.operands[2]), 32);
      y = by >= bits ? 0 : u(1) << by;
    } else if (name == "shr") {
      uint64_t by = std::min<uint64_t>(cut(read(i.operands[2]), 32), bits);
      y = sign ? uint64_t(s(1) >> std::min<uint64_t>(by, bits - 1)) : by == bits ? 0 : u(1) >> by;
    } else if (name == "brev") {
      y = 0;
      for (unsigned b = 0; b < bits; ++b)
        y |= (u(1) >> b & 1) << (bits - 1 - b);
    } else if (name == "clz")
      return write(i.operands[0], u(1) ? std::countl_zero(u(1)) - (64 - bits) : bits), true;
    else if (name == "popc")
      return write(i.operands[0], std::popcount(u(1))), true;
    else if (name == "bfe") {
      uint64_t at = read(i.operands[2]) & 255, n = read(i.operands[3]) & 255;
      y = at >= bits ? 0 : cut(u(1) >> at, n ? std::min<unsigned>(n, 64) : 1);
      y = n ? y : 0;
      if (sign && n)
        y = uint64_t(extend(y, n));
    } else if (name == "prmt") {
      uint64_t both = cut(read(i.operands[1]), 32) | cut(read(i.operands[2]), 32) << 32, how = read(i.operands[3]);
      y = 0;
      for (unsigned b = 0; b < 4; ++b) {
        unsigned pick = how >> (4 * b) & 15, byte = both >> (8 * (pick & 7)) & 255;
        y |= uint64_t(pick & 8 ? (byte & 128 ? 255 : 0) : byte) << (8 * b);
      }
    } else if (name == "shf") { // 64 bits of two words, moved
      uint64_t both = cut(read(i.operands[1]), 32) | cut(read(i.operands[2]), 32) << 32, by = cut(read(i.operands[3]), 32);
      by = has("wrap") ? by & 31 : std::min<uint64_t>(by, 32);
      y = has("l") ? (both << by) >> 32 : both >> by;
    } else
      return false;
    write(i.operands[0], cut(y, bits));
    return true;
  }

  /// Runs the thread until it waits or is done.
  void advance() {
    Thread &t = threads[self];
    for (unsigned steps = 0;; ++steps) {
      if (t.at >= entry.code.size() || steps > 1'000'000'000) {
        t.at = std::min<unsigned>(t.at, entry.code.size() - 1);
        fail("it does not end");
      }
      const PtxInstruction &i = entry.code[t.at];
      StringRef name = i.name;
      if (i.guard >= 0) {
        if (!t.registers[i.guard].known)
          fail("a predicate that nothing set");
        if (bool(t.registers[i.guard].value) == i.negated) {
          ++t.at;
          continue;
        }
      }
      if (name == "ret" || name == "exit") {
        t.state = Thread::Done;
        return;
      }
      if (name == "bra") {
        t.at = entry.labels[i.operands[0].index];
        continue;
      }
      if (name == "bar" || name == "barrier" || name == "shfl") {
        t.state = name == "shfl" ? Thread::Shuffle : Thread::Barrier;
        return;
      }
      one(i);
      ++t.at;
    }
  }
  void one(const PtxInstruction &i) {
    StringRef name = i.name;
    auto has = [&](const char *part) { return llvm::is_contained(i.parts, part); };
    auto ops = llvm::ArrayRef(i.operands);
    if (name == "ld" && has("param")) {
      PtxOperand at = ops[1];
      at.kind = at.based ? PtxOperand::Register : PtxOperand::Number;
      uint64_t bytes = read(at) + ops[1].number - parameterBase, n = bytes / 8;
      if (n >= entry.parameters.size() || bytes % 8)
        fail("an unknown parameter");
      return write(ops[0], n < buffers.size() ? (n + 1) * globalStep : uint64_t(scalars[n - buffers.size()]));
    }
    if (name == "ld" || name == "st") {
      StringRef space = has("global") ? "global" : has("shared") ? "shared" : has("local") ? "local" : "";
      unsigned count = has("v4") ? 4 : has("v2") ? 2 : 1, size = bitsOf(i.types.back()) / 8;
      const PtxOperand &memory = name == "ld" ? ops.back() : ops.front();
      uint64_t address = memory.number;
      if (memory.based) {
        PtxOperand base = memory;
        base.kind = PtxOperand::Register;
        address += read(base);
      } else if (!memory.symbol.empty()) {
        PtxOperand base;
        base.symbol = memory.symbol;
        address += read(base);
      }
      if (address % (count * size))
        fail("an address that is not aligned to " + std::to_string(count * size) + " bytes");
      for (unsigned n = 0; n < count; ++n)
        if (name == "ld")
          load(ops[n], address + n * size, size, space, i.types.back()[0] == 's');
        else
          store(address + n * size, size, space, read(ops[1 + n]));
      return;
    }
    if (name == "cvta")
      return write(ops[0], read(ops[1]));
    if (name == "mov") {
      unsigned bits = bitsOf(i.types.back());
      if (has("unpack")) {
        unsigned n = ops.size() - 1;
        for (unsigned k = 0; k < n; ++k)
          write(ops[k], cut(read(ops.back()) >> (bits / n * k), bits / n));
      } else if (ops.size() > 2) {
        uint64_t v = 0;
        unsigned n = ops.size() - 1;
        for (unsigned k = 0; k < n; ++k)
          v |= cut(read(ops[1 + k]), bits / n) << (bits / n * k);
        write(ops[0], v);
      } else {
        write(ops[0], read(ops[1]));
      }
      return;
    }
    if (name == "selp")
      return write(ops[0], read(ops[3]) ? read(ops[1]) : read(ops[2]));
    if (name == "setp") {
      bool y = compared(i, i.types.back());
      if (ops.size() > 3)
        y = has("and") ? y && read(ops[3]) : has("or") ? y || read(ops[3]) : y != bool(read(ops[3]));
      return write(ops[0], y);
    }
    if (name == "cvt")
      return write(ops[0], convert(i));
    StringRef type = i.types.empty() ? "" : StringRef(i.types.back());
    if (type == "f32" ? floats<float>(i) : type == "f64" ? floats<double>(i) : !type.empty() && integers(i))
      return;
    fail("an instruction that the interpreter does not know");
  }
  void shuffle(unsigned warp) {
    std::vector<std::pair<unsigned, uint64_t>> results;
    unsigned first = warp * 32, count = std::min(32u, entry.threads - first);
    const PtxInstruction &i = entry.code[threads[first].at];
    for (unsigned l = 0; l < count; ++l) {
      self = first + l;
      if (threads[self].state != Thread::Shuffle || threads[self].at != threads[first].at)
        fail("not all threads of the warp reach this");
      uint64_t by = read(i.operands[2]), from = llvm::is_contained(i.parts, "down") ? l + by : by;
      if (cut(read(i.operands[4]), 32) != 0xffffffff)
        fail("a shuffle of some threads");
      unsigned source = from > 31 ? l : from;
      self = first + source;
      uint64_t v = source < count ? read(i.operands[1]) : 0;
      results.push_back({first + l, v});
    }
    for (auto [thread, v] : results) {
      self = thread;
      write(i.operands[0], v);
      ++threads[self].at;
      threads[self].state = Thread::Ready;
    }
  }
  void runBlock(int64_t number, std::mt19937 &random) {
    block = number, ++epoch;
    shared.assign(entry.shared, 0), sharedKnown.assign(entry.shared, false), sharedTouches.assign(entry.shared, {});
    threads.assign(entry.threads, {});
    for (Thread &t : threads) {
      t.registers.resize(entry.registers);
      t.local.resize(entry.local), t.localKnown.resize(entry.local);
    }
    std::vector<unsigned> warps((entry.threads + 31) / 32);
    for (unsigned w = 0; w < warps.size(); ++w)
      warps[w] = w;
    for (;;) {
      std::shuffle(warps.begin(), warps.end(), random);
      for (unsigned w : warps) {
        unsigned first = w * 32, end = std::min(first + 32, entry.threads);
        for (bool again = true; again;) {
          again = false;
          for (self = first; self < end; ++self)
            if (threads[self].state == Thread::Ready)
              advance();
          for (unsigned s = first; s < end; ++s)
            again |= threads[s].state == Thread::Shuffle;
          if (again)
            shuffle(w);
        }
      }
      unsigned done = 0, waiting = 0;
      for (Thread &t : threads)
        ++(t.state == Thread::Done ? done : waiting);
      if (!waiting)
        return;
      for (self = 0; self < entry.threads; ++self)
        if (threads[self].state != Thread::Barrier || threads[self].at != threads[0].at)
          fail("not all threads of the block reach one barrier");
      ++epoch;
      for (Thread &t : threads)
        ++t.at, t.state = Thread::Ready;
    }
  }
  void run(unsigned seed) {
    for (PtxBuffer *b : buffers)
      globalTouches.emplace_back(b->bytes.size());
    std::mt19937 random(seed);
    std::vector<int64_t> blocks(grid);
    for (int64_t b = 0; b < grid; ++b)
      blocks[b] = b;
    std::shuffle(blocks.begin(), blocks.end(), random);
    for (int64_t b : blocks)
      runBlock(b, random);
  }
};
} // namespace

std::string PtxModule::run(StringRef name, llvm::ArrayRef<PtxBuffer *> buffers, llvm::ArrayRef<int64_t> scalars, int64_t grid,
                           unsigned seed) const {
  auto it = kernels.find(name);
  if (it == kernels.end())
    return "no entry " + name.str();
  if (it->second.parameters.size() != buffers.size() + scalars.size())
    return name.str() + " takes " + std::to_string(it->second.parameters.size()) + " arguments";
  try {
    Machine{it->second, buffers, scalars, grid}.run(seed);
  } catch (const std::runtime_error &e) {
    return e.what();
  }
  return "";
}
} // namespace dlc::test
