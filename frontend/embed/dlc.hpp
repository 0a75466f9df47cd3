// dlc in your process: a net that is built here, or a model's text, becomes code of this process and a dlrt::Model.
//
// Header only over libdlc's C functions, C++17. What is wrong with a model is a value, Compiled::diagnostics(); dlrt::Error
// is thrown by load(), as by all of dlrt.hpp. Threads: as dlc.h says.
#ifndef DLC_FRONTEND_EMBED_DLC_HPP
#define DLC_FRONTEND_EMBED_DLC_HPP
#include "dlc.h"
#include "dlrt.hpp"
#include <initializer_list>
#include <string_view>

namespace dlc {

struct Diagnostic {
  dlc_severity severity;
  std::string place; ///< "model:3:8", a layer's name, or ""
  std::string text;
};

struct Options {
  bool train = false;          ///< add the entry train_step
  std::string loss, optimizer; ///< as --loss and --optimizer of dlc; empty: its defaults
  unsigned level = 2;          ///< -O
  std::string target;          ///< "x86-64-v3"; empty: this machine's
  std::string name = "model";  ///< for messages
  struct Bound {
    std::string symbol;
    std::int64_t min, max;
  };
  std::vector<Bound> bounds; ///< of symbols, instead of the model's own
};

/// Code in this process. Outlives the models that it loads.
class Compiled {
public:
  explicit Compiled(dlc_code *code) : code(code) {
    for (std::size_t i = 0; i < dlc_code_diagnostics(code); ++i) {
      dlc_diagnostic d = dlc_code_diagnostic(code, i);
      messages.push_back({d.severity, d.place, d.text});
    }
  }
  /// Whether there is code; otherwise diagnostics() say why.
  explicit operator bool() const { return dlc_code_descriptor(code.get()) != nullptr; }
  const std::vector<Diagnostic> &diagnostics() const { return messages; }
  dlrt::Model load() const { return dlrt::Model(dlc_code_descriptor(code.get())); }

private:
  struct Free {
    void operator()(dlc_code *code) const { dlc_code_free(code); }
  };
  std::unique_ptr<dlc_code, Free> code;
  std::vector<Diagnostic> messages;
};

/// A result of a layer.
using Value = dlc_value;

/// A net under construction. A mistake is told of by compile().
class Graph {
public:
  Graph() : graph(dlc_graph_new()) {}
  dlc_graph *get() const { return graph.get(); }
  /// Declares a symbolic extent, before types use it.
  void symbol(const std::string &name, std::int64_t min, std::int64_t max) { dlc_graph_symbol(get(), name.c_str(), min, max); }
  /// type: "f32[B, 784]".
  Value input(const std::string &name, const std::string &type) { return dlc_graph_input(get(), name.c_str(), type.c_str()); }
  /// init: "he_uniform(1)".
  Value parameter(const std::string &name, const std::string &type, const std::string &init, bool trainable = true) {
    return dlc_graph_parameter(get(), name.c_str(), type.c_str(), init.c_str(), trainable);
  }
  /// "dense(units=32)" and its like (docs/embedding.md).
  Value layer(const std::string &layer, const std::string &name, std::initializer_list<Value> operands) {
    return dlc_graph_layer(get(), layer.c_str(), name.c_str(), operands.begin(), operands.size());
  }
  Value layer(const std::string &what, const std::string &name, Value operand) { return layer(what, name, {operand}); }
  /// Any op: op("dl.exp", "exp", {x}); attributes in MLIR's syntax.
  Value op(const std::string &op, const std::string &name, std::initializer_list<Value> operands, const std::string &attributes = "{}") {
    return dlc_graph_op(get(), op.c_str(), name.c_str(), operands.begin(), operands.size(), attributes.c_str());
  }
  void output(const std::string &name, Value value) { dlc_graph_output(get(), name.c_str(), value); }

private:
  struct Free {
    void operator()(dlc_graph *graph) const { dlc_graph_free(graph); }
  };
  std::unique_ptr<dlc_graph, Free> graph;
};

namespace detail {
template <typename Compile> Compiled withOptions(const Options &options, Compile compile) {
  auto orNull = [](const std::string &s) { return s.empty() ? nullptr : s.c_str(); };
  std::vector<dlc_bound> bounds;
  for (const Options::Bound &b : options.bounds)
    bounds.push_back({b.symbol.c_str(), b.min, b.max});
  dlc_options given = {options.name.c_str(), orNull(options.target),    options.level, options.train,
                       orNull(options.loss), orNull(options.optimizer), bounds.data(), bounds.size()};
  return Compiled(compile(&given));
}
} // namespace detail

/// Model text, as in model.mlir.
inline Compiled compile(std::string_view text, const Options &options = {}) {
  return detail::withOptions(options, [&](const dlc_options *o) { return dlc_compile(text.data(), text.size(), o); });
}
/// The graph stays as it is, and may be compiled again.
inline Compiled compile(const Graph &graph, const Options &options = {}) {
  return detail::withOptions(options, [&](const dlc_options *o) { return dlc_compile_graph(graph.get(), o); });
}

} // namespace dlc
#endif
