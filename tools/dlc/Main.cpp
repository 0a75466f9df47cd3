// dlc: the command line. Reads options, runs the subcommand's action, and turns what it found into an exit status.
#include "runtime/dlrt.hpp"
#include "tools/dlc/Commands.h"
#include "tools/dlc/Support.h"
#include "llvm/ADT/StringExtras.h"
#include <csignal>

using namespace dlc::tools;

static std::function<Exit()> chosen;

void dlc::tools::setAction(CLI::App *command, const std::string &example, std::function<Exit()> action) {
  command->footer("Example: " + example);
  command->callback([action = std::move(action)] {
    chosen = [action] {
      try {
        return action();
      } catch (const dlrt::Error &e) {
        return fail(e.what());
      }
    };
  });
}

int main(int argc, char **argv) {
  installFailureHandlers();
  std::signal(SIGXFSZ, SIG_IGN); // a write beyond the limit then fails as one to a full disk does
  CLI::App app("dlc: compiles neural networks, their gradients and optimisers into small native code", "dlc");
  app.set_version_flag("--version", "dlc " DLRT_VERSION);
  app.require_subcommand(1);
  app.failure_message([](const CLI::App *a, const CLI::Error &e) {
    const CLI::App *used = a->get_subcommands().empty() ? a : a->get_subcommands().front();
    return "dlc: error: " + std::string(e.what()) + "\nSee '" + (used == a ? "dlc" : "dlc " + used->get_name()) + " --help'.\n";
  });
  addZoo(app);
  addInit(app);
  addTrain(app);
  addRun(app);
  addCompile(app);
  addInfo(app);
  addBench(app);
  addExplain(app);
  addProfile(app);
  auto commands = app.get_subcommands([](CLI::App *) { return true; });
  if (argc > 1 && argv[1][0] != '-' && llvm::none_of(commands, [&](CLI::App *c) { return c->get_name() == argv[1]; }))
    return misuse(llvm::Twine("no command '") + argv[1] + "': there are " +
                  llvm::join(llvm::map_range(commands, [](CLI::App *c) { return c->get_name(); }), ", "));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &e) {
    int status = app.exit(e, std::cout, std::cerr) == 0 ? Done : Usage;
    return std::cout.flush() ? status : Fault;
  }
  int status = chosen();
  llvm::outs().flush();
  if (llvm::outs().has_error()) {
    llvm::errs() << "dlc: error: cannot write to the standard output: " << llvm::outs().error().message() << "\n";
    llvm::outs().clear_error();
    return Fault;
  }
  return status;
}
