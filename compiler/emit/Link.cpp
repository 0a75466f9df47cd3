// lld in this process.
#include "compiler/emit/Link.h"
#include "lld/Common/Driver.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

LLD_HAS_DRIVER(elf)

namespace dlc {
using namespace llvm;

Expected<Linker> Linker::create() {
  Linker linker;
  if (std::error_code ec = sys::fs::createUniqueDirectory("dlc", linker.folder))
    return createStringError(ec, "cannot make a folder for objects: " + ec.message());
  return linker;
}
Linker::~Linker() {
  if (!folder.empty())
    sys::fs::remove_directories(folder);
}

Expected<std::string> Linker::put(StringRef bytes) {
  std::string path = (folder + "/" + Twine(files++) + ".o").str();
  std::error_code ec;
  raw_fd_ostream os(path, ec);
  if (!ec) {
    os << bytes;
    os.close();
    ec = os.error();
    os.clear_error();
  }
  if (ec)
    return createStringError("cannot write " + path + ": " + ec.message());
  return path;
}

Expected<std::string> Linker::link(ArrayRef<std::string> arguments) {
  std::string out = (folder + "/out").str();
  std::vector<const char *> command{"ld.lld", "-o", out.c_str()};
  for (const std::string &a : arguments)
    command.push_back(a.c_str());
  std::string messages;
  raw_string_ostream log(messages);
  auto result = lld::lldMain(command, log, log, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode)
    return createStringError("linking failed: " + messages);
  auto buffer =
      MemoryBuffer::getFile(out, /*IsText=*/false, /*RequiresNullTerminator=*/false, /*IsVolatile=*/true); // not mapped: it is overwritten
  if (!buffer)
    return createStringError("cannot read " + out);
  return (*buffer)->getBuffer().str();
}
} // namespace dlc
