// Combine ops in, the same with their recipes out.
#include "compiler/simplify/Passes.h"
#include "dialects/dl/Dl.h"

using namespace mlir;
namespace dlc {
#define GEN_PASS_DEF_RECIPES
#include "compiler/simplify/Passes.h.inc"
} // namespace dlc

namespace {
struct Recipes : dlc::impl::RecipesBase<Recipes> {
  void runOnOperation() override {
    getOperation()->walk([](dlc::dl::CombineOpInterface op) { op->setAttr("dl.recipe", dlc::dl::getRecipe(op)); });
  }
};
} // namespace
