// Compiled targets to an object or a shared library: the descriptor as data, lld in this process.
#include "compiler/emit/Artefact.h"
#include "lld/Common/Driver.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/Archive.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

LLD_HAS_DRIVER(elf)

namespace dlc {
using namespace llvm;

std::string modelName(StringRef path) {
  StringRef stem = sys::path::stem(path), extension = sys::path::extension(path);
  if (extension == ".so" || extension == ".o" || extension == ".a")
    stem.consume_front("lib");
  std::string name;
  for (char c : stem)
    name += isAlnum(c) ? c : '_';
  if (name.empty() || isDigit(name[0]))
    name = "model" + name;
  return name;
}
std::string symbolPrefix(StringRef model, const codegen::Target &target) {
  return (model + "_" + StringRef(target.name).take_back(2) + "_").str();
}

/// An object that holds the descriptor and the programs; kernel functions are external.
static Expected<std::string> describe(ArrayRef<Compiled> targets, const ArtefactOptions &options) {
  LLVMContext context;
  Module module("descriptor", context);
  std::unique_ptr<TargetMachine> machine = codegen::makeMachine(codegen::Target::x86("x86-64-v2"), 1);
  module.setTargetTriple(machine->getTargetTriple());
  module.setDataLayout(machine->createDataLayout());
  auto *i8 = Type::getInt8Ty(context), *i32 = Type::getInt32Ty(context), *i64 = Type::getInt64Ty(context);
  auto *ptr = PointerType::getUnqual(context);
  auto data = [&](Constant *value, unsigned align) {
    auto *g = new GlobalVariable(module, value->getType(), true, GlobalValue::InternalLinkage, value);
    g->setAlignment(Align(align));
    return g;
  };
  auto string = [&](StringRef s) { return data(ConstantDataArray::getString(context, s), 1); };
  auto bytes = [&](StringRef s, unsigned align) -> Constant * { return data(ConstantDataArray::getRaw(s, s.size(), i8), align); };
  auto *launch = FunctionType::get(i32, {ptr, ptr, i64, i64, ptr}, false);
  auto *record = StructType::get(context, {ptr, i64, ptr, i64, ptr, i64, ptr, i64, i32, i32}); // dlx_target
  SmallVector<Constant *> records;
  for (const Compiled &c : targets) {
    SmallVector<Constant *> functions;
    for (const std::string &name : c.program.functions) {
      auto *f = cast<Function>(module.getOrInsertFunction(symbolPrefix(options.model, c.target) + name, launch).getCallee());
      f->setVisibility(GlobalValue::HiddenVisibility);
      functions.push_back(f);
    }
    auto *table = data(ConstantArray::get(ArrayType::get(ptr, functions.size()), functions), 8);
    records.push_back(ConstantStruct::get(
        record, {string("cpu:" + c.target.name), ConstantInt::get(i64, cpuFeatures(c.target)),
                 bytes(StringRef(c.program.bytes.data(), c.program.bytes.size()), 64), ConstantInt::get(i64, c.program.bytes.size()), table,
                 ConstantInt::get(i64, functions.size()), ConstantPointerNull::get(ptr), ConstantInt::get(i64, 0),
                 ConstantInt::get(i32, DLX_DEVICE_CPU), ConstantInt::get(i32, 0)}));
  }
  Constant *weights = options.weights.empty() ? static_cast<Constant *>(ConstantPointerNull::get(ptr)) : bytes(options.weights, 64);
  auto *type = StructType::get(context, {i64, i32, i32, ptr, ptr, ptr, ptr, i64});
  auto *value = ConstantStruct::get(type, {ConstantInt::get(i64, DLX_DESCRIPTOR_MAGIC), ConstantInt::get(i32, DLX_VERSION),
                                           ConstantInt::get(i32, records.size()), string(options.model), string(buildId()),
                                           data(ConstantArray::get(ArrayType::get(record, records.size()), records), 8), weights,
                                           ConstantInt::get(i64, options.weights.size())});
  auto *descriptor = new GlobalVariable(module, type, true, GlobalValue::ExternalLinkage, value, options.model + "_descriptor");
  descriptor->setAlignment(Align(8));
  GlobalAlias::create(type, 0, GlobalValue::WeakAnyLinkage, "dlc_descriptor", descriptor, &module);
  SmallVector<char, 0> object;
  raw_svector_ostream os(object);
  legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, os, nullptr, CodeGenFileType::ObjectFile))
    return createStringError("the code generator cannot write objects");
  passes.run(module);
  return std::string(object.data(), object.size());
}

