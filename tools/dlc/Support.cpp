// Models in, files out, messages.
#include "tools/dlc/Support.h"
#include "compiler/Pipeline.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/AsmParser/AsmParserState.h"
#include "mlir/Parser/Parser.h"
#include "runtime/Foreign.h"
#include "runtime/data/File.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dlc::tools {

Exit fail(const llvm::Twine &message) {
  llvm::errs() << "dlc: error: " << message << "\n";
  return Fault;
}
Exit misuse(const llvm::Twine &message) {
  fail(message);
  return Usage;
}

/// What to write instead, where MLIR's own parser refuses a model's text.
static void addHint(mlir::MLIRContext *context, mlir::Diagnostic &d) {
  std::string text = d.str();
  llvm::StringRef name = llvm::StringRef(text);
  if (name.consume_front("custom op 'dl.") && name.contains("' is unknown")) {
    name = name.take_until([](char c) { return c == '\''; });
    llvm::StringRef best;
    unsigned least = 1 + name.size() / 4; // beyond it is another word
    for (mlir::RegisteredOperationName op : context->getRegisteredOperations())
      if (llvm::StringRef known = op.stripDialect(); op.getDialectNamespace() == "dl")
        if (unsigned far = name.edit_distance(known); far <= least && (best.empty() || far < least))
          best = known, least = far;
    d.attachNote() << (best.empty() ? "`dlc ops` lists those that there are" : "the nearest op is dl." + best.str());
  } else if (name == "expected non-function type") {
    d.attachNote() << "write a tensor such as tensor<8x4xf32>; elements are f32, f64, bf16, i1, i8, i32 or i64";
  } else if (name == "'func.func' op arguments may only have dialect attributes") {
    d.attachNote() << "attributes of arguments are dl.name, dl.param and dl.range";
  } else if (name == "'func.func' op results may only have dialect attributes") {
    d.attachNote() << "attributes of results are dl.name and dl.state";
  } else if (name.starts_with("Dialect `")) {
    d.attachNote() << "models are written in dl ops and func.func";
  }
}

Model::Model()
    : handler(sources, &context), hints(&context, [this](mlir::Diagnostic &d) {
        addHint(&context, d);
        spoke = true;
        return mlir::failure(); // the other handler prints it
      }) {
  loadDialects(context);
  context.printOpOnDiagnostic(false); // the place in the source says it
}

