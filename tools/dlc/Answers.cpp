// Trained models for evaluation and prediction.
#include "tools/dlc/Answers.h"
#include "runtime/data/Tensors.h"

namespace dlc::tools {

Exit giveTrained(Session &session, const std::string &weights) {
  if (weights.empty() && !dlrt_model_has_weights(session.model->get()) && dlrt_model_params(session.model->get()))
    return misuse("the model has no weights: write --weights FILE.safetensors");
  session.params = std::make_unique<dlrt::Params>(*session.model);
  if (!weights.empty())
    session.params->load(weights); // a checkpoint's optimiser is not needed
  return Done;
}

llvm::Expected<data::Preparation> preparationOf(const std::string &weights) {
  if (weights.empty())
    return data::Preparation();
  auto error = [&](const std::string &message) { return llvm::createStringError(llvm::inconvertibleErrorCode(), message); };
  auto metadata = data::readMetadata(weights);
  if (!metadata)
    return error(metadata.error().message);
  auto preparation = data::Preparation::of(*metadata);
  return preparation ? llvm::Expected<data::Preparation>(std::move(*preparation))
                     : error("'" + weights + "': " + preparation.error().message);
}

} // namespace dlc::tools
