// Loads a compiled model and weights that trainer.c learnt, and asks it from four threads at once.
//   dlc compile ring.mlir -o libring.so
//   c++ threads.cpp $(pkg-config --cflags --libs dlrt) && ./a.out ./libring.so ring.safetensors
#include "dlrt.hpp"
#include <cstdio>
#include <thread>

int main(int argc, char **argv) {
  if (argc != 3)
    return std::fputs("threads MODEL.so WEIGHTS\n", stderr), 2;
  try {
    constexpr int threads = 4, rows = 64;
    dlrt::Model model(argv[1]);
    dlrt::Params params(model); // one copy, for all threads
    params.load(argv[2]);
    std::vector<std::string> errors(threads);
    std::vector<int> right(threads);
    auto ask = [&](int thread) {
      try {
        dlrt::Context context(model, params);
        std::vector<float> point(rows * 2), probabilities(rows * 2);
        for (int y = thread; y < rows; y += threads) {
          for (int x = 0; x < rows; ++x)
            point[2 * x] = float(2 * x + 1) / rows - 1, point[2 * x + 1] = float(2 * y + 1) / rows - 1;
          context.run(model.entry("run"), {{point.data(), {rows, 2}}}, {{probabilities.data(), {rows, 2}}});
          for (int x = 0; x < rows; ++x) {
            float r = point[2 * x] * point[2 * x] + point[2 * x + 1] * point[2 * x + 1];
            right[thread] += (probabilities[2 * x + 1] > 0.5f) == (0.25f < r && r < 0.75f);
          }
        }
      } catch (const std::exception &e) {
        errors[thread] = e.what();
      }
    };
    std::vector<std::thread> team;
    for (int i = 0; i < threads; ++i)
      team.emplace_back(ask, i);
    int all = 0;
    for (int i = 0; i < threads; ++i) {
      team[i].join();
      if (!errors[i].empty())
        throw std::runtime_error(errors[i]);
      all += right[i];
    }
    std::printf("%.1f %% of %d points right\n", 100.0 * all / (rows * rows), rows * rows);
  } catch (const std::exception &e) {
    return std::fprintf(stderr, "threads: %s\n", e.what()), 1;
  }
}
