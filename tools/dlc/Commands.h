// The subcommands of dlc, a file each, and how they end.
#pragma once
#include <CLI/CLI.hpp>
#include <functional>

namespace dlc::tools {

enum Exit {
  Done = 0,
  Fault = 1, ///< the model, the data or a comparison
  Usage = 2  ///< of the command line
};

/// Makes the kernel back some stack: it is not asked for later, when a limit of the address space may be met.
void touchStack();

/// What `command` does when it was chosen, once its options have been read; `example` ends its --help.
void setAction(CLI::App *command, const std::string &example, std::function<Exit()> action);

void addInit(CLI::App &app);
void addTrain(CLI::App &app);
void addZoo(CLI::App &app);
void addEval(CLI::App &app);
void addPredict(CLI::App &app);
void addRun(CLI::App &app);
void addCompile(CLI::App &app);
void addInfo(CLI::App &app);
void addBench(CLI::App &app);
void addExplain(CLI::App &app);
void addProfile(CLI::App &app);
void addViz(CLI::App &app);
void addOps(CLI::App &app);
/// Of all that `app` has by the time that they run.
void addManual(CLI::App &app);

} // namespace dlc::tools
