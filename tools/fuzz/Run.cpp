// Builds of a model and their runs.
#include "tools/fuzz/Run.h"
#include "compiler/emit/Artefact.h"
#include "dialects/dl/Bounds.h"
#include "mlir/IR/TypeUtilities.h"
#include "runtime/dlrt.h"
#include "llvm/Support/FileSystem.h"
#include <sys/mman.h>

using namespace mlir;
namespace dlc::fuzz {

unsigned storageBytes(Type t) { return t.isInteger(1) ? 1 : t.getIntOrFloatBitWidth() / 8; }
static dlrt_datatype datatypeOf(Type t) {
  auto bits = uint8_t(t.getIntOrFloatBitWidth());
  if (t.isInteger(1))
    return {6, 8, 1};
  return {uint8_t(t.isBF16() ? 4 : isa<FloatType>(t) ? 2 : 0), bits, 1};
}
template <typename T> static void put(char *to, size_t i, T v) { memcpy(to + i * sizeof v, &v, sizeof v); }
template <typename T> static T get(const char *from, size_t i) {
  T v;
  memcpy(&v, from + i * sizeof v, sizeof v);
  return v;
}
Bytes toBytes(const Values &values, Type t) {
  Bytes bytes(values.cells.size() * storageBytes(t));
  for (auto [i, v] : llvm::enumerate(values.cells))
    if (t.isF64())
      put(bytes.data(), i, v.f);
    else if (t.isF32())
      put(bytes.data(), i, float(v.f));
    else if (t.isBF16()) // it holds one
      put(bytes.data(), i, uint16_t(llvm::bit_cast<uint32_t>(float(v.f)) >> 16));
    else if (storageBytes(t) == 1)
      put(bytes.data(), i, int8_t(v.i));
    else if (storageBytes(t) == 4)
      put(bytes.data(), i, int32_t(v.i));
    else
      put(bytes.data(), i, v.i);
  return bytes;
}
Num element(const char *bytes, size_t i, Type t) {
  if (t.isF64())
    return {get<double>(bytes, i)};
  if (t.isF32())
    return {get<float>(bytes, i)};
  if (t.isBF16())
    return {llvm::bit_cast<float>(uint32_t(get<uint16_t>(bytes, i)) << 16)};
  return {0, storageBytes(t) == 1 ? get<int8_t>(bytes, i) : storageBytes(t) == 4 ? get<int32_t>(bytes, i) : get<int64_t>(bytes, i)};
}

Surface Surface::of(func::FuncOp f) {
  Surface s;
  s.entry = f.getName() == "main" ? "run" : f.getName().str();
  for (BlockArgument a : f.getArguments()) {
    unsigned n = a.getArgNumber();
    auto param = f.getArgAttrOfType<dl::ParamAttr>(n, "dl.param");
    auto name = f.getArgAttrOfType<StringAttr>(n, "dl.name");
    s.arguments.push_back({param ? param.getName().str() : name ? name.str() : "", a.getType(), bool(param), param && param.isState()});
  }
  for (auto [n, type] : llvm::enumerate(f.getResultTypes())) {
    auto state = f.getResultAttrOfType<StringAttr>(n, "dl.state"), name = f.getResultAttrOfType<StringAttr>(n, "dl.name");
    bool carried = state && llvm::any_of(s.arguments, [&](const Tensor &t) { return t.state && t.name == state.getValue(); });
    s.results.push_back({state ? state.str() : name ? name.str() : "", type, bool(state), carried});
  }
  return s;
}
SmallVector<int64_t> shapeOf(Type type, const Symbols &symbols) {
  return llvm::map_to_vector(dl::getExtents(type),
                             [&](AffineExpr e) { return dl::evaluate(e, [&](StringRef name) { return symbols.find(name)->second; }); });
}
OwningOpRef<ModuleOp> withConstants(ModuleOp module, const Symbols &symbols) {
  OwningOpRef<ModuleOp> copy(module.clone());
  llvm::StringMap<int64_t> values;
  for (auto &[name, value] : symbols)
    values[name] = value;
  dl::substituteSymbols(*copy, values);
  return copy;
}

CompileOptions Build::options() const {
  CompileOptions options;
  options.level = level;
  options.target = codegen::Target::get(target);
  options.threads = 1;
  options.chainBytes = chains ? 64 : options.chainBytes;
  return options;
}
std::unique_ptr<Session> Session::open(ModuleOp module, const Build &build, std::string &why) {
  std::unique_ptr<Session> self(new Session);
  ScopedDiagnosticHandler handler(module.getContext(), [&](Diagnostic &d) {
    if (d.getSeverity() == DiagnosticSeverity::Error)
      why += d.str() + "\n";
    return success();
  });
  CompileOptions options = build.options();
  auto refuse = [&](StringRef otherwise) {
    why = why.empty() ? otherwise.str() : why;
    return nullptr;
  };
  if (failed(runStages(module, options)))
    return refuse("a stage failed");
  auto compiled = compileScheduled(module, options, build.library ? "fuzz" : "");
  if (failed(compiled))
    return refuse("code generation failed");
  if (build.library) {
    ArtefactOptions artefact;
    artefact.model = "fuzz";
    auto bytes = makeLibrary(*compiled, artefact);
    if (!bytes)
      return refuse(llvm::toString(bytes.takeError()));
    SmallString<64> path;
    int file;
    if (llvm::sys::fs::createTemporaryFile("dlc-fuzz", "so", file, path))
      return refuse("no temporary file");
    llvm::raw_fd_ostream(file, true) << *bytes;
    bool failed = dlrt_model_load(path.c_str(), &self->model);
    llvm::sys::fs::remove(path);
    if (failed)
      return refuse(dlrt_error());
  } else {
    auto loaded = Loaded::create(std::move(*compiled), "fuzz");
    if (!loaded)
      return refuse(llvm::toString(loaded.takeError()));
    self->code = std::move(*loaded);
    if (dlrt_model_open(self->code->descriptor(), &self->model))
      return refuse(dlrt_error());
  }
  if (dlrt_params_new(self->model, &self->params) || dlrt_state_new(self->model, &self->state))
    return refuse(dlrt_error());
  if (std::string e = self->setThreads(1); !e.empty())
    return refuse(e);
  return self;
}
std::string Session::setThreads(int threads) {
  dlrt_context_free(std::exchange(context, nullptr));
  dlrt_team_free(std::exchange(team, nullptr));
  bool failed = (threads > 1 && dlrt_team_new(threads, &team)) || dlrt_context_new(model, params, team, &context);
  return failed ? dlrt_error() : "";
}
Session::~Session() {
  dlrt_context_free(context);
  dlrt_team_free(team);
  dlrt_state_free(state);
  dlrt_params_free(params);
  dlrt_model_free(model);
}

namespace {
/// A buffer as far right as its alignment lets it lie before a page that may not be touched, with one more of those before it.
/// What lies around it in its own pages must not change.
class Room {
public:
  Room() = default;
  Room(const Room &) = delete;
  ~Room() {
    if (pages)
      munmap(pages, length + 2 * page);
  }
  dlrt_tensor view(Type type, const Symbols &symbols) {
    shape = shapeOf(type, symbols);
    Type element = getElementTypeOrSelf(type);
    size = llvm::product_of(shape) * storageBytes(element);
    length = std::max<size_t>(llvm::alignTo(size, page), page);
    pages = static_cast<char *>(mmap(nullptr, length + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (pages == MAP_FAILED || mprotect(pages + page, length, PROT_READ | PROT_WRITE))
      llvm::report_fatal_error("out of memory");
    memset(pages + page, canary, length);
    data = pages + page + length - size;
    return {data, {1, 0}, int32_t(shape.size()), datatypeOf(element), shape.data(), nullptr, 0};
  }
  bool intact() const {
    auto whole = [](const char *from, const char *to) { return std::all_of(from, to, [](char c) { return c == canary; }); };
    return !pages || (whole(pages + page, data) && whole(data + size, pages + page + length));
  }
  char *data = nullptr;
  size_t size = 0;

private:
  static constexpr size_t page = 4096;
  static constexpr char canary = 0x55;
  SmallVector<int64_t> shape;
  char *pages = nullptr;
  size_t length = 0;
};
} // namespace

std::string Session::run(const Surface &surface, ArrayRef<Bytes> arguments, const Symbols &symbols, std::vector<Bytes> &results) {
  size_t entry = 0;
  if (dlrt_entry_find(model, surface.entry.c_str(), &entry))
    return dlrt_error();
  std::vector<Room> rooms(surface.arguments.size()), others(surface.results.size());
  std::vector<dlrt_tensor> in, out;
  for (auto [argument, bytes, room] : llvm::zip_equal(surface.arguments, arguments, rooms)) {
    dlrt_tensor view = room.view(argument.type, symbols);
    memcpy(room.data, bytes.data(), bytes.size());
    if (!argument.param)
      in.push_back(view);
    else if (argument.state ? dlrt_state_set(state, argument.name.c_str(), &view) : dlrt_params_set(params, argument.name.c_str(), &view))
      return dlrt_error();
  }
  for (auto [result, room] : llvm::zip_equal(surface.results, others))
    if (!result.param)
      out.push_back(room.view(result.type, symbols));
  if (dlrt_run(context, entry, state, in.data(), in.size(), out.data(), out.size()))
    return dlrt_error();
  for (auto &list : {&rooms, &others})
    if (!llvm::all_of(*list, [](const Room &room) { return room.intact(); }))
      return overrun;
  results.clear();
  for (auto [result, room] : llvm::zip_equal(surface.results, others)) {
    if (result.param) {
      dlrt_tensor view{};
      if (result.state ? dlrt_state_get(state, result.name.c_str(), &view) : dlrt_params_get(params, result.name.c_str(), &view))
        return dlrt_error();
      auto *data = static_cast<char *>(view.data);
      results.emplace_back(data, data + llvm::product_of(shapeOf(result.type, symbols)) * storageBytes(getElementTypeOrSelf(result.type)));
    } else {
      results.emplace_back(room.data, room.data + room.size);
    }
  }
  return "";
}
} // namespace dlc::fuzz
