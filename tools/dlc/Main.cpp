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

/// The option that a user of other tools, or of a slow keyboard, meant; empty: none is near.
static std::string meant(const CLI::App &command, llvm::StringRef given) {
  static const std::pair<const char *, const char *> elsewhere[] = {{"--lr", "--optimizer 'sgd(lr=0.01)'"},
                                                                    {"--learning-rate", "--optimizer 'sgd(lr=0.01)'"},
                                                                    {"--momentum", "--optimizer 'sgd(momentum=0.9)'"},
                                                                    {"--batch-size", "--batch"},
                                                                    {"--steps", "--iterations"},
                                                                    {"--num-threads", "--threads"},
                                                                    {"--jobs", "--threads"},
                                                                    {"--out", "-o"}};
  auto has = [&](llvm::StringRef option) { return command.get_option_no_throw(option.split(' ').first.str()) != nullptr; };
  for (auto [theirs, ours] : elsewhere)
    if (given == theirs && has(ours))
      return ours;
  std::string best;
  unsigned least = 1 + given.size() / 5;
  for (const CLI::Option *option : command.get_options())
    for (const std::string &name : option->get_lnames())
      if (unsigned far = given.edit_distance("--" + name); far <= least && !option->get_group().empty())
        best = "--" + name, least = far - (far > 0);
  return best;
}
/// What CLI11 says of arguments that it could not place, the first first.
static std::string unexpected(const CLI::App &command, llvm::StringRef message) {
  llvm::SmallVector<llvm::StringRef> words;
  message.split(": ").second.split(words, ' ', -1, false);
  for (llvm::StringRef word : llvm::reverse(words))
    if (word.starts_with("-")) {
      word = word.split('=').first;
      std::string near = meant(command, word);
      return ("no option " + word + (near.empty() ? "" : ": write " + near)).str();
    }
  return words.empty() ? message.str() : ("unexpected argument '" + words.back() + "'").str();
}

int main(int argc, char **argv) {
  touchStack();
  std::signal(SIGXFSZ, SIG_IGN); // a write beyond the limit then fails as one to a full disk does
  CLI::App app("dlc: compiles neural networks, their gradients and optimisers into small native code", "dlc");
  app.set_version_flag("--version", "dlc " DLRT_VERSION);
  app.require_subcommand(1);
  app.failure_message([](const CLI::App *a, const CLI::Error &e) {
    const CLI::App *used = a->get_subcommands().empty() ? a : a->get_subcommands().front();
    std::string what = dynamic_cast<const CLI::ExtrasError *>(&e) ? unexpected(*used, e.what()) : e.what();
    return "dlc: error: " + what + "\nSee '" + (used == a ? "dlc" : "dlc " + used->get_name()) + " --help'.\n";
  });
  addZoo(app);
  addInit(app);
  addTrain(app);
  addEval(app);
  addPredict(app);
  addRun(app);
  addCompile(app);
  addInfo(app);
  addBench(app);
  addExplain(app);
  addProfile(app);
  addViz(app);
  addOps(app);
  addManual(app);
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
