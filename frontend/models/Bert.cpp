// BERT (Devlin et al., arXiv:1810.04805), base, with its pooler. Parameters have the names and shapes of transformers' BertModel.
#include "frontend/models/Zoo.h"
#include "frontend/nn/Layers.h"

using namespace mlir;
namespace dlc::frontend {
namespace {
constexpr int64_t width = 768, heads = 12, hidden = 3072, layers = 12, words = 30522, positions = 512;
constexpr Init init{dl::InitKind::normal, 0.02};

Value norm(Graph &g, const std::string &name, Value x) { return nn::layerNorm(g, name + ".LayerNorm", x, 1e-12, "weight", "bias"); }
Value layer(Graph &g, const std::string &name, Value x, const nn::Visible &visible) {
  auto part = [&](const std::string &of) {
    std::string own = name + ".attention.self." + of;
    return nn::splitHeads(g, own, nn::linear(g, own, x, width, init), heads);
  };
  std::string attention = name + ".attention";
  Value q = part("query"), k = part("key"), v = part("value");
  Value y = nn::joinHeads(g, attention, nn::attend(g, attention, q, k, v, visible));
  x = norm(g, attention + ".output", nn::add(g, attention + ".add", x, nn::linear(g, attention + ".output.dense", y, width, init)));
  y = nn::gelu(g, name + ".gelu", nn::linear(g, name + ".intermediate.dense", x, hidden, init));
  return norm(g, name + ".output", nn::add(g, name + ".add", x, nn::linear(g, name + ".output.dense", y, width, init)));
}
} // namespace

void buildBertBase(Graph &g, const ZooOptions &options) {
  MLIRContext *c = g.getContext();
  ZooOptions whole = options;
  whole.element = g.builder.getI64Type();
  AffineExpr s = g.symbol("S", 1, positions);
  Value ids = batchInput(g, whole, "input_ids", s);
  RankedTensorType tokens = g.type(ids);
  AffineExpr b = dl::getExtents(tokens)[0];
  Value mask = g.input("attention_mask", tokens), types = g.input("token_type_ids", tokens);
  Value place = g.op("dl.iota", "position_ids", {}, {g.builder.getNamedAttr("axis", g.builder.getI64IntegerAttr(1))}, {tokens});
  auto table = [&](const std::string &of, int64_t rows, Value indices) {
    std::string name = "embeddings." + of + "_embeddings";
    return nn::lookUp(g, name, nn::embedding(g, name, rows, width, options.element, init), indices);
  };
  Value x = nn::add(g, "embeddings.add", table("word", words, ids), table("token_type", 2, types));
  x = norm(g, "embeddings", nn::add(g, "embeddings.add", x, table("position", positions, place)));

  Value none = g.op("dl.constant", "attention_mask", {}, {g.builder.getNamedAttr("value", g.builder.getF64FloatAttr(0))}, {tokens});
  Value shown =
      g.op("dl.compare", "attention_mask", {mask, none},
           {g.builder.getNamedAttr("predicate", g.builder.getI32IntegerAttr(int32_t(dl::Predicate::ne)))}, {dl::withBool(tokens)});
  for (int64_t i = 0; i < layers; ++i)
    x = layer(g, "encoder.layer." + std::to_string(i), x, {shown, {0, 3}});
  g.output("last_hidden_state", x);
  AffineExpr zero = getAffineConstantExpr(0, c), one = getAffineConstantExpr(1, c), all = getAffineConstantExpr(width, c);
  Value first = nn::reshape(g, "pooler", nn::slice(g, "pooler", x, {zero, zero, zero}, {b, one, all}), {b, all});
  g.output("pooler_output", nn::tanh(g, "pooler", nn::linear(g, "pooler.dense", first, width, init)));
}
} // namespace dlc::frontend
