// Storages with lifetimes in, offsets of one arena out.
#include "compiler/schedule/Program.h"
#include "mlir/IR/TypeUtilities.h"
#include "runtime/dlx.h"

namespace dlc {
AffineExpr bytesOf(Type tensor) {
  int64_t bits = getElementTypeOrSelf(tensor).getIntOrFloatBitWidth();
  return dl::product(dl::getExtents(tensor), tensor.getContext()) * std::max<int64_t>(1, bits / 8);
}
AffineExpr flopsOf(func::FuncOp kernel) {
  AffineExpr flops = getAffineConstantExpr(0, kernel.getContext());
  for (Operation &op : kernel.getBody().front()) {
    auto part = dyn_cast<func::CallOp>(op); // of a chain
    auto callee = part ? kernel->getParentOfType<ModuleOp>().lookupSymbol<func::FuncOp>(part.getCallee()) : func::FuncOp();
    flops = dl::normalize(flops + (callee ? flopsOf(callee) : dl::getFlops(&op)));
  }
  return flops;
}
int64_t mostAlive(ArrayRef<Lifetime> lifetimes) {
  std::map<int64_t, int64_t> change;
  for (const Lifetime &l : lifetimes) {
    change[l.first] += l.bytes;
    change[l.last + 1] -= l.bytes;
  }
  int64_t now = 0, most = 0;
  for (auto [time, bytes] : change)
    most = std::max(most, now += bytes);
  return most;
}

namespace {
constexpr int64_t align = 64;

/// Bytes that are taken: ascending, apart from one another.
class Ranges {
public:
  bool empty() const { return list.empty(); }
  void add(int64_t begin, int64_t end) {
    auto *from = llvm::partition_point(list, [&](auto &r) { return r.second < begin; }), *to = from;
    for (; to != list.end() && to->first <= end; ++to)
      begin = std::min(begin, to->first), end = std::max(end, to->second);
    list.insert(list.erase(from, to), {begin, end});
  }
  /// `begin` if nothing of [begin, end) is taken, else the end of what is in the way.
  int64_t pass(int64_t begin, int64_t end) const {
    const auto *r = llvm::partition_point(list, [&](auto &r) { return r.second <= begin; });
    return r != list.end() && r->first < end ? r->second : begin;
  }

private:
  SmallVector<std::pair<int64_t, int64_t>, 1> list;
};

/// What is taken at which times: a segment tree, since a net of n layers has storages that live for n stages.
class Timeline {
public:
  explicit Timeline(int times) : times(times), always(4 * times), once(4 * times) {}
  /// The lowest offset at which `s` meets nothing that lives when it does.
  int64_t fit(const Storage &s) {
    SmallVector<const Ranges *> met;
    visit(s, 1, 0, times - 1, [&](unsigned node, bool inside) {
      if (const Ranges &r = (inside ? once : always)[node]; !r.empty())
        met.push_back(&r);
    });
    int64_t at = 0, before;
    do {
      before = at;
      for (const Ranges *r : met)
        at = r->pass(at, at + s.bound);
    } while (at != before);
    return at;
  }
  void add(const Storage &s) {
    int64_t end = llvm::alignTo(s.at + s.bound, align);
    visit(s, 1, 0, times - 1, [&](unsigned node, bool inside) {
      once[node].add(s.at, end);
      if (inside)
        always[node].add(s.at, end);
    });
  }

private:
  int times;
  std::vector<Ranges> always, once; // by node: taken at all of its times, at one of them
  /// The nodes whose times s lives at all of (inside), and those above them.
  void visit(const Storage &s, unsigned node, int first, int last, llvm::function_ref<void(unsigned, bool)> f) {
    bool inside = s.first <= first && last <= s.last;
    f(node, inside);
    if (inside)
      return;
    int middle = (first + last) / 2;
    if (s.first <= middle)
      visit(s, 2 * node, first, middle, f);
    if (s.last > middle)
      visit(s, 2 * node + 1, middle + 1, last, f);
  }
};
} // namespace

/// Gives each in turn the lowest place that is free while it lives; the bytes that all take, or too many.
static int64_t placeInOrder(ArrayRef<Storage *> order, int times) {
  Timeline taken(times);
  int64_t size = 0;
  for (Storage *s : order) {
    if (s->bound > (int64_t)DLX_MAX_BYTES)
      return s->bound;
    s->at = taken.fit(*s);
    size = std::max(size, s->at + s->bound);
    if (size > (int64_t)DLX_MAX_BYTES) // the next might overflow
      return size;
    if (s->bound)
      taken.add(*s);
  }
  return size;
}

int64_t place(MutableArrayRef<Storage> storages) {
  SmallVector<Storage *> order;
  int times = 1;
  for (Storage &s : storages)
    if (s.kind == dlx::BufferKind::arena && s.last >= 0) {
      order.push_back(&s);
      times = std::max(times, s.last + 1);
    }
  // No order is best for all: the large ones first, or those that live long, or as they come. Most nets need but the first.
  using Key = std::pair<double, double>;
  static constexpr auto life = [](const Storage &s) { return double(s.last - s.first + 1); };
  Key (*const keys[])(const Storage &) = {
      [](const Storage &s) { return Key(-double(s.bound), 0); }, [](const Storage &s) { return Key(-double(s.bound) * life(s), 0); },
      [](const Storage &s) { return Key(-life(s), -double(s.bound)); }, [](const Storage &s) { return Key(s.first, -double(s.bound)); },
      [](const Storage &s) { return Key(-s.last, -double(s.bound)); }};
  int64_t best = -1, least = -1;
  SmallVector<int64_t> at;
  for (auto key : keys) {
    llvm::sort(order, [&](Storage *x, Storage *y) { return std::pair(key(*x), x) < std::pair(key(*y), y); });
    int64_t size = placeInOrder(order, times);
    if (best < 0 || size < best) {
      best = size;
      at = llvm::map_to_vector(storages, [](const Storage &s) { return s.at; });
    }
    if (best > (int64_t)DLX_MAX_BYTES) // whose sums may be beyond any number
      break;
    if (least < 0)
      least = mostAlive(llvm::map_to_vector(order, [](Storage *s) { return Lifetime{s->first, s->last, s->bound}; }));
    if (best - least <= std::max(least / 100, align))
      break;
  }
  for (auto [s, where] : llvm::zip(storages, at))
    s.at = where;
  return best;
}
} // namespace dlc
