// Compiled targets to an object or a shared library: the descriptor as data.
#include "compiler/emit/Artefact.h"
#include "compiler/codegen/cpu/Cpu.h"
#include "compiler/emit/Link.h"
#include "runtime/Seal.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/Archive.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/Path.h"
#include "llvm/Target/TargetMachine.h"

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
  return (model + "_" + target.backend->getTag(target) + "_").str();
}

static Expected<std::string> writeObject(Module &module, TargetMachine &machine) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  SmallVector<char, 0> object;
  raw_svector_ostream os(object);
  legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, os, nullptr, CodeGenFileType::ObjectFile))
    return createStringError("the code generator cannot write objects");
  passes.run(module);
  return std::string(object.data(), object.size());
}

/// An object that holds the descriptor and the programs; kernel functions are external.
static Expected<std::string> describe(ArrayRef<Compiled> targets, const ArtefactOptions &options) {
  LLVMContext context;
  Module module("descriptor", context);
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
        record, {string(c.target.spelled()), ConstantInt::get(i64, c.target.backend->getFeatures(c.target)),
                 bytes(StringRef(c.program.bytes.data(), c.program.bytes.size()), 64), ConstantInt::get(i64, c.program.bytes.size()), table,
                 ConstantInt::get(i64, functions.size()), ConstantPointerNull::get(ptr), ConstantInt::get(i64, 0),
                 ConstantInt::get(i32, c.target.backend->getDevice()), ConstantInt::get(i32, 0)}));
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
  return writeObject(module, *codegen::cpu::makeMachine(targets.front().target, 1));
}

/// libm as a linker sees it, with the functions that kernels call: whatever the machine is, and whatever this one has.
static Expected<std::string> makeLibm(Linker &linker, const codegen::Target &target) {
  LLVMContext context;
  Module module("libm", context);
  for (StringRef name : codegen::cpu::libmNames()) {
    auto *f = Function::Create(FunctionType::get(Type::getVoidTy(context), false), GlobalValue::ExternalLinkage, name, module);
    ReturnInst::Create(context, BasicBlock::Create(context, "", f));
  }
  auto object = writeObject(module, *codegen::cpu::makeMachine(target, 0));
  if (!object)
    return object.takeError();
  auto path = linker.put(*object);
  if (!path)
    return path.takeError();
  auto library = linker.link({"-shared", "-soname", "libm.so.6", *path});
  return library ? linker.put(*library) : library.takeError();
}

/// A kernel calls a function of libm.
static bool callsLibm(StringRef object) {
  auto file = cantFail(object::ObjectFile::createELFObjectFile(MemoryBufferRef(object, "")));
  return any_of(file->symbols(), [](const object::SymbolRef &symbol) {
    return cantFail(symbol.getFlags()) & object::SymbolRef::SF_Undefined &&
           is_contained(codegen::cpu::libmNames(), cantFail(symbol.getName()));
  });
}

/// The descriptor's and the kernels' objects with `arguments` around them. `libm`: it is linked to, if anything needs it.
static Expected<std::string> link(ArrayRef<Compiled> targets, const ArtefactOptions &options, std::vector<std::string> arguments,
                                  ArrayRef<std::string> behind, bool libm) {
  auto linker = Linker::create();
  if (!linker)
    return linker.takeError();
  auto descriptor = describe(targets, options);
  if (!descriptor)
    return descriptor.takeError();
  SmallVector<StringRef> objects{*descriptor};
  for (const Compiled &c : targets)
    for (auto &object : c.objects)
      objects.push_back(object->getBuffer());
  for (StringRef object : objects) {
    auto path = linker->put(object);
    if (!path)
      return path.takeError();
    arguments.push_back(*path);
  }
  llvm::append_range(arguments, behind);
  if (libm && (options.standalone || any_of(objects, callsLibm))) {
    auto path = makeLibm(*linker, targets.front().target);
    if (!path)
      return path.takeError();
    arguments.push_back(*path);
  }
  return linker->link(arguments);
}

Expected<std::string> makeObject(ArrayRef<Compiled> targets, const ArtefactOptions &options) {
  std::vector<std::string> runtime;
  if (options.standalone)
    runtime = {"--whole-archive", options.runtime};
  return link(targets, options, {"-r"}, runtime, false);
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
  auto object = link(targets, options, {"-r"}, {}, false);
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
  dlx_seal none = {DLX_SEAL_MAGIC, 0};
  std::string id = "--build-id=0x" + llvm::toHex(ArrayRef(reinterpret_cast<const uint8_t *>(&none), sizeof none), /*LowerCase=*/true);
  auto library = link(targets, options,
                      {"-shared", "-z", "now", "-z", "noexecstack", "--hash-style=gnu", "--gc-sections", "-s", "-z", "nognustack", id,
                       "-soname", options.soname},
                      more, true);
  if (!library)
    return library;
  dlrt::Seal seal;
  if (!seal.find(reinterpret_cast<const unsigned char *>(library->data()), std::min<uint64_t>(library->size(), dlrt::Seal::headBytes)))
    return createStringError("the linker put the build ID elsewhere than at the begin");
  std::vector<char> buffer(1 << 16);
  uint64_t checksum = 0;
  seal.sum(
      buffer.data(), buffer.size(), [&](uint64_t at, void *to, uint64_t n) { return memcpy(to, library->data() + at, n), 0; }, checksum);
  memcpy(library->data() + seal.at(), &checksum, sizeof checksum);
  return library;
}
} // namespace dlc
