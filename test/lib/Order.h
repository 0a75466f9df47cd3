// Recipes as docs/summation.md words them, over lists of terms: what the interpreter combines by.
#pragma once
#include "dialects/dl/Dl.h"
#include <functional>

namespace dlc::test {

/// Combines the terms of one element. `Sum` is what an accumulator holds.
template <typename Sum> struct Order {
  using Index = llvm::SmallVector<int64_t>;
  Sum identity;
  std::function<Sum(Sum, llvm::ArrayRef<int64_t>)> add; ///< a sum and the term at an index of the reduced dimensions
  std::function<Sum(Sum, Sum)> merge;

  Sum combine(mlir::Attribute recipe, llvm::ArrayRef<int64_t> extents) const {
    if (auto chain = mlir::dyn_cast<dl::ChainAttr>(recipe)) {
      std::vector<Sum> chunks;
      for (auto &chunk : cut({Index(extents.size()), Index(extents)}, chain.getChunk()))
        chunks.push_back(panels(chunk, chain.getPanel()));
      return tree(std::move(chunks));
    }
    auto lanes = mlir::cast<dl::LanesAttr>(recipe);
    auto inner = extents.drop_front(lanes.getColumns()), outer = extents.take_front(lanes.getColumns());
    auto row = [&](Sum sum, int64_t at) {
      Index index = unflatten(at, outer);
      if (inner.empty())
        return add(std::move(sum), index);
      std::vector<Sum> chunks;
      int64_t n = llvm::product_of(inner);
      for (int64_t lo = 0; lo < n; lo += lanes.getRowChunk())
        chunks.push_back(inLanes(lanes.getRowLanes(), lanes.getRun(), lo, std::min(n, lo + lanes.getRowChunk()), [&](Sum lane, int64_t j) {
          Index all(index);
          llvm::append_range(all, unflatten(j, inner));
          return add(std::move(lane), all);
        }));
      Sum all = tree(std::move(chunks));
      return outer.empty() ? all : merge(std::move(sum), all);
    };
    if (outer.empty())
      return row(identity, 0);
    std::vector<Sum> chunks;
    int64_t n = llvm::product_of(outer);
    for (int64_t lo = 0; lo < n; lo += lanes.getColumnChunk())
      chunks.push_back(inLanes(lanes.getColumnLanes(), lanes.getRun(), lo, std::min(n, lo + lanes.getColumnChunk()), row));
    return tree(std::move(chunks));
  }

private:
  struct Box {
    Index lo, hi;
  };
  static Index unflatten(int64_t number, llvm::ArrayRef<int64_t> extents) {
    Index at(extents.size());
    for (size_t d = extents.size(); d-- > 0; number /= std::max<int64_t>(extents[d], 1))
      at[d] = number % std::max<int64_t>(extents[d], 1);
    return at;
  }
  /// Boxes of at most `most` terms: dimensions together from the last while they fit, the next by steps, the rest one by one.
  static std::vector<Box> cut(const Box &box, int64_t most) {
    size_t rank = box.lo.size(), d = rank;
    int64_t run = 1;
    while (d > 0 && run * (box.hi[d - 1] - box.lo[d - 1]) <= most)
      --d, run *= box.hi[d] - box.lo[d];
    std::vector<Box> parts{box};
    for (size_t i = 0; i < d; ++i) {
      int64_t step = i + 1 == d ? std::max<int64_t>(1, most / run) : 1;
      std::vector<Box> next;
      for (auto &part : parts)
        for (int64_t lo = box.lo[i]; lo < box.hi[i]; lo += step) {
          next.push_back(part);
          next.back().lo[i] = lo, next.back().hi[i] = std::min(box.hi[i], lo + step);
        }
      parts = std::move(next);
    }
    return parts;
  }
  Sum chain(const Box &box) const {
    Sum sum = identity;
    Index extents;
    for (auto [lo, hi] : llvm::zip(box.lo, box.hi))
      extents.push_back(hi - lo);
    for (int64_t i = 0, n = llvm::product_of(extents); i < n; ++i) {
      Index at = unflatten(i, extents);
      for (auto [x, lo] : llvm::zip(at, box.lo))
        x += lo;
      sum = add(std::move(sum), at);
    }
    return sum;
  }
  Sum panels(const Box &box, int64_t most) const {
    auto parts = cut(box, most);
    Sum sum = parts.empty() ? identity : chain(parts[0]);
    for (size_t i = 1; i < parts.size(); ++i)
      sum = merge(std::move(sum), chain(parts[i]));
    return sum;
  }
  Sum tree(std::vector<Sum> p) const {
    for (size_t w = 1; w < p.size(); w *= 2)
      for (size_t i = 0; i + w < p.size(); i += 2 * w)
        p[i] = merge(p[i], p[i + w]);
    return p.empty() ? identity : p[0];
  }
  template <typename Term> Sum inLanes(int64_t lanes, int64_t run, int64_t lo, int64_t hi, const Term &term) const {
    std::vector<Sum> p(std::clamp<int64_t>(hi - lo, 1, lanes), identity);
    bool whole = hi - lo >= lanes * run;
    for (int64_t lane = 0; lane < lanes; ++lane)
      for (int64_t first = lo + lane; first < hi; first += lanes * run) {
        Sum sum = identity;
        for (int64_t i = first; i < std::min(hi, first + lanes * run); i += lanes)
          sum = term(std::move(sum), i);
        p[lane] = whole ? merge(p[lane], sum) : std::move(sum);
      }
    for (int64_t w = lanes / 2; w; w /= 2)
      for (int64_t l = 0; l < w && l + w < int64_t(p.size()); ++l)
        p[l] = merge(p[l], p[l + w]);
    return p[0];
  }
};
} // namespace dlc::test
