// What libdlc says of mistakes; a model's text with other bounds; a graph that is compiled twice; four threads that compile.
#include "dlc.hpp"
#include <cstdio>
#include <fstream>
#include <iterator>
#include <thread>

static bool tell(const char *what, const dlc::Compiled &code) {
  std::printf("%s:\n", what);
  for (const dlc::Diagnostic &d : code.diagnostics())
    std::printf("%s: %s\n", d.place.c_str(), d.text.c_str());
  return bool(code);
}

int main(int argc, char **argv) {
  auto mistake = [](const char *what, auto add) {
    dlc::Graph net;
    net.output("y", add(net));
    return tell(what, dlc::compile(net));
  };
  bool any = mistake("no 'densee' layer", [](dlc::Graph &g) { return g.layer("densee(units=2)", "hidden", g.input("x", "f32[3, 2]")); });
  any |= mistake("no operand", [](dlc::Graph &g) { return g.layer("relu", "hidden", {}); });
  any |= mistake("an unknown option", [](dlc::Graph &g) { return g.layer("dense(units=2,unit=3)", "hidden", g.input("x", "f32[3, 2]")); });
  any |= mistake("an unknown word", [](dlc::Graph &g) { return g.layer("dense(units=2,init=hee)", "hidden", g.input("x", "f32[3, 2]")); });
  any |= mistake("a type without its symbol", [](dlc::Graph &g) { return g.layer("relu", "hidden", g.input("x", "f32[B, 2]")); });
  any |= mistake("an op that is none", [](dlc::Graph &g) { return g.op("dl.expp", "e", {g.input("x", "f32[3, 2]")}); });
  any |= mistake("operands that differ",
                 [](dlc::Graph &g) { return g.layer("add", "sum", {g.input("x", "f32[3, 2]"), g.input("y", "f32[3, 4]")}); });

  std::ifstream file(argc > 1 ? argv[1] : "");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  dlc::Options options;
  options.name = "ring";
  any |= tell("text with a mistake",
              dlc::compile("\nfunc.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {\n  %0 = dl.relu %y : tensor<2xf32>\n"
                           "  return %0 : tensor<2xf32>\n}\n",
                           options));
  options.target = "armv8.2-a";
  any |= tell("a foreign target", dlc::compile(text, options));
  options.target = "", options.train = true, options.optimizer = "sgdd";
  any |= tell("an unknown optimiser", dlc::compile(text, options));
  if (any)
    return 1;

  options = {};
  options.bounds = {{"B", 1, 8}};
  dlc::Compiled code = dlc::compile(text, options);
  dlrt::Model model = code.load();
  std::size_t run = model.entry("run");
  std::printf("text, as dlc run has it: %zu inputs and outputs, B up to %d\n",
              dlrt_entry_inputs(model.get(), run) + dlrt_entry_outputs(model.get(), run),
              int(dlrt_entry_input(model.get(), run, 0)->max_dims[0]));

  dlc::Graph net;
  net.output("y", net.op("dl.exp", "exp", {net.input("x", "f32[1]")}));
  float y = 0, x = 0;
  for (int i = 0; i < 2; ++i) {
    dlc::Compiled exp = dlc::compile(net);
    dlrt::Model model = exp.load();
    dlrt::Params params(model);
    dlrt::Context context(model, params);
    y = 0;
    context.run(0, {{&x, {1}}}, {{&y, {1}}});
  }
  std::printf("exp(0) = %g, twice compiled\n", double(y));

  int good[4] = {};
  std::vector<std::thread> threads;
  for (int &own : good)
    threads.emplace_back([&text, &own] {
      for (int i = 0; i < 3; ++i)
        if (dlc::Compiled code = dlc::compile(text))
          own += dlrt_model_entries(code.load().get()) == 1;
    });
  for (std::thread &t : threads)
    t.join();
  std::printf("%d of 12 by threads\n", good[0] + good[1] + good[2] + good[3]);
}
