// A program while it is being scheduled: storages with lifetimes, nodes with dependences, items in the order of time.
#pragma once
#include "dialects/dl/Bounds.h"
#include "dialects/dlx/Dlx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <map>

namespace dlc {
using namespace mlir;

/// Some bytes that values live in. Time counts stages; loops take the times of their bodies.
struct Storage {
  dlx::BufferKind kind = dlx::BufferKind::arena;
  int64_t at = 0;                  ///< input, output, parameter, state number; offset once placed; the storage a view moves over
  AffineExpr bytes, start, stride; ///< start, stride: of a view
  int64_t bound = 0;               ///< the most bytes within the symbols' bounds
  int first = INT_MAX, last = -1;  ///< times of the first write and the last use
  bool pinned = false;             ///< carried by a loop, which exchanges its pointer: never an output's, a parameter's or a state's own
  std::optional<Location> place;   ///< of the value that it is for
  Value made;                      ///< its dlx value
};

/// A part of one storage that is dense in another: rows of bytes at offset + i * stride.
struct Piece {
  unsigned to, from; ///< storages
  bool takes;        ///< `from` has the offset and the stride, not `to`
  bool whole;        ///< all of `from` is all of `to`, but for what later pieces write
  AffineExpr bytes, rows, offset, stride;
};

/// A launch, a copy, pieces of one value put together or taken out of one, or a loop.
struct Node {
  enum Kind { Launch, Copy, Pieces, Loop } kind = Launch;
  std::string function;                ///< launch
  dl::DimsAttr grid;                   ///< launch: blocks; copy: bytes; loop: trip count
  SmallVector<unsigned> reads, writes; ///< storages; a launch's arguments are reads then writes
  SmallVector<unsigned> before;        ///< nodes that must have run
  func::CallOp call;                   ///< launch: whose
  std::vector<Piece> pieces;           ///< pieces
  std::vector<Node> body;              ///< loop
  SmallVector<unsigned> moving;        ///< loop: views
  SmallVector<std::pair<unsigned, unsigned>> swaps;
  int stage = 0; ///< in its own list
};

AffineExpr bytesOf(Type tensor);
/// Flops of a call of a kernel, with those of what it calls in turn.
AffineExpr flopsOf(func::FuncOp kernel);

/// Where a parameter or a state lives: param or state, and its number among those.
using Home = std::pair<dlx::BufferKind, int64_t>;

/// Bytes that are needed from one time to another, both included.
struct Lifetime {
  int64_t first, last, bytes;
};
/// What lives at one time, at most: no placement takes fewer bytes.
int64_t mostAlive(ArrayRef<Lifetime> lifetimes);

/// Offsets for the arena storages, 64-byte aligned: one after the other at the lowest gap among those alive at the same time, the largest
/// first, or in the best of some other orders where that leaves gaps.
/// Returns the arena's size; where that is above DLX_MAX_BYTES, some larger number.
int64_t place(MutableArrayRef<Storage> storages);
} // namespace dlc
