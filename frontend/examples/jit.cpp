// Builds the net of ring.mlir in this process, trains it and runs it: libdlc compiles, libdlrt runs.
#include "dlc.hpp"
#include <cstdio>
#include <random>

int main() {
  dlc::Graph net;
  net.symbol("B", 1, 64);
  dlc::Value x = net.input("point", "f32[B, 2]");
  x = net.layer("relu", "relu", net.layer("dense(units=32,init=he)", "hidden", x));
  net.output("probabilities", net.layer("softmax", "softmax", net.layer("dense(units=2)", "out", x)));

  dlc::Options options;
  options.train = true, options.optimizer = "adam(lr=0.01)";
  dlc::Compiled code = dlc::compile(net, options);
  for (const dlc::Diagnostic &d : code.diagnostics())
    std::fprintf(stderr, "%s: %s\n", d.place.c_str(), d.text.c_str());
  if (!code)
    return 1;
  try {
    dlrt::Model model = code.load();
    dlrt::Params params(model);
    dlrt::Context context(model, params);
    params.init(1);
    constexpr int batch = 64, steps = 2000;
    std::mt19937 random(1);
    std::vector<float> point(batch * 2), probabilities(batch * 2);
    std::vector<std::int32_t> label(batch);
    auto draw = [&] {
      for (int i = 0; i < batch; ++i) {
        float x = point[2 * i] = float(random()) / 2147483648.0f - 1, y = point[2 * i + 1] = float(random()) / 2147483648.0f - 1;
        label[i] = 0.25f < x * x + y * y && x * x + y * y < 0.75f;
      }
    };
    // The step's inputs in the model's order: point, label, then the optimiser's numbers, whose usual values the model knows.
    std::size_t step = model.entry("train_step");
    std::vector<float> numbers;
    for (std::size_t i = 2; i < dlrt_entry_inputs(model.get(), step); ++i)
      numbers.push_back(float(dlrt_entry_input(model.get(), step, i)->usual));
    std::vector<dlrt::Tensor> inputs = {{point.data(), {batch, 2}}, {label.data(), {batch}}};
    for (float &number : numbers)
      inputs.push_back({&number, {}});
    float loss = 0;
    for (int i = 0; i < steps; ++i) {
      draw();
      context.run(step, inputs, {{&loss, {}}, {probabilities.data(), {batch, 2}}});
    }
    int right = 0;
    for (int round = 0; round < 100; ++round) {
      draw();
      context.run(model.entry("run"), {{point.data(), {batch, 2}}}, {{probabilities.data(), {batch, 2}}});
      for (int i = 0; i < batch; ++i)
        right += (probabilities[2 * i + 1] > 0.5f) == label[i];
    }
    std::printf("%.1f %% of %d points right\n", 100.0 * right / (100 * batch), 100 * batch);
  } catch (const dlrt::Error &e) {
    return std::fprintf(stderr, "jit: %s\n", e.what()), 1;
  }
}
