// rows x vectors accumulators over a nest of reduced loops: the innermost code of contractions. What a tile does with its sums is
// its kernel's; the rest is the same for any tensors, so kernels of a model share it.
#pragma once
#include "compiler/codegen/cpu/Cpu.h"

namespace dlc::codegen::cpu {

/// What the code of a micro-kernel depends on. Strides (elements) and trip counts are values.
struct MicroKernel {
  Type a, b, compute; ///< elements in memory, of the accumulators
  int64_t rows, vectors, lanes;
  int64_t last;                                            ///< columns of the last vector, or one of these
  static constexpr int64_t anyVector = 0, lastVector = -1; ///< as many columns as are left, which may end in any vector, or in the last
  bool whole = false;                                      ///< b is read without masks
  unsigned loops = 0;                                      ///< reduced ones
  bool aVector = false;                                    ///< a varies along the vectors as well
  bool rowUnit = false;                                    ///< rows of a lie one element apart
  bool stepUnit = false;                                   ///< and so do steps of the innermost loop
  bool asks = false;                                       ///< for lines that a later tile will read
  bool far = false;                                        ///< steps of b lie too far apart for the hardware to fetch ahead
  bool many = false; ///< it goes through any number of tiles, one below the other; it does not ask for lines

  struct Operands {
    Value a, b;                              ///< where the first terms lie
    Value ahead, aheadStep;                  ///< the first line that is asked for, elements on for each step of the innermost loop
    Value distance;                          ///< from a step of b to the one that is asked for, where steps lie far apart
    Value columns;                           ///< as are left; null where `last` says how many
    Value rowStep;                           ///< of a
    SmallVector<Value> counts, aStep, bStep; ///< of the loops
  };
  /// The sums at the frame's insertion point: vectors of the first row, then of the next.
  SmallVector<Value> accumulate(Frame &f, const Operands &o) const;
  /// Of each vector's columns; null: all of them.
  SmallVector<Value> masks(Frame &f, Value columns) const;

  /// Where sums go: rows of `to` lie `toPitch` elements apart. Unless it is the `first` panel of terms (i1), they are added to what is
  /// in `from`.
  struct Place {
    Value from, fromPitch, to, toPitch, first;
  };
  /// Calls the shared function for so many tiles (1 unless `many`); its name in the module is the micro-kernel, its body is written by
  /// writeMicroKernels.
  void call(Frame &f, const Operands &o, const Place &place, Value tiles) const;
  /// The same over a strip of any number of rows, by micro-kernels of these numbers in turn, each as often as it fits; this one's rows are
  /// the first. `aheadTile`: elements of what is asked for from a tile to the next.
  void callStrip(Frame &f, const Operands &o, const Place &place, ArrayRef<int64_t> sizes, Value rows, Value aheadTile) const;
};

/// Moves functions that several modules call to one of them each, so that all are about as long.
void shareMicroKernels(ArrayRef<ModuleOp> modules);
/// Writes those that the module is to have.
void writeMicroKernels(ModuleOp module, const Target &target);
bool isMicroKernel(StringRef symbol);

} // namespace dlc::codegen::cpu
