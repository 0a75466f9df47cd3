// C++ over dlrt.h: owning handles that free themselves, and dlrt::Error thrown
// where a call fails.
//
// Header only, C++17, in the user's own binary: nothing is thrown across
// libdlrt's C ABI. Programs without exceptions use dlrt.h. Handles move and do
// not copy; a Model outlives its Params and States, all of them and the Team
// outlive their Contexts. Threads: as dlrt.h says.
#ifndef DLC_RUNTIME_DLRT_HPP
#define DLC_RUNTIME_DLRT_HPP
#include "dlrt.h" // beside this file, wherever both are installed
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace dlrt {

/// A failed call: status, and what() as dlrt_error() said it.
class Error : public std::runtime_error {
public:
  Error(dlrt_status status, const char *message) : std::runtime_error(message), code(status) {}
  dlrt_status status() const { return code; }

private:
  dlrt_status code;
};

/// Throws unless the call succeeded.
inline void check(dlrt_status status) {
  if (status != DLRT_OK)
    throw Error(status, dlrt_error());
}

/// The DLPack type of a C++ element type. bf16 has none: fill in {4, 16, 1}.
template <typename T> constexpr dlrt_datatype datatype() {
  static_assert(std::is_arithmetic_v<T>, "f32, f64, bool, signed and unsigned integers");
  if (std::is_same_v<T, bool>)
    return {6, 8, 1};
  return {std::uint8_t(std::is_floating_point_v<T> ? 2 : std::is_signed_v<T> ? 0 : 1), std::uint8_t(8 * sizeof(T)), 1};
}

/// A view of the caller's row-major memory, aligned as its elements are; owns
/// its shape, not its data.
class Tensor {
public:
  template <typename T>
  Tensor(T *data, std::vector<std::int64_t> shape)
      : Tensor(const_cast<std::remove_const_t<T> *>(data), datatype<std::remove_const_t<T>>(), std::move(shape)) {}
  Tensor(void *data, dlrt_datatype dtype, std::vector<std::int64_t> shape) : data(data), dtype(dtype), extents(std::move(shape)) {}
  const std::vector<std::int64_t> &shape() const { return extents; }
  /// For the C ABI; valid while this lives and its shape stays.
  dlrt_tensor view() const {
    return {data, {1, 0}, std::int32_t(extents.size()), dtype, const_cast<std::int64_t *>(extents.data()), nullptr, 0};
  }

private:
  void *data;
  dlrt_datatype dtype;
  std::vector<std::int64_t> extents;
};

/// A loaded model: code and introspection, shared by any number of threads.
class Model {
public:
  /// Loads an artefact of dlc compile.
  explicit Model(const std::string &path) {
    reset([&](dlrt_model **model) { return dlrt_model_load(path.c_str(), model); });
  }
  /// Opens a descriptor that is linked in; it outlives the model.
  explicit Model(const void *descriptor) {
    reset([&](dlrt_model **model) { return dlrt_model_open(descriptor, model); });
  }
  explicit Model(const char *path) : Model(std::string(path)) {}
  dlrt_model *get() const { return handle.get(); }
  /// Number of the entry of that name.
  std::size_t entry(const std::string &name) const {
    std::size_t index = 0;
    check(dlrt_entry_find(get(), name.c_str(), &index));
    return index;
  }

private:
  struct Free {
    void operator()(dlrt_model *model) const { dlrt_model_free(model); }
  };
  std::unique_ptr<dlrt_model, Free> handle;
  template <typename Make> void reset(Make make) {
    dlrt_model *model = nullptr;
    check(make(&model));
    handle.reset(model);
  }
};

/// The parameters of one model.
class Params {
public:
  explicit Params(const Model &model) {
    dlrt_params *params = nullptr;
    check(dlrt_params_new(model.get(), &params));
    handle.reset(params);
  }
  dlrt_params *get() const { return handle.get(); }
  /// By the declared initialisers.
  void init(std::uint64_t seed) { check(dlrt_params_init(get(), seed)); }
  /// A safetensors file in, and what was skipped and cast.
  dlrt_loaded load(const std::string &path) {
    dlrt_loaded loaded = {};
    check(dlrt_params_load(get(), path.c_str(), &loaded));
    return loaded;
  }
  /// The same without a copy; the file must stay as it is (dlrt_params_map).
  dlrt_loaded map(const std::string &path) {
    dlrt_loaded loaded = {};
    check(dlrt_params_map(get(), path.c_str(), &loaded));
    return loaded;
  }
  void save(const std::string &path, dlrt_saved what = DLRT_SAVE_ALL) const { check(dlrt_params_save(get(), path.c_str(), what)); }
  /// A view of the storage; call changed() after writing through it.
  dlrt_tensor view(const std::string &name) {
    dlrt_tensor tensor = {};
    check(dlrt_params_get(get(), name.c_str(), &tensor));
    return tensor;
  }
  void set(const std::string &name, const Tensor &value) {
    dlrt_tensor tensor = value.view();
    check(dlrt_params_set(get(), name.c_str(), &tensor));
  }
  void changed() { check(dlrt_params_changed(get(), nullptr)); }
  void changed(const std::string &name) { check(dlrt_params_changed(get(), name.c_str())); }

private:
  struct Free {
    void operator()(dlrt_params *params) const { dlrt_params_free(params); }
  };
  std::unique_ptr<dlrt_params, Free> handle;
};

/// What runs of one sequence carry; any number on one Params.
class State {
public:
  explicit State(const Model &model) {
    dlrt_state *state = nullptr;
    check(dlrt_state_new(model.get(), &state));
    handle.reset(state);
  }
  dlrt_state *get() const { return handle.get(); }
  /// Back to the initial values.
  void reset() { check(dlrt_state_reset(get())); }
  /// Takes all values of another, to fork a sequence or to rewind.
  void copy(const State &from) { check(dlrt_state_copy(get(), from.get())); }
  std::uint64_t bytes() const { return dlrt_state_bytes(get()); }
  /// A view of the storage, to read or write between runs.
  dlrt_tensor view(const std::string &name) {
    dlrt_tensor tensor = {};
    check(dlrt_state_get(get(), name.c_str(), &tensor));
    return tensor;
  }
  void set(const std::string &name, const Tensor &value) {
    dlrt_tensor tensor = value.view();
    check(dlrt_state_set(get(), name.c_str(), &tensor));
  }
  /// A safetensors file in and out.
  void load(const std::string &path) { check(dlrt_state_load(get(), path.c_str())); }
  void save(const std::string &path) const { check(dlrt_state_save(get(), path.c_str())); }

private:
  struct Free {
    void operator()(dlrt_state *state) const { dlrt_state_free(state); }
  };
  std::unique_ptr<dlrt_state, Free> handle;
};

/// The threads that contexts lend their work to.
class Team {
public:
  /// 0: one thread a processor of the affinity mask.
  explicit Team(int threads = 0) {
    dlrt_team *team = nullptr;
    check(dlrt_team_new(threads, &team));
    handle.reset(team);
  }
  dlrt_team *get() const { return handle.get(); }
  int threads() const { return dlrt_team_threads(get()); }

private:
  struct Free {
    void operator()(dlrt_team *team) const { dlrt_team_free(team); }
  };
  std::unique_ptr<dlrt_team, Free> handle;
};

/// One arena; runs one entry at a time, from one thread at a time.
class Context {
public:
  Context(const Model &model, Params &params, const Team &team) : Context(model, params, team.get()) {}
  /// Without a team: runs inline.
  Context(const Model &model, Params &params) : Context(model, params, nullptr) {}
  dlrt_context *get() const { return handle.get(); }
  /// Runs an entry; inputs and outputs in the model's order. A repeated run
  /// with as many tensors allocates nothing here either.
  void run(std::size_t entry, const std::vector<Tensor> &inputs, const std::vector<Tensor> &outputs) {
    run(entry, nullptr, inputs, outputs);
  }
  /// The same of an entry that carries something from run to run.
  void run(std::size_t entry, State &state, const std::vector<Tensor> &inputs, const std::vector<Tensor> &outputs) {
    run(entry, state.get(), inputs, outputs);
  }
  /// Extents of an output for these inputs, whose data may be null.
  std::vector<std::int64_t> outputShape(const Model &model, std::size_t entry, const std::vector<Tensor> &inputs, std::size_t output) {
    const dlrt_tensor_info *info = dlrt_entry_output(model.get(), entry, output);
    std::vector<std::int64_t> shape(info ? std::size_t(info->ndim) : 0);
    fill(in, inputs);
    check(dlrt_output_shape(get(), entry, in.data(), in.size(), output, shape.data()));
    return shape;
  }
  void prepare(std::size_t entry) { check(dlrt_prepare(get(), entry)); }

private:
  struct Free {
    void operator()(dlrt_context *context) const { dlrt_context_free(context); }
  };
  std::unique_ptr<dlrt_context, Free> handle;
  std::vector<dlrt_tensor> in, out;
  Context(const Model &model, Params &params, dlrt_team *team) {
    dlrt_context *context = nullptr;
    check(dlrt_context_new(model.get(), params.get(), team, &context));
    handle.reset(context);
  }
  void run(std::size_t entry, dlrt_state *state, const std::vector<Tensor> &inputs, const std::vector<Tensor> &outputs) {
    fill(in, inputs);
    fill(out, outputs);
    check(dlrt_run(get(), entry, state, in.data(), in.size(), out.data(), out.size()));
  }
  static void fill(std::vector<dlrt_tensor> &views, const std::vector<Tensor> &tensors) {
    views.clear();
    for (const Tensor &tensor : tensors)
      views.push_back(tensor.view());
  }
};

} // namespace dlrt
#endif
