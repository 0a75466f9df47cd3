// Rules of a map, and a file's tensors by them.
#include "tools/dlc/WeightsMap.h"
#include "runtime/Floats.h"
#include "runtime/Safetensors.h"
#include "runtime/Tensor.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>

using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::SmallVectorImpl;
using llvm::StringRef;

namespace dlc::tools {
namespace {
/// Convolutions [out, in, r, s], dense layers [out, in], norms' scale and shift under other names.
#define TORCH                                                                                                                              \
  R"(*.weight = *.weight permute 2 3 1 0
*.weight = *.weight permute 1 0
*.gamma = *.weight
*.beta = *.bias
* = *
skip *.num_batches_tracked
)"
constexpr std::pair<StringRef, StringRef> known[] = {
    {"torch", TORCH},
    {"torch-vgg16", "classifier.0.weight = classifier.0.weight view 4096 512 7 7 permute 2 3 1 0 reshape\n" TORCH},
    // By their models' own names, by those of the bodies alone, and with norms as the oldest files name them.
    {"transformers", R"(* = *
transformer.* = *
* = bert.*
*.weight = bert.*.gamma
*.bias = bert.*.beta
skip lm_head.weight
skip cls.*
skip *.attn.bias
skip *.attn.masked_bias
skip *.position_ids
)"}};
#undef TORCH
StringRef knownMap(StringRef name) {
  for (auto [own, rules] : known)
    if (own == name)
      return rules;
  return {};
}

struct Rule {
  unsigned line = 0;
  enum { Give, Keep, Skip } kind = Give;
  std::string target;               ///< a pattern; of Skip, of the file's names
  SmallVector<std::string> sources; ///< each with the target's stars put in; their sum
  std::optional<SmallVector<int64_t>> permutation;
  int64_t part = 0, parts = 1; ///< of the first dimension
  SmallVector<int64_t> view;   ///< the shape then, before it is permuted; empty: as it is
  bool reshape = false;
};
struct Source {
  const dlrt::StoredTensor *stored = nullptr;
  bool used = false;
};
using Shape = SmallVector<int64_t>;

/// Whether `name` is of the pattern, and what its stars stand for. The first star takes as little as it can.
bool matches(StringRef pattern, StringRef name, SmallVectorImpl<StringRef> &stars) {
  auto [head, rest] = pattern.split('*');
  if (!pattern.contains('*'))
    return pattern == name;
  if (!name.consume_front(head))
    return false;
  for (size_t n = 0; n <= name.size(); ++n) {
    stars.push_back(name.take_front(n));
    if (matches(rest, name.drop_front(n), stars))
      return true;
    stars.pop_back();
  }
  return false;
}
std::string fill(StringRef pattern, ArrayRef<StringRef> stars) {
  std::string s;
  for (char c : pattern)
    if (c != '*')
      s += c;
    else
      s += stars.front(), stars = stars.size() > 1 ? stars.drop_front() : stars;
  return s;
}
std::string shapeText(ArrayRef<int64_t> shape) { return dlrt::ShapeText(shape.data(), int64_t(shape.size())).text; }

/// -1 where 64 bits do not hold it.
int64_t product(ArrayRef<int64_t> shape) {
  int64_t n = 1;
  for (int64_t e : shape)
    if (__builtin_mul_overflow(n, e, &n))
      return -1;
  return n;
}
/// A safetensors file's name of the type.
std::string nameOf(dlrt_datatype type) {
  static constexpr const char *kinds[] = {"I", "U", "F", "", "BF"};
  return type.code == 6 ? "BOOL" : kinds[type.code] + std::to_string(type.bits); // dlrt has no other codes
}

class Importer {
public:
  Importer(Session &session, std::string file, std::string map) : session(session), file(std::move(file)), mapName(std::move(map)) {}
  Exit run();

private:
  Session &session;
  std::string file, mapName;
  std::unique_ptr<llvm::MemoryBuffer> bytes;
  const char *data = nullptr;
  std::vector<char> header;
  dlrt::Array<dlrt::StoredTensor> tensors;
  llvm::StringMap<Source> sources;
  std::vector<Rule> rules;
  std::vector<std::string> wrong; ///< one line each
  dlrt_loaded done = {};

  bool parse(StringRef text);
  bool readTensors();
  /// The parameter's bytes by the first rule that gives it; nothing after a line in `wrong`, and where it keeps its initial value.
  std::vector<char> give(const dlrt_tensor_info &parameter);
  bool apply(const Rule &rule, const dlrt_tensor_info &parameter, ArrayRef<StringRef> stars, std::vector<char> &out, std::string &why);
};
} // namespace

bool Importer::parse(StringRef text) {
  SmallVector<StringRef> lines;
  text.split(lines, '\n');
  for (auto [number, whole] : llvm::enumerate(lines)) {
    SmallVector<StringRef> words;
    llvm::SplitString(whole.split('#').first, words);
    if (words.empty())
      continue;
    Rule rule;
    rule.line = number + 1;
    auto bad = [&](const llvm::Twine &what) { return fail(mapName + ":" + llvm::Twine(number + 1) + ": " + what) == Done; };
    if (words[0] == "skip" || words[0] == "keep") {
      if (words.size() != 2)
        return bad("expected '" + words[0] + " NAME', found " + llvm::Twine(words.size() - 1) + " names");
      rule.kind = words[0] == "skip" ? Rule::Skip : Rule::Keep, rule.target = words[1].str();
      rules.push_back(std::move(rule));
      continue;
    }
    if (words.size() < 3 || words[1] != "=")
      return bad("expected 'PARAMETER = TENSOR', 'keep PARAMETER' or 'skip TENSOR', found '" + whole.trim() + "'");
    rule.target = words[0].str();
    size_t at = 2;
    for (;; ++at) {
      if (at == words.size())
        return bad("expected a tensor's name behind '+'");
      if (words[at].contains('*') && !words[0].contains('*'))
        return bad("'" + words[at] + "' has a star, '" + words[0] + "' has none to fill it with");
      rule.sources.push_back(words[at++].str());
      if (at == words.size() || words[at] != "+")
        break;
    }
    while (at < words.size()) {
      StringRef word = words[at++];
      auto whole = [&](int64_t &n) { return at < words.size() && !words[at].getAsInteger(10, n) && n >= 0 && ++at; };
      auto wholes = [&] {
        Shape all;
        for (int64_t n; whole(n);)
          all.push_back(n);
        return all;
      };
      if (word == "permute") {
        Shape p = wholes();
        Shape sorted = p;
        llvm::sort(sorted);
        if (p.empty() || sorted != llvm::to_vector(llvm::seq<int64_t>(0, p.size())))
          return bad("expected each dimension once behind 'permute', counted from 0");
        rule.permutation = p;
      } else if (word == "part") {
        if (!whole(rule.part) || at == words.size() || words[at++] != "of" || !whole(rule.parts) || rule.part >= rule.parts)
          return bad("expected 'part K of N' with K from 0 to N - 1");
      } else if (word == "view") {
        if ((rule.view = wholes()).empty())
          return bad("expected extents behind 'view'");
      } else if (word == "reshape") {
        rule.reshape = true;
      } else {
        return bad("unknown word '" + word + "': there are part, view, permute and reshape");
      }
    }
    rules.push_back(std::move(rule));
  }
  return true;
}

bool Importer::readTensors() {
  if (!(bytes = readBytes(file)))
    return false;
  uint64_t size = bytes->getBufferSize(), count = 0;
  if (size >= 8)
    std::memcpy(&count, bytes->getBufferStart(), 8);
  if (size < 8 || count > size - 8) { // the runtime says what it is instead
    session.params->load(file);
    return false;
  }
  header.assign(bytes->getBufferStart() + 8, bytes->getBufferStart() + 8 + count);
  data = bytes->getBufferStart() + 8 + count;
  if (dlrt::parseSafetensors(file.c_str(), header.data(), count, size - 8 - count, tensors) != DLRT_OK)
    return fail(dlrt_error()) == Done;
  for (const dlrt::StoredTensor &t : tensors)
    sources[t.name].stored = &t;
  return true;
}

bool Importer::apply(const Rule &rule, const dlrt_tensor_info &parameter, ArrayRef<StringRef> stars, std::vector<char> &out,
                     std::string &why) {
  std::string dtype = nameOf(parameter.dtype);
  const dlrt::Float to = dlrt::floatNamed(dtype.c_str());
  constexpr dlrt::Float none = dlrt::Float::None;
  bool cast = false;
  dlrt::Casts casts;
  Shape wanted(parameter.dims, parameter.dims + parameter.ndim);
  int64_t count = product(wanted);
  std::vector<double> sum(rule.sources.size() > 1 ? count : 0);
  auto store = [&](double v, int64_t k) { casts.note(v, dlrt::writeFloat(v, out.data() + k * dlrt::bytesOf(to), to), uint64_t(k)); };
  for (StringRef pattern : rule.sources) {
    std::string name = fill(pattern, stars);
    auto at = sources.find(name);
    if (at == sources.end())
      return why = "no tensor '" + name + "'", false;
    const dlrt::StoredTensor &t = *at->second.stored;
    Shape shape(t.shape, t.shape + t.rank);
    const dlrt::Float from = dlrt::floatNamed(t.dtype);
    if ((StringRef(t.dtype) != dtype || !sum.empty()) && (from == none || to == none))
      return why = "tensor '" + name + "' is " + t.dtype + ", which is neither cast to " + dtype + " nor added", false;
    unsigned own = (parameter.dtype.bits + 7) / 8, element = from != none ? dlrt::bytesOf(from) : own;
    int64_t skipped = 0;
    if (rule.parts > 1) {
      if (shape.empty() || shape[0] % rule.parts)
        return why = "tensor '" + name + "' " + shapeText(shape) + " has no " + std::to_string(rule.parts) + " equal parts", false;
      shape[0] /= rule.parts;
    }
    int64_t has = product(shape);
    if (rule.parts > 1)
      skipped = rule.part * has;
    if (!rule.view.empty() && product(rule.view) != has)
      return why = "tensor '" + name + "' " + shapeText(shape) + " is not to be viewed as " + shapeText(rule.view), false;
    if (!rule.view.empty())
      shape = rule.view;
    if (rule.permutation && rule.permutation->size() != shape.size())
      return why = "tensor '" + name + "' has " + std::to_string(shape.size()) + " dimensions", false;
    Shape strides(shape.size(), 1);
    for (size_t d = shape.size(); d-- > 1;)
      strides[d - 1] = strides[d] * shape[d];
    if (rule.permutation) {
      Shape s, n;
      for (int64_t d : *rule.permutation)
        n.push_back(shape[d]), s.push_back(strides[d]);
      shape = n, strides = s;
    }
    if (rule.reshape ? has != count : ArrayRef(shape) != ArrayRef(wanted))
      return why = "tensor '" + name + "' gives " + shapeText(shape), false;
    if (t.end - t.begin < uint64_t(skipped + has) * element)
      return why = "tensor '" + name + "' is cut", false;
    at->second.used = true;
    cast |= from != to;
    out.resize(size_t(count) * own);
    SmallVector<int64_t> index(shape.size());
    for (int64_t k = 0, offset = skipped; k < has; ++k) {
      const char *x = data + t.begin + uint64_t(offset) * element;
      if (!sum.empty())
        sum[k] += dlrt::readFloat(x, from);
      else if (from != to)
        store(dlrt::readFloat(x, from), k);
      else
        std::memcpy(out.data() + k * element, x, element);
      for (size_t d = shape.size(); d-- > 0; index[d] = 0) {
        offset += strides[d];
        if (++index[d] < shape[d])
          break;
        offset -= strides[d] * shape[d];
      }
    }
  }
  for (auto [k, v] : llvm::enumerate(sum))
    store(v, k);
  if (casts.at != UINT64_MAX)
    return why = llvm::formatv("element {0} is {1:e}, more than {2} holds", casts.at, casts.beyond, dtype), false;
  done.cast += cast, done.rounded += cast && casts.changed;
  return true;
}

std::vector<char> Importer::give(const dlrt_tensor_info &parameter) {
  std::string name = parameter.name, reasons;
  for (const Rule &rule : rules) {
    SmallVector<StringRef> stars;
    if (rule.kind == Rule::Skip || !matches(rule.target, name, stars))
      continue;
    std::vector<char> out;
    std::string why;
    if (rule.kind == Rule::Keep || apply(rule, parameter, stars, out, why))
      return out;
    reasons += (reasons.empty() ? ": " : "; ") + (mapName.empty() ? "" : "line " + std::to_string(rule.line) + ": ") + why;
  }
  wrong.push_back("nothing gives parameter '" + name + "', " + nameOf(parameter.dtype) + " " +
                  shapeText(ArrayRef(parameter.dims, parameter.ndim)) + reasons);
  return {};
}

Exit Importer::run() {
  std::unique_ptr<llvm::MemoryBuffer> own;
  StringRef text = mapName.empty() ? "* = *" : knownMap(mapName);
  if (text.empty()) {
    if (!(own = readBytes(mapName)))
      return Fault;
    text = own->getBuffer();
  }
  if (!parse(text) || !readTensors())
    return Fault;
  const dlrt_model *model = session.model->get();
  std::vector<std::vector<char>> values;
  for (size_t i = 0; i < dlrt_model_params(model); ++i)
    values.push_back(give(*dlrt_model_param(model, i)));
  for (const dlrt::StoredTensor &t : tensors) {
    SmallVector<StringRef> stars;
    auto skips = [&](const Rule &rule) { return rule.kind == Rule::Skip && matches(rule.target, t.name, stars); };
    if (!sources[t.name].used && llvm::none_of(rules, skips))
      wrong.push_back(std::string("no parameter takes tensor '") + t.name + "', " + t.dtype + " " + shapeText(ArrayRef(t.shape, t.rank)) +
                      (mapName.empty() ? "" : ": write 'skip " + std::string(t.name) + "' if it is not needed"));
  }
  if (!wrong.empty()) {
    constexpr size_t most = 12;
    std::string all;
    for (StringRef line : ArrayRef(wrong).take_front(most))
      all += "\n  " + line.str();
    if (wrong.size() > most)
      all += "\n  and " + std::to_string(wrong.size() - most) + " more";
    return fail(file + ": does not fit the model" + (mapName.empty() ? ", without --weights-map" : " by the map " + mapName) + ":" + all);
  }
  for (auto [i, value] : llvm::enumerate(values))
    if (!value.empty())
      std::memcpy(session.params->view(dlrt_model_param(model, i)->name).data, value.data(), value.size());
  session.params->changed();
  noteLoaded(file, done);
  return Done;
}

bool isKnownMap(const std::string &map) { return !knownMap(map).empty(); }
Exit importWeights(Session &session, const std::string &weights, const std::string &map) { return Importer(session, weights, map).run(); }

} // namespace dlc::tools
