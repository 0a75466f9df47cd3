// The virtual lanes of rows into their sums, of one row or of several together: docs/summation.md.
#include "compiler/codegen/cpu/RowLanes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace dlc::codegen::cpu {
using Values = SmallVector<Value>;
static constexpr int64_t blockLanes = 4; ///< shuffles inside so many elements are cheap

namespace {
struct Place {
  int64_t row, lane;
  bool operator==(const Place &) const = default;
};
/// Accumulators of lanes of rows, and what each position holds.
struct Part {
  Values values;
  SmallVector<Place> at;
};
struct Tree {
  Frame &f;
  dl::CombineOpInterface op;
  Value count;
  std::optional<int64_t> known;
  Location loc = op->getLoc();

  /// x, taking in y() where the lanes `high` of y have columns.
  Values merge(Values x, ArrayRef<int64_t> high, function_ref<Values()> y) {
    auto exists = [&](int64_t lane) { return lane < *known; };
    if (known && llvm::none_of(high, exists))
      return x;
    Values out = op.emitMerge(f.b, loc, x, y());
    if (known && llvm::all_of(high, exists))
      return out;
    Value has = mask(high);
    for (auto [o, v] : llvm::zip(out, x))
      o = f.select(has, o, v);
    return out;
  }
  Value mask(ArrayRef<int64_t> high) {
    if (high.size() == 1)
      return f.less(f.c(high[0]), count);
    if (known) {
      SmallVector<bool> on = llvm::map_to_vector(high, [&](int64_t lane) { return lane < *known; });
      auto t = VectorType::get({(int64_t)on.size()}, f.b.getI1Type());
      return arith::ConstantOp::create(f.b, DenseElementsAttr::get(t, ArrayRef<bool>(on)));
    }
    SmallVector<int32_t> numbers(high);
    auto t = VectorType::get({(int64_t)high.size()}, f.b.getI32Type());
    Value n = arith::TruncIOp::create(f.b, f.b.getI32Type(), f.min(count, f.c(registerColumns)));
    return f.less(arith::ConstantOp::create(f.b, DenseElementsAttr::get(t, ArrayRef<int32_t>(numbers))), n);
  }
  Values shuffle(ArrayRef<Value> x, ArrayRef<Value> y, ArrayRef<int64_t> order) {
    Values out;
    for (auto [v, w] : llvm::zip(x, y))
      out.push_back(order.size() == 1 ? vector::ExtractOp::create(f.b, loc, v, order[0]).getResult()
                                      : vector::ShuffleOp::create(f.b, loc, v, w, order).getResult());
    return out;
  }
  /// Lanes [0, n) of the rows of a, and of b if there is one, having taken in lanes [n, 2n). Without values: where these would be.
  Part halve(const Part &a, const Part *b, int64_t n) {
    auto all = a.at;
    if (b)
      llvm::append_range(all, b->at);
    int64_t size = a.at.size(), block = b && n < blockLanes ? std::min(blockLanes, size) : size;
    SmallVector<int64_t> low, from, high;
    for (int64_t i = 0; i < size; i += block)
      for (int64_t first = i; first < (int64_t)all.size(); first += size)
        for (int64_t k = first; k < first + block; ++k)
          if (all[k].lane < n)
            low.push_back(k);
    Part out;
    for (int64_t i : low) {
      out.at.push_back(all[i]);
      high.push_back(all[i].lane + n);
      from.push_back(llvm::find(all, Place{all[i].row, high.back()}) - all.begin());
    }
    const Part &other = b ? *b : a;
    if (!a.values.empty())
      out.values = merge(shuffle(a.values, other.values, low), high, [&] { return shuffle(a.values, other.values, from); });
    return out;
  }
  Part all(SmallVector<Part> parts) {
    int64_t lanes = parts[0].at.size(), rows = parts.size();
    for (int64_t n = lanes / 2; n; n /= 2) {
      if (Part whole = parts[0]; rows > 1 && parts.size() == 1 && n < blockLanes && whole.at.size() > blockLanes) { // its halves, as two
        int64_t half = whole.at.size() / 2;
        parts.resize(2);
        for (int64_t i : {0, 1}) {
          parts[i] = {{}, {whole.at.begin() + i * half, whole.at.begin() + (i + 1) * half}};
          if (!whole.values.empty())
            parts[i].values = shuffle(whole.values, whole.values, llvm::to_vector(llvm::seq<int64_t>(i * half, (i + 1) * half)));
        }
      }
      SmallVector<Part> next;
      for (size_t i = 0; i < parts.size(); i += 2)
        next.push_back(halve(parts[i], i + 1 < parts.size() ? &parts[i + 1] : nullptr, n));
      parts = std::move(next);
    }
    assert(parts.size() == 1 && "more rows than lanes");
    return parts[0];
  }
};
} // namespace

Values mergeVectors(Frame &f, dl::CombineOpInterface op, SmallVector<Values> acc, Value count, std::optional<int64_t> known) {
  Tree tree{f, op, count, known};
  int64_t lanes = cast<VectorType>(acc[0][0].getType()).getNumElements();
  for (unsigned n = acc.size() / 2; n; n /= 2)
    for (unsigned i = 0; i < n; ++i)
      acc[i] = tree.merge(acc[i], llvm::to_vector(llvm::seq<int64_t>((i + n) * lanes, (i + n + 1) * lanes)), [&] { return acc[i + n]; });
  return acc[0];
}
Values mergeLanes(Frame &f, dl::CombineOpInterface op, ArrayRef<Values> rows, Value count, std::optional<int64_t> known) {
  Tree tree{f, op, count, known};
  SmallVector<Part> parts(rows.size());
  for (auto [row, part] : llvm::enumerate(parts))
    for (int64_t lane = 0, lanes = cast<VectorType>(rows[0][0].getType()).getNumElements(); lane < lanes; ++lane)
      part.at.push_back({(int64_t)row, lane});
  // A row is put where its sum will come out in its place.
  for (auto [row, place] : llvm::enumerate(tree.all(parts).at))
    parts[place.row].values = rows[row];
  return tree.all(parts).values;
}
} // namespace dlc::codegen::cpu