/// Runs lld on the objects; `arguments` come before them. The output's bytes.
static Expected<std::string> link(ArrayRef<Compiled> targets, const ArtefactOptions &options, ArrayRef<const char *> arguments,
                                  ArrayRef<std::string> more) {
  auto descriptor = describe(targets, options);
  if (!descriptor)
    return descriptor.takeError();
  SmallString<128> folder;
  if (std::error_code ec = sys::fs::createUniqueDirectory("dlc", folder))
    return createStringError(ec, "cannot make a folder for objects: " + ec.message());
  scope_exit clean([&] { sys::fs::remove_directories(folder); });
  std::vector<std::string> files;
  auto put = [&](StringRef bytes) -> Error {
    files.push_back((folder + "/" + Twine(files.size()) + ".o").str());
    std::error_code ec;
    raw_fd_ostream os(files.back(), ec);
    if (!ec) {
      os << bytes;
      os.close();
      ec = os.error();
      os.clear_error();
    }
    return ec ? createStringError(ec, "cannot write " + files.back() + ": " + ec.message()) : Error::success();
  };
  if (Error e = put(*descriptor))
    return e;
  for (const Compiled &c : targets)
    for (auto &object : c.objects)
      if (Error e = put(object->getBuffer()))
        return e;
  std::string out = (folder + "/out").str();
  std::vector<const char *> command{"ld.lld"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  command.push_back("-o");
  command.push_back(out.c_str());
  for (const std::string &f : files)
    command.push_back(f.c_str());
  for (const std::string &f : more)
    command.push_back(f.c_str());
  std::string messages;
  raw_string_ostream log(messages);
  auto result = lld::lldMain(command, log, log, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode)
    return createStringError("linking failed: " + messages);
  auto buffer = MemoryBuffer::getFile(out);
  if (!buffer)
    return createStringError("cannot read " + out);
  return (*buffer)->getBuffer().str();
}

Expected<std::string> makeObject(ArrayRef<Compiled> targets, const ArtefactOptions &options) {
  std::vector<std::string> runtime;
  if (options.standalone)
    runtime = {"--whole-archive", options.runtime};
  return link(targets, options, {"-r"}, runtime);
}

Expected<std::string> makeArchive(ArrayRef<Compiled> targets, const ArtefactOptions &options) {
  std::vector<NewArchiveMember> members(1); // the model's, then the runtime's: several such archives go into one program
  std::unique_ptr<object::Archive> runtime;
  std::unique_ptr<MemoryBuffer> bytes;
  if (options.standalone) {
    auto buffer = MemoryBuffer::getFile(options.runtime);
    if (!buffer)
      return createStringError("cannot read " + options.runtime);
    bytes = std::move(*buffer);
    auto archive = object::Archive::create(*bytes);
    if (!archive)
      return archive.takeError();
    runtime = std::move(*archive);
    Error e = Error::success();
    for (const object::Archive::Child &child : runtime->children(e)) {
      auto member = NewArchiveMember::getOldMember(child, /*Deterministic=*/true);
      if (!member)
        return joinErrors(std::move(e), member.takeError());
      members.push_back(std::move(*member));
    }
    if (e)
      return e;
  }
  auto object = link(targets, options, {"-r"}, {});
  if (!object)
    return object.takeError();
  std::string name = options.model + ".o";
  members[0] = NewArchiveMember(MemoryBufferRef(*object, name));
  auto archive =
      writeArchiveToBuffer(members, SymtabWritingMode::NormalSymtab, object::Archive::K_GNU, /*Deterministic=*/true, /*Thin=*/false);
  if (!archive)
    return archive.takeError();
  return (*archive)->getBuffer().str();
}

Expected<std::string> makeLibrary(ArrayRef<Compiled> targets, const ArtefactOptions &options) {
  std::vector<std::string> more;
  if (options.standalone)
    more = {"--whole-archive", options.runtime, "--no-whole-archive"};
  // f64 functions come from libm, if any kernel calls them.
  for (const char *path : {"/lib/x86_64-linux-gnu/libm.so.6", "/lib64/libm.so.6", "/usr/lib/libm.so.6"})
    if (sys::fs::exists(path)) {
      more.insert(more.end(), {"--as-needed", path});
      break;
    }
  auto library = link(targets, options,
                      {"-shared", "-z", "now", "-z", "noexecstack", "--hash-style=gnu", "--gc-sections", "-s", "-z", "nognustack",
                       "--build-id=none", "-soname", options.soname.c_str()},
                      more);
  if (!library)
    return library;
  dlx_trailer trailer = {DLX_TRAILER_MAGIC, library->size() + sizeof(dlx_trailer), dlx_checksum(library->data(), library->size())};
  library->append(reinterpret_cast<const char *>(&trailer), sizeof(trailer));
  return library;
}
} // namespace dlc
