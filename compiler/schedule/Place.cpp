// Storages with lifetimes in, offsets of one arena out.
#include "compiler/schedule/Program.h"
#include "mlir/IR/TypeUtilities.h"

namespace dlc {
int64_t atBounds(AffineExpr e, const Bounds &bounds) {
  return dl::evaluate(e, [&](StringRef symbol) { return bounds.lookup(symbol); });
}
AffineExpr bytesOf(Type tensor) {
  int64_t bits = getElementTypeOrSelf(tensor).getIntOrFloatBitWidth();
  return dl::product(dl::getExtents(tensor), tensor.getContext()) * std::max<int64_t>(1, bits / 8);
}

int64_t place(MutableArrayRef<Storage> storages) {
  constexpr int64_t align = 64;
  SmallVector<Storage *> order;
  for (Storage &s : storages)
    if (s.kind == dlx::BufferKind::arena && s.last >= 0)
      order.push_back(&s);
  llvm::sort(order, [](Storage *x, Storage *y) { return std::pair(y->bound, x) < std::pair(x->bound, y); });
  std::vector<Storage *> placed; // by offset
  int64_t size = 0;
  for (Storage *s : order) {
    int64_t at = 0;
    for (Storage *o : placed) { // ascending offsets: the first gap between those alive together
      if (o->last < s->first || s->last < o->first)
        continue;
      if (at + s->bound <= o->at)
        break;
      at = std::max(at, (int64_t)llvm::alignTo(o->at + o->bound, align));
    }
    s->at = at;
    size = std::max(size, at + s->bound);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), s, [](Storage *x, Storage *y) { return x->at < y->at; }), s);
  }
  return size;
}
} // namespace dlc
