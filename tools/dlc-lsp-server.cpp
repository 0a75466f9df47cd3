// dlc-lsp-server: diagnostics, definitions and hovers of dl and dlx code in editors. MLIR's server knows no text of ours: it runs in a
// child, and where it answers with an op of dl the reference's part on it is added on the way out.
#include "compiler/Registration.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include <cstdio>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/dlc/Ops.inc"

using llvm::StringRef;

/// The reference's part on an op, "" where there is none.
static StringRef partOn(StringRef op) {
  std::string heading = ("\n### " + op + "\n").str();
  size_t at = reference.find(heading);
  return at == StringRef::npos ? "" : reference.substr(at + heading.size()).split("\n### ").first.split("\n## ").first.trim();
}

/// "dl.softmax" in quotes begins what the server says of such an op.
static std::string withReference(std::string message) {
  auto parsed = llvm::json::parse(message);
  if (!parsed) {
    llvm::consumeError(parsed.takeError());
    return message;
  }
  auto *object = parsed->getAsObject();
  auto *result = object ? object->getObject("result") : nullptr;
  auto *contents = result ? result->getObject("contents") : nullptr;
  auto value = contents ? contents->getString("value") : std::nullopt;
  if (!value || !value->starts_with("\"dl."))
    return message;
  (*contents)["value"] = (*value + "\n\n" + partOn(value->drop_front().split('"').first)).str();
  return llvm::formatv("{0}", *parsed);
}

/// Copies messages, each behind a header with its length, until there are no more.
static void pass(FILE *in) {
  char line[256];
  for (size_t bytes = 0; fgets(line, sizeof line, in);) {
    StringRef header = StringRef(line).trim();
    if (header.consume_front("Content-Length:"))
      (void)header.trim().getAsInteger(10, bytes);
    else if (header.empty() && bytes) { // what follows an empty line is the message
      std::string message(bytes, 0);
      if (fread(message.data(), 1, bytes, in) != bytes)
        return;
      message = withReference(std::move(message));
      printf("Content-Length: %zu\r\n\r\n%s", message.size(), message.c_str());
      fflush(stdout);
      bytes = 0;
    }
  }
}

int main(int argc, char **argv) {
  int ends[2];
  if (pipe(ends) != 0)
    return perror("dlc-lsp-server"), 1;
  pid_t child = fork();
  if (child < 0)
    return perror("dlc-lsp-server"), 1;
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]), close(ends[1]);
    mlir::DialectRegistry registry;
    dlc::registerAll(registry);
    return failed(mlir::MlirLspServerMain(argc, argv, registry));
  }
  close(ends[1]);
  pass(fdopen(ends[0], "r"));
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
