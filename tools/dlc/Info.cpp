// dlc info: the surface of a model or an artefact, and what its entries cost.
#include "tools/dlc/Build.h"
#include "tools/dlc/Program.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

namespace dlc::tools {
namespace {
struct Options {
  BuildFlags build;
  bool json = false;
};

/// Constant extents as numbers, symbols as names, derived extents as "?".
llvm::json::Array shapeOf(const dlrt_tensor_info &info) {
  llvm::json::Array shape;
  for (int32_t d = 0; d < info.ndim; ++d)
    shape.push_back(info.dims[d] >= 0 ? llvm::json::Value(info.dims[d]) : info.symbols[d] ? info.symbols[d] : "?");
  return shape;
}
std::string shapeText(const dlrt_tensor_info &info) {
  llvm::SmallVector<std::string> words;
  for (int32_t d = 0; d < info.ndim; ++d)
    words.push_back(info.dims[d] >= 0 ? std::to_string(info.dims[d]) : info.symbols[d] ? info.symbols[d] : "?");
  return words.empty() ? "scalar" : llvm::join(words, " x ");
}
llvm::json::Object tensor(const dlrt_tensor_info &info) {
  return llvm::json::Object{{"name", info.name},
                            {"dtype", data::toString(info.dtype)},
                            {"shape", shapeOf(info)},
                            {"max_shape", llvm::json::Array(llvm::ArrayRef(info.max_dims, info.ndim))}};
}

Exit info(const Options &o) {
  Session r;
  if (Exit e = load(o.build, r); e != Done)
    return e;
  const dlrt_model *model = r.model->get();
  std::optional<Programs> programs; // an artefact does not say what its entries cost
  if (r.source)
    programs.emplace(*r.source->module);
  int64_t elements = 0, bytes = 0, carried = r.state->bytes();
  for (size_t i = 0; i < dlrt_model_params(model); ++i) {
    const dlrt_tensor_info *p = dlrt_model_param(model, i);
    int64_t n = 1;
    for (int32_t d = 0; d < p->ndim; ++d)
      n *= p->dims[d];
    elements += p->role == DLRT_TRAINABLE ? n : 0;
    bytes += n * (p->dtype.bits / 8);
  }
  llvm::raw_ostream &os = llvm::outs();
  std::string title = o.build.model == "-" ? "standard input" : o.build.model;
  if (!o.json)
    os << title << ": " << dlrt_model_target(model) << ", " << elements << " trained parameters, " << amount(double(bytes), "B")
       << " with all others" << (carried ? ", state of " + amount(double(carried), "B") + " a sequence" : "") << "\n";
  llvm::json::Array entries;
  llvm::json::Value flops = nullptr, moved = nullptr; // of the first entry
  for (size_t e = 0; e < dlrt_model_entries(model); ++e) {
    llvm::StringRef name = dlrt_entry_name(model, e);
    llvm::json::Object entry{{"name", name}, {"arena", dlrt_entry_arena(model, e)}, {"scratch", dlrt_entry_scratch(model, e)}};
    llvm::json::Array in, out;
    if (!o.json)
      os << "\nentry " << name << "\n";
    auto line = [&](const char *role, const dlrt_tensor_info &t) {
      os << "  " << llvm::left_justify(role, 8) << llvm::left_justify(t.name, 23) << " " << llvm::left_justify(data::toString(t.dtype), 6)
         << shapeText(t);
      for (int32_t d = 0; d < t.ndim; ++d)
        if (t.dims[d] < 0 && t.symbols[d])
          os << ", " << t.symbols[d] << " <= " << t.max_dims[d];
      if (t.gives)
        os << ", " << t.gives << " <= " << t.gives_max;
      if (t.has_usual)
        os << ", usually " << llvm::format("%g", t.usual);
      os << "\n";
    };
    for (size_t i = 0; i < dlrt_entry_inputs(model, e); ++i) {
      in.push_back(tensor(*dlrt_entry_input(model, e, i)));
      if (!o.json)
        line("input", *dlrt_entry_input(model, e, i));
    }
    for (size_t i = 0; i < dlrt_entry_outputs(model, e); ++i) {
      out.push_back(tensor(*dlrt_entry_output(model, e, i)));
      if (!o.json)
        line("output", *dlrt_entry_output(model, e, i));
    }
    entry["inputs"] = std::move(in), entry["outputs"] = std::move(out);
    entry["carries"] = dlrt_entry_carries(model, e) != 0;
    if (!o.json && dlrt_entry_carries(model, e))
      for (size_t i = 0; i < dlrt_model_states(model); ++i)
        line("state", *dlrt_model_state(model, i));
    entry["flops"] = nullptr, entry["bytes"] = nullptr;
    if (!o.json)
      os << "  memory  arena " << amount(double(dlrt_entry_arena(model, e)), "B") << ", scratch "
         << amount(double(dlrt_entry_scratch(model, e)), "B") << " a thread\n";
    if (dlx::ProgramOp program = programs ? programs->find(name) : nullptr) {
      Cost cost = programs->cost(program);
      int64_t f = programs->at(cost.flops), b = programs->at(cost.bytes);
      entry["flops"] = f, entry["bytes"] = b;
      if (e == 0)
        flops = f, moved = b;
      if (!o.json)
        os << "  a run   " << amount(double(f), "flop") << ", " << amount(double(b), "B")
           << " read and written by kernels, at the symbols' upper bounds\n";
    }
    entries.push_back(std::move(entry));
  }
  if (o.json)
    os << llvm::json::Value(llvm::json::Object{{"model", dlrt_model_name(model)},
                                               {"target", dlrt_model_target(model)},
                                               {"parameters", elements},
                                               {"parameter_bytes", bytes},
                                               {"state_bytes", carried},
                                               {"flops", flops},
                                               {"bytes", moved},
                                               {"entries", std::move(entries)}})
       << "\n";
  return Done;
}
} // namespace

void addInfo(CLI::App &app) {
  auto o = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand("info", "the entries of a model or an artefact, its parameters, its costs");
  o->build.add(*command, "model.mlir, - or an artefact");
  command->add_flag("--json", o->json, "as JSON; shapes hold numbers, symbols' names, and \"?\" where computed from symbols");
  setAction(command, "dlc info lenet.mlir --train", [o] { return info(*o); });
}
} // namespace dlc::tools
