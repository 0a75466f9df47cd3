// libFuzzer: any bytes as a safetensors file for a model of two parameters.
#include "test/unit/RuntimeProgram.h"

using namespace dlrt_test;

static dlrt_params *makeParams() {
  static Builder b;
  b.param(DLX_TRAINABLE, "weight", DLX_F32, {2, 3});
  b.param(DLX_OPTIMIZER, "weight/mean", DLX_F64, {4});
  b.entry("run");
  dlrt_model *model = nullptr;
  dlrt_params *params = nullptr;
  if (dlrt_model_open(b.finish(), &model) != DLRT_OK || dlrt_params_new(model, &params) != DLRT_OK)
    abort();
  return params;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static dlrt_params *params = makeParams();
  // A copy of exactly this size, so that one byte too far is seen.
  std::vector<uint8_t> bytes(data, data + size);
  dlrt_params_load_memory(params, bytes.data(), bytes.size(), nullptr);
  return 0;
}