static Exit cannot(const char *what, llvm::StringRef path, int error) {
  return fail(llvm::Twine("cannot ") + what + " '" + path + "': " + std::strerror(error));
}
/// Appends what can be read, in pieces, until `check` says stop. False after a message.
static bool readAll(int fd, llvm::StringRef path, llvm::SmallVectorImpl<char> &bytes, llvm::function_ref<bool(llvm::StringRef)> check) {
  while (true) {
    size_t before = bytes.size();
    bytes.resize_for_overwrite(before + (1 << 16));
    ssize_t n;
    do
      n = ::read(fd, bytes.data() + before, 1 << 16);
    while (n < 0 && errno == EINTR);
    bytes.truncate(before + std::max<ssize_t>(n, 0));
    if (n < 0)
      return cannot("read", path, errno) == Done;
    if (n == 0)
      return true;
    if (!check(llvm::StringRef(bytes.data() + before, n)))
      return false;
  }
}
std::unique_ptr<llvm::MemoryBuffer> readBytes(llvm::StringRef path) {
  int fd = open(path.str().c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  auto close = llvm::scope_exit([&] { ::close(fd); });
  struct stat info;
  if (fd < 0 || fstat(fd, &info) != 0)
    return cannot("read", path, errno), nullptr;
  if (!S_ISREG(info.st_mode))
    return fail("cannot read '" + path + "': not a regular file"), nullptr;
  llvm::SmallVector<char, 0> bytes;
  bytes.reserve(info.st_size + (1 << 16));
  if (!readAll(fd, path, bytes, [](llvm::StringRef) { return true; }))
    return nullptr;
  return std::make_unique<llvm::SmallVectorMemoryBuffer>(std::move(bytes), path);
}
/// What a file is by its first bytes, where it is no text, and what to give instead; empty: unknown.
static std::string foreign(llvm::StringRef text) {
  constexpr const char *net = ": give the net in dl ops (`dlc zoo NAME` prints one)";
  constexpr const char *weights = ": it holds weights, which go with a model: --weights, as safetensors";
  unsigned char head[16] = {};
  memcpy(head, text.data(), std::min(text.size(), sizeof head));
  auto begins = [&](llvm::StringRef with, size_t at = 0) { return !memcmp(head + at, with.data(), with.size()); };
  if (begins("\x7f"
             "ELF"))
    return "compiled already: give the model that it was compiled from";
  if (begins("\x1f\x8b"))
    return "compressed by gzip: give it unpacked";
  if (begins("ML\xefR"))
    return "MLIR bytecode: write it as text, by mlir-opt";
  if (const char *kind = dlrt::foreignKind(head))
    return std::string(kind) + (begins("\x93NUMPY") ? ": inputs are given by --input NAME=F.npy" : weights);
  if (begins("TFL3", 4))
    return std::string("a TensorFlow Lite model") + net;
  if (head[0] == 8 && head[1] < 32 && (head[2] == 0x12 || head[2] == 0x1a || head[2] == 0x3a)) // ir_version, then the producer or the graph
    return std::string("an ONNX model, which dlc does not read") + net;
  if (begins("{", 8) && !head[7])
    return std::string("a safetensors file") + weights;
  return "";
}
std::unique_ptr<llvm::MemoryBuffer> Model::readText(llvm::StringRef path) {
  constexpr size_t most = size_t(1) << 30;
  int fd = path == "-" ? STDIN_FILENO : open(path.str().c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  auto close = llvm::scope_exit([&] {
    if (fd != STDIN_FILENO)
      ::close(fd);
  });
  if (fd < 0)
    return cannot("read", path, errno), nullptr;
  llvm::SmallVector<char, 0> text;
  bool good = readAll(fd, path, text, [&](llvm::StringRef piece) { // so that what never ends is not read for ever
    auto control = llvm::find_if(piece, [](char c) { return uint8_t(c) < 32 && !llvm::isSpace(c); });
    if (control == piece.end())
      return text.size() <= most || fail("'" + path + "' is no model's text: it has more than " + llvm::Twine(most) + " bytes") == Done;
    if (std::string kind = foreign(llvm::StringRef(text.data(), text.size())); !kind.empty())
      return fail("'" + path + "' is " + kind) == Done;
    return fail("'" + path + "' is no model's text: byte " + llvm::Twine(text.size() - piece.size() + (control - piece.begin())) + " is " +
                llvm::Twine(int(*control))) == Done;
  });
  return good ? std::make_unique<llvm::SmallVectorMemoryBuffer>(std::move(text), path == "-" ? "<stdin>" : path) : nullptr;
}
bool Model::read(llvm::StringRef path) {
  auto text = readText(path);
  return text && parse(std::move(text));
}
/// The place of a value that the text calls by a name, no number: it has the name, and so has what is made of the value.
static mlir::Location named(llvm::SMRange name, mlir::Location place) {
  llvm::StringRef text(name.Start.getPointer(), name.End.getPointer() - name.Start.getPointer());
  if (!text.consume_front("%") || text.empty() || llvm::isDigit(text.front()) || !llvm::isa<mlir::FileLineColLoc>(place))
    return place;
  return mlir::NameLoc::get(mlir::StringAttr::get(place.getContext(), text), place);
}
static void keepNames(const mlir::AsmParserState &state) {
  for (const auto &definition : state.getOpDefs())
    if (!definition.resultGroups.empty())
      definition.op->setLoc(named(definition.resultGroups.front().definition.loc, definition.op->getLoc()));
  for (const auto &definition : state.getBlockDefs())
    for (auto [argument, name] : llvm::zip(definition.block->getArguments(), definition.arguments))
      argument.setLoc(named(name.loc, argument.getLoc()));
}
bool Model::parse(std::unique_ptr<llvm::MemoryBuffer> text) {
  if (std::string deep = findTooDeep(text->getBuffer()); !deep.empty())
    return fail("'" + text->getBufferIdentifier() + "' " + deep) == Done;
  auto place = mlir::FileLineColLoc::get(&context, text->getBufferIdentifier(), 0, 0);
  sources.AddNewSourceBuffer(std::move(text), {});
  mlir::Block block;
  mlir::AsmParserState state;
  if (failed(mlir::parseAsmSourceFile(sources, &block, &context, &state)))
    return false;
  keepNames(state);
  module = mlir::detail::constructContainerOpForParserIfNecessary<mlir::ModuleOp>(&block, &context, place);
  return static_cast<bool>(module);
}

bool isRegularFile(llvm::StringRef path) {
  struct stat info;
  return stat(path.str().c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

/// Device and inode of a file, behind links; where it is not there yet, of the folder, and the name in it.
static std::optional<std::string> identify(llvm::StringRef path, int standard) {
  struct stat info;
  if (path == "-" ? fstat(standard, &info) == 0 : stat(path.str().c_str(), &info) == 0)
    return S_ISREG(info.st_mode) ? std::optional(std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino)) : std::nullopt;
  std::string folder = llvm::sys::path::parent_path(path).str();
  if (path == "-" || stat(folder.empty() ? "." : folder.c_str(), &info) != 0)
    return std::nullopt;
  return std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino) + "/" + llvm::sys::path::filename(path).str();
}
void Files::read(llvm::StringRef path, const llvm::Twine &what) {
  if (!path.empty())
    inputs.push_back({path.str(), what.str(), identify(path, STDIN_FILENO)});
}
void Files::write(llvm::StringRef path, const llvm::Twine &what) {
  if (!path.empty())
    outputs.push_back({path.str(), what.str(), identify(path, STDOUT_FILENO)});
}
/// What keeps a file from being written, or 0.
static int obstacle(const std::string &path) {
  struct stat info;
  if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
    return S_ISDIR(info.st_mode) ? EISDIR : access(path.c_str(), W_OK) != 0 ? errno : 0;
  llvm::SmallString<128> real; // it is written beside, and renamed
  if (llvm::sys::fs::real_path(path, real))
    real = path;
  else if (access(path.c_str(), W_OK) != 0)
    return errno;
  std::string folder = llvm::sys::path::parent_path(real).str();
  return access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) != 0 ? errno : 0;
}
Exit Files::check() const {
  for (auto [i, out] : llvm::enumerate(outputs)) {
    if (out.identity)
      for (llvm::ArrayRef<File> others : {llvm::ArrayRef(inputs), llvm::ArrayRef(outputs).take_front(i)})
        for (const File &other : others)
          if (other.identity == out.identity)
            return misuse("'" + out.path + "' is " + other.what + ": choose another output");
    if (int error = out.path == "-" ? 0 : obstacle(out.path))
      return cannot("write", out.path, error);
  }
  return Done;
}

std::string checkSeed(const std::string &text) {
  uint64_t seed;
  return llvm::StringRef(text).getAsInteger(10, seed) ? "expected a whole number from 0 to 18446744073709551615" : "";
}

Exit write(llvm::StringRef path, llvm::StringRef contents) {
  if (path == "-") {
    llvm::outs() << contents;
    return Done; // Main reports what could not be written
  }
  data::Status status = data::writeFile(path.str(), {contents}, data::Sync::no); // by a model, again at any time
  return status ? Done : fail(status.error().message);
}

} // namespace dlc::tools
