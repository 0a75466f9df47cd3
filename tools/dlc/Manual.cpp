// dlc man, dlc completion: the manual page and what shells complete, from the options that the other commands declare.
#include "runtime/dlrt.h"
#include "tools/dlc/Support.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using llvm::StringRef;

namespace dlc::tools {
namespace {
std::vector<const CLI::App *> commandsOf(const CLI::App &app) {
  return app.get_subcommands([](const CLI::App *command) { return !command->get_group().empty(); });
}
/// Those that --help shows, positional ones first.
std::vector<const CLI::Option *> optionsOf(const CLI::App &command) {
  std::vector<const CLI::Option *> options;
  for (bool positional : {true, false})
    llvm::append_range(options, command.get_options([&](const CLI::Option *option) {
      return option->get_positional() == positional && !option->get_group().empty() && !option->check_name("--help");
    }));
  return options;
}
std::vector<std::string> namesOf(const CLI::Option &option) {
  std::vector<std::string> names;
  for (const std::string &name : option.get_snames())
    names.push_back("-" + name);
  for (const std::string &name : option.get_lnames())
    names.push_back("--" + name);
  return names;
}
bool takesValue(const CLI::Option &option) { return option.get_items_expected_max() > 0; }

/// For roff: a backslash and a minus stand for themselves, and no line begins with a request.
std::string roff(StringRef text) {
  std::string s;
  for (char c : text)
    s += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
  return (StringRef(s).starts_with(".") || StringRef(s).starts_with("'") ? "\\&" : "") + s;
}
void manual(const CLI::App &app, llvm::raw_ostream &os) {
  os << ".TH DLC 1 \"\" \"dlc " DLRT_VERSION "\"\n.SH NAME\ndlc \\- " << roff(StringRef(app.get_description()).split(": ").second)
     << "\n.SH SYNOPSIS\n.B dlc\n.I COMMAND\n[\\fIOPTIONS\\fR]\n.SH COMMANDS\n";
  for (const CLI::App *command : commandsOf(app)) {
    os << ".SS dlc " << roff(command->get_name());
    for (const CLI::Option *option : optionsOf(*command))
      if (option->get_positional())
        os << " " << (option->get_required() ? "" : "[") << roff(option->get_name(true)) << (option->get_required() ? "" : "]");
    os << "\n" << roff(command->get_description()) << "\n";
    for (const CLI::Option *option : optionsOf(*command)) {
      auto names = namesOf(*option);
      os << ".TP\n\\fB" << roff(option->get_positional() ? option->get_name(true) : llvm::join(names, ", ")) << "\\fR";
      if (!option->get_positional() && takesValue(*option))
        os << " \\fI" << roff(option->get_type_name()) << "\\fR";
      os << "\n" << roff(option->get_description());
      if (!option->get_default_str().empty())
        os << " [" << roff(option->get_default_str()) << "]";
      os << "\n";
    }
    os << ".P\n" << roff(command->get_footer()) << "\n";
  }
  os << ".SH EXIT STATUS\n0: done. 1: the model, the data or a comparison is at fault. 2: the command line is.\n";
}

void bash(const CLI::App &app, llvm::raw_ostream &os) {
  std::vector<std::string> all;
  for (const CLI::App *command : commandsOf(app))
    all.push_back(command->get_name());
  os << "_dlc() {\n  local word=${COMP_WORDS[COMP_CWORD]} words=\n  if [[ $COMP_CWORD -eq 1 ]]; then words='" << llvm::join(all, " ")
     << " --help --version'\n  elif [[ $word == -* ]]; then\n    case ${COMP_WORDS[1]} in\n";
  for (const CLI::App *command : commandsOf(app)) {
    std::vector<std::string> names;
    for (const CLI::Option *option : optionsOf(*command))
      llvm::append_range(names, namesOf(*option));
    os << "    " << command->get_name() << ") words='" << llvm::join(names, " ") << "' ;;\n";
  }
  os << "    esac\n  fi\n  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\ncomplete -o default -F _dlc dlc\n";
}
void fish(const CLI::App &app, llvm::raw_ostream &os) {
  auto quoted = [](std::string text) {
    std::string s = "'";
    for (char c : text)
      s += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    return s + "'";
  };
  for (const CLI::App *command : commandsOf(app)) {
    os << "complete -c dlc -n __fish_use_subcommand -f -a " << command->get_name() << " -d " << quoted(command->get_description()) << "\n";
    for (const CLI::Option *option : optionsOf(*command)) {
      if (option->get_positional())
        continue;
      os << "complete -c dlc -n '__fish_seen_subcommand_from " << command->get_name() << "'";
      for (const std::string &name : option->get_snames())
        os << " -s " << name;
      for (const std::string &name : option->get_lnames())
        os << " -l " << name;
      os << (takesValue(*option) ? " -r" : "") << " -d " << quoted(option->get_description()) << "\n";
    }
  }
}
} // namespace

void addManual(CLI::App &app) {
  CLI::App *page = app.add_subcommand("man", "prints the manual page, for man -l");
  setAction(page, "dlc man | man -l -", [&app] { return manual(app, llvm::outs()), Done; });

  auto shell = std::make_shared<std::string>();
  CLI::App *completion = app.add_subcommand("completion", "prints what a shell needs to complete commands and options");
  completion->add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  setAction(completion, "source <(dlc completion bash)", [&app, shell] {
    if (*shell == "fish")
      return fish(app, llvm::outs()), Done;
    if (*shell == "zsh")
      llvm::outs() << "#compdef dlc\nautoload -U +X bashcompinit && bashcompinit\n";
    return bash(app, llvm::outs()), Done;
  });
}

} // namespace dlc::tools
