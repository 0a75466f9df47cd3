// Inception v3 (Szegedy et al., arXiv:1512.00567) without the auxiliary classifier. Layers have torchvision's names.
#include "frontend/models/Zoo.h"
#include "frontend/nn/Layers.h"

namespace dlc::frontend {
namespace {
struct Builder {
  Graph &g;
  std::string block = {};

  /// conv -> batch norm -> ReLU. Padding: rows, columns.
  Value conv(const std::string &name, Value x, int64_t filters, std::array<int64_t, 2> kernel, int64_t stride = 1,
             std::array<int64_t, 2> padding = {0, 0}) {
    const nn::Window w{
        .kernel = {kernel[0], kernel[1]}, .strides = {stride, stride}, .padding = {padding[0], padding[1], padding[0], padding[1]}};
    std::string n = block + name;
    return nn::relu(g, n + ".relu", nn::convNorm(g, n + ".conv", n + ".bn", x, filters, w, 1, 1e-3));
  }
  Value maxPool(const std::string &name, Value x) { return nn::maxPool(g, block + name, x, {.kernel = {3, 3}, .strides = {2, 2}}); }
  /// 3x3 average, margins counted, then 1x1.
  Value pooled(Value x, int64_t filters) {
    Value y = nn::avgPool(g, block + "pool", x, nn::Window::centred(3), true);
    return conv("branch_pool", y, filters, {1, 1});
  }
  Value concat(llvm::ArrayRef<Value> parts) { return nn::concat(g, block + "concat", parts, 3); }

  Value a(Value x, int64_t poolFilters) { // 35x35
    Value one = conv("branch1x1", x, 64, {1, 1});
    Value five = conv("branch5x5_2", conv("branch5x5_1", x, 48, {1, 1}), 64, {5, 5}, 1, {2, 2});
    Value three = conv("branch3x3dbl_2", conv("branch3x3dbl_1", x, 64, {1, 1}), 96, {3, 3}, 1, {1, 1});
    return concat({one, five, conv("branch3x3dbl_3", three, 96, {3, 3}, 1, {1, 1}), pooled(x, poolFilters)});
  }
  Value b(Value x) { // 35x35 to 17x17
    Value three = conv("branch3x3", x, 384, {3, 3}, 2);
    Value twice = conv("branch3x3dbl_2", conv("branch3x3dbl_1", x, 64, {1, 1}), 96, {3, 3}, 1, {1, 1});
    return concat({three, conv("branch3x3dbl_3", twice, 96, {3, 3}, 2), maxPool("pool", x)});
  }
  Value c(Value x, int64_t width) { // 17x17
    Value one = conv("branch1x1", x, 192, {1, 1});
    Value seven = conv("branch7x7_2", conv("branch7x7_1", x, width, {1, 1}), width, {1, 7}, 1, {0, 3});
    seven = conv("branch7x7_3", seven, 192, {7, 1}, 1, {3, 0});
    Value twice = conv("branch7x7dbl_2", conv("branch7x7dbl_1", x, width, {1, 1}), width, {7, 1}, 1, {3, 0});
    twice = conv("branch7x7dbl_4", conv("branch7x7dbl_3", twice, width, {1, 7}, 1, {0, 3}), width, {7, 1}, 1, {3, 0});
    return concat({one, seven, conv("branch7x7dbl_5", twice, 192, {1, 7}, 1, {0, 3}), pooled(x, 192)});
  }
  Value d(Value x) { // 17x17 to 8x8
    Value three = conv("branch3x3_2", conv("branch3x3_1", x, 192, {1, 1}), 320, {3, 3}, 2);
    Value seven = conv("branch7x7x3_2", conv("branch7x7x3_1", x, 192, {1, 1}), 192, {1, 7}, 1, {0, 3});
    seven = conv("branch7x7x3_4", conv("branch7x7x3_3", seven, 192, {7, 1}, 1, {3, 0}), 192, {3, 3}, 2);
    return concat({three, seven, maxPool("pool", x)});
  }
  Value e(Value x) { // 8x8
    Value one = conv("branch1x1", x, 320, {1, 1});
    auto split = [&](const std::string &name, const std::string &suffix, Value y) -> std::array<Value, 2> {
      return {conv(name + suffix + "a", y, 384, {1, 3}, 1, {0, 1}), conv(name + suffix + "b", y, 384, {3, 1}, 1, {1, 0})};
    };
    auto three = split("branch3x3", "_2", conv("branch3x3_1", x, 384, {1, 1}));
    auto twice = split("branch3x3dbl", "_3", conv("branch3x3dbl_2", conv("branch3x3dbl_1", x, 448, {1, 1}), 384, {3, 3}, 1, {1, 1}));
    return concat({one, three[0], three[1], twice[0], twice[1], pooled(x, 192)});
  }
};
} // namespace

void buildInceptionV3(Graph &g, const ZooOptions &options) {
  Builder b{g};
  Value x = imageInput(g, options, {299, 299, 3});
  x = b.conv("Conv2d_1a_3x3", x, 32, {3, 3}, 2);
  x = b.conv("Conv2d_2b_3x3", b.conv("Conv2d_2a_3x3", x, 32, {3, 3}), 64, {3, 3}, 1, {1, 1});
  x = b.conv("Conv2d_3b_1x1", b.maxPool("maxpool1", x), 80, {1, 1});
  x = b.maxPool("maxpool2", b.conv("Conv2d_4a_3x3", x, 192, {3, 3}));
  auto at = [&](const char *name) -> Builder & { return b.block = std::string(name) + ".", b; };
  x = at("Mixed_5b").a(x, 32), x = at("Mixed_5c").a(x, 64), x = at("Mixed_5d").a(x, 64);
  x = at("Mixed_6a").b(x);
  x = at("Mixed_6b").c(x, 128), x = at("Mixed_6c").c(x, 160), x = at("Mixed_6d").c(x, 160), x = at("Mixed_6e").c(x, 192);
  x = at("Mixed_7a").d(x);
  x = at("Mixed_7b").e(x), x = at("Mixed_7c").e(x);
  classify(g, nn::dense(g, "fc", nn::dropout(g, "dropout", nn::globalAveragePool(g, "avgpool", x), 0.5), 1000));
}
} // namespace dlc::frontend
