// A dense array in memory, and the file formats that hold one: NumPy's .npy and .npz, MNIST's IDX.
#pragma once
#include "../dlrt.h"
#include "Result.h"
#include <cstdlib>
#include <memory>
#include <vector>

inline bool operator==(dlrt_datatype x, dlrt_datatype y) { return x.code == y.code && x.bits == y.bits && x.lanes == y.lanes; }

namespace dlc::data {
class InputFile;

inline constexpr dlrt_datatype F32{2, 32, 1}, F64{2, 64, 1}, I8{0, 8, 1}, I16{0, 16, 1}, I32{0, 32, 1}, I64{0, 64, 1}, U8{1, 8, 1},
    Bool{6, 8, 1};
std::string toString(dlrt_datatype type);                ///< "f32", "i8", "bool"
std::string toString(const std::vector<int64_t> &shape); ///< "[60000, 28, 28]"

/// Row-major; owns its bytes, which are aligned to 64.
class Array {
public:
  Array() = default;
  /// Zeroed. Fails where the number of bytes overflows or memory is short.
  static Result<Array> make(dlrt_datatype type, std::vector<int64_t> shape);
  /// The rest of a file. What its header says is believed as far as bytes come: memory stays within a multiple of them.
  static Result<Array> read(InputFile &file, dlrt_datatype type, std::vector<int64_t> shape);
  /// Elements; bytes.
  int64_t size() const;
  size_t bytes() const { return size() * (type.bits / 8); }
  template <typename T = void> T *data() const { return static_cast<T *>(memory.get()); }
  /// A view; valid as long as this array stands where it is.
  dlrt_tensor view();

  dlrt_datatype type = F32;
  std::vector<int64_t> shape;

private:
  struct Free {
    void operator()(void *p) const { std::free(p); }
  };
  std::unique_ptr<void, Free> memory;
};

/// .npy 1.0 to 3.0 with C order and little-endian f32, f64, i32, i64, i8, u8 or bool; anything else is refused.
Result<Array> readNpy(const std::string &path);
Result<Array> readNpy(InputFile &file);
/// The array of a name in what numpy.savez or savez_compressed wrote.
Result<Array> readNpz(const std::string &path, const std::string &name);
Status writeNpy(const std::string &path, const dlrt_tensor &tensor);
/// IDX, plain or gzip, any of its element types, at most 8 dimensions; missing and trailing bytes are refused.
Result<Array> readIdx(const std::string &path);

} // namespace dlc::data
