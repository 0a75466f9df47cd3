// GPT-2 (Radford et al., 2019), small, as it generates: the tokens numbered past to length - 1 in, the logits of the token that follows
// them out; keys and values of all before stand in caches, which are state. So one entry, compiled once, does both a prompt and a step, of
// any lengths. Parameters have the names and shapes of transformers' GPT2LMHeadModel; the head's weight is that of the tokens.
#include "frontend/models/Zoo.h"
#include "frontend/nn/Layers.h"

using namespace mlir;
namespace dlc::frontend {
namespace {
constexpr Init init{dl::InitKind::normal, 0.02};

struct Gpt2 : Gpt2Config {
  Graph &g;
  Type element;
  int64_t batch;
  AffineExpr past, length; ///< tokens in the caches before and after a run
  nn::Visible visible = {};

  Gpt2(Graph &g, const Gpt2Config &config, Type element, int64_t batch)
      : Gpt2Config(config), g(g), element(element), batch(batch), past(g.scalar("past", 0, positions - 1)),
        length(g.scalar("length", 1, positions)) {}
  AffineExpr number(int64_t n) { return getAffineConstantExpr(n, g.getContext()); }
  NamedAttribute whole(StringRef name, int64_t n) { return g.builder.getNamedAttr(name, g.builder.getI64IntegerAttr(n)); }
  Value norm(const std::string &name, Value x) { return nn::layerNorm(g, name, x, 1e-5, "weight", "bias"); }

  /// Token i of this run sees those up to number past + i.
  void hideTheFuture() {
    RankedTensorType type = dl::getTensor({length - past, length}, g.builder.getI64Type()),
                     scalar = RankedTensorType::get({}, g.builder.getI64Type());
    Value query = g.op("dl.iota", "mask", {}, {whole("axis", 0)}, {type}), key = g.op("dl.iota", "mask", {}, {whole("axis", 1)}, {type});
    Value before = g.op("dl.extent", "mask", {}, {g.builder.getNamedAttr("extents", dl::DimsAttr::get(g.getContext(), past))}, {scalar});
    before = g.op("dl.broadcast", "mask", {before}, {g.builder.getNamedAttr("dims", g.builder.getDenseI64ArrayAttr({}))}, {type});
    visible = {g.op("dl.compare", "mask", {key, nn::add(g, "mask", query, before)},
                    {g.builder.getNamedAttr("predicate", g.builder.getI32IntegerAttr(int32_t(dl::Predicate::le)))}, {dl::withBool(type)}),
               {2, 3}};
  }
  /// The cache `name` with these rows behind those that it has; all rows up to `length`.
  Value append(const std::string &name, Value rows) {
    Value cache = g.state(name, RankedTensorType::get({batch, heads, positions, width / heads}, element));
    SmallVector<AffineExpr> at{number(0), number(0), past, number(0)};
    Value all = g.op("dl.update_slice", name, {cache, rows}, {g.builder.getNamedAttr("offsets", dl::DimsAttr::get(g.getContext(), at))});
    g.next(cache, all);
    return nn::slice(g, name, all, {number(0), number(0), number(0), number(0)},
                     {number(batch), number(heads), length, number(width / heads)});
  }
  Value layer(const std::string &name, Value x) {
    Value all = nn::dense(g, name + ".attn.c_attn", norm(name + ".ln_1", x), 3 * width, init);
    auto part = [&](int64_t i) {
      std::string own = name + ".attn";
      Value y = nn::slice(g, own, all, {number(0), number(0), number(i * width)}, {number(batch), length - past, number(width)});
      return nn::splitHeads(g, own, y, heads);
    };
    Value q = part(0), k = append(name + ".attn.key", part(1)), v = append(name + ".attn.value", part(2));
    Value y = nn::joinHeads(g, name + ".attn", nn::attend(g, name + ".attn", q, k, v, visible));
    x = nn::add(g, name + ".add1", x, nn::dense(g, name + ".attn.c_proj", y, width, init));
    y = nn::geluTanh(g, name + ".mlp.gelu", nn::dense(g, name + ".mlp.c_fc", norm(name + ".ln_2", x), hidden, init));
    return nn::add(g, name + ".add2", x, nn::dense(g, name + ".mlp.c_proj", y, width, init));
  }
  /// A row's products with all of the tokens' weight, which is read once, where it lies; several rows are a product of matrices.
  Value logits(Value x, Value weight) {
    if (batch > 1)
      return g.op("dl.matmul", "lm_head", {x, weight}, {g.builder.getNamedAttr("transpose_rhs", g.builder.getUnitAttr())});
    Value row = nn::reshape(g, "lm_head", x, number(width));
    Value rows =
        g.op("dl.broadcast", "lm_head", {row}, {g.builder.getNamedAttr("dims", g.builder.getDenseI64ArrayAttr(1))}, {g.type(weight)});
    Value y = g.op("dl.sum_products", "lm_head", {weight, rows}, {g.builder.getNamedAttr("dims", g.builder.getDenseI64ArrayAttr(1))});
    return nn::reshape(g, "lm_head", y, {number(1), number(words)});
  }
};
} // namespace

void buildGpt2(Graph &g, const ZooOptions &options, const Gpt2Config &config) {
  int64_t batch = options.minBatch == options.maxBatch ? options.maxBatch : 1; // caches have constant extents
  Gpt2 net(g, config, options.element, batch);
  AffineExpr all = net.number(net.width), count = net.length - net.past;
  Value tokens = g.input("input_ids", dl::getTensor({net.number(batch), count}, g.builder.getI64Type()));
  Value weight = nn::embedding(g, "transformer.wte", net.words, net.width, options.element, init);
  Value places = nn::embedding(g, "transformer.wpe", net.positions, net.width, options.element, init);
  Value x = nn::lookUp(g, "transformer.wte", weight, tokens);
  RankedTensorType type = g.type(x);
  if (!type)
    return;
  places = nn::slice(g, "transformer.wpe", places, {net.past, net.number(0)}, {count, all});
  places =
      g.op("dl.broadcast", "transformer.wpe", {places}, {g.builder.getNamedAttr("dims", g.builder.getDenseI64ArrayAttr({1, 2}))}, {type});
  x = nn::add(g, "transformer.wpe", x, places);
  net.hideTheFuture();
  for (int64_t i = 0; i < net.layers; ++i)
    x = net.layer("transformer.h." + std::to_string(i), x);
  // The last token's row, whatever their number.
  RankedTensorType scalar = RankedTensorType::get({}, g.builder.getI64Type());
  Value number = g.op("dl.extent", "last", {}, {g.builder.getNamedAttr("extents", dl::DimsAttr::get(g.getContext(), count))}, {scalar});
  Value one = g.op("dl.constant", "last", {}, {g.builder.getNamedAttr("value", g.builder.getF64FloatAttr(1))}, {scalar});
  x = g.op("dl.gather", "last", {x, g.op("dl.sub", "last", {number, one})}, {net.whole("axis", 1)});
  g.output("logits", net.logits(net.norm("transformer.ln_f", x), weight));
}
void buildGpt2Small(Graph &g, const ZooOptions &options) { buildGpt2(g, options, {}); }
} // namespace dlc::frontend
