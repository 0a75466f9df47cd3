// The contraction emitter of CPUs: register tiles, packed panels, areas of sums.
#pragma once
#include "compiler/codegen/Contraction.h"
#include "compiler/codegen/cpu/MicroKernel.h"

namespace dlc::codegen::cpu {
/// How the launch that adds chunks is cut, and up to how many elements of the result there is one.
constexpr int64_t combineElements = 2048, combineMost = 65536;
/// What is larger comes from beyond a core's own caches each time that it is read through.
constexpr int64_t secondLevelBytes = 1 << 20;

/// What becomes of a tile's sums.
enum class After {
  stored,      ///< they are the result
  inRegisters, ///< the epilogue follows in the tile's own function
  mostly,      ///< so in tiles of full size; others go by a tile in scratch, so that they need no function of their own
  byScratch    ///< the epilogue reads them from scratch, row by row
};
After afterTile(func::FuncOp kernel, const Contraction &c);

/// A contraction while its launches are written.
struct ContractionEmitter {
  Kernel &kernel;
  Contraction c;
  int64_t rows = 1, vectors = 1, lanes = 1; ///< of the tile
  int packed = -1, sums = -1;               ///< temporaries, or -1: sums of chunks that are blocks of their own
  unsigned tileLaunch = 0;
  After after;
  llvm::StringMap<func::FuncOp> helpers = {};

  ContractionEmitter(Kernel &kernel, Contraction contraction);
  int64_t panel() const { return vectors * lanes; }
  Type bElement() const;                   ///< as the tiles read it
  AffineExpr bStride(unsigned loop) const; ///< as the tiles read it
  AffineExpr panelStride() const;          ///< of a packed b

  int64_t areaRows() const { return kernel.plan.getBlock()[2]; } ///< of an index along the plane, in the block's area
  /// Elements of the area in scratch that a block's panels of terms add up in: [plane rows][rows][columns of a panel].
  int64_t area() const { return kernel.plan.getBlock()[1] * areaRows() * panel(); }
  /// Panels of terms go by inside a tile, not around the rows of a block: narrow panels of columns would read `a` in too short pieces
  /// (1024^3 by AVX2 runs at 101 GFLOP/s so, at 107 with panels inside).
  bool panelsInside() const { return Machine::of(kernel.target).lanes < 16; }
  /// A block's chunks are added up in the area, and a long epilogue goes over it.
  bool epilogueOfArea() const {
    return sums < 0 && (after == After::byScratch || (c.panels && kernel.plan.getScratch() > area() * storageBytes(c.compute)));
  }
  /// The block's sums have a place in scratch.
  bool hasArea() const { return c.panels || epilogueOfArea(); }
  /// Copies of the area that sums of chunks wait in.
  int64_t levels() const { return kernel.plan.getScratch() / (area() * storageBytes(c.compute)) - 1; }

  /// Steps of the innermost loop for one line that a tile asks for ahead, or 0: the tiles of a block's rows together ask for the packed
  /// b's next panel of terms while they read this one. Without that a core that reads cold weights waits for half of the time.
  int64_t aheadSteps() const;

  /// One tile: indices of the parallel loops (0 for reduced ones), where the operands' first terms lie, trip counts of the
  /// reduced loops that are clamped or cut, columns left, and where a chunk's sum goes. Where terms come in panels, also where
  /// the tile lies in the area, and whether this is its first panel, or the last, whose sums need no place in the area (i1).
  struct Call {
    SmallVector<Value> index;
    Value a, b, ahead, aheadTile; ///< ahead: the first line that the tile asks for, from it to the next tile's
    SmallVector<Value> counts;
    Value columns, chunkSums, area, first, last;
  };
  /// Columns of a panel: `last` lanes in the last of `vectors`; 0: as many as are left at run time.
  struct Columns {
    int64_t vectors, last;
    bool operator==(const Columns &) const = default;
  };
  void emit();
  void emitTiles();
  void callTile(Frame &f, unsigned rowLoop, int64_t rows, Columns columns, const Call &call);
  /// Any number of rows, by tiles of these sizes in turn.
  void callStrip(Frame &f, unsigned rowLoop, ArrayRef<int64_t> sizes, Value rows, Columns columns, const Call &call);
  /// The epilogue over `rows` rows of sums.
  void callEpilogue(Frame &f, unsigned rowLoop, Columns columns, const Call &call, Value from, Value rows);
  void emitPack(unsigned launch);
  void emitCombine(unsigned launch);

  bool ownTile(int64_t rows, Columns columns) const; ///< with the epilogue in registers

private:
  bool isCounted(unsigned loop) const; ///< its trip count is an argument of the tile
  SmallVector<int64_t> epilogueValues() const;
  SmallVector<Value> arguments(Frame &f, const Call &call) const;
  Call enter(Frame &f) const;
  int64_t lastOf(Columns columns) const;
  MicroKernel microKernel(unsigned rowLoop, int64_t rows, Columns columns) const;
  MicroKernel::Operands operands(Frame &f, const MicroKernel &m, unsigned rowLoop, const Call &call) const;
  int64_t farSteps(int64_t accumulators) const;        ///< from a step of b to the one that a tile asks for, or 0
  Value offset(Frame &f, ArrayRef<Value> index) const; ///< in the result
  MicroKernel::Place place(Frame &f, unsigned rowLoop, const Call &call) const;
  void callOwnTile(Frame &f, unsigned rowLoop, int64_t rows, Columns columns, const Call &call);
  void epilogue(Frame &f, const Call &call, unsigned rowLoop, ValueRange accumulators, ArrayRef<Value> masks);
};

} // namespace dlc::codegen::cpu
