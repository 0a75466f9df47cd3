// How passes of this stage make new functions from old ones: copies that grow arguments and results.
#pragma once
#include "dialects/dl/Dl.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"

namespace dlc {
/// The function of straight-line code called `name`, or a diagnostic.
mlir::FailureOr<mlir::func::FuncOp> getFunction(mlir::ModuleOp module, llvm::StringRef name);

/// A copy of a function under another name, behind it in the module; the signature waits for finish().
class FunctionCopy {
public:
  mlir::func::FuncOp function;
  llvm::SmallVector<mlir::NamedAttrList> attributes; ///< of each result
  llvm::SmallVector<mlir::Attribute> argumentAttributes;
  llvm::StringMap<unsigned> argumentNames; ///< to numbers

  /// Null, with a diagnostic, where the name is taken.
  static mlir::FailureOr<FunctionCopy> create(mlir::func::FuncOp original, llvm::StringRef name);
  mlir::Block &body() { return function.front(); }
  mlir::OpBuilder atEnd() { return mlir::OpBuilder::atBlockTerminator(&body()); }
  /// The dl.param of an argument, or null.
  dl::ParamAttr getParam(unsigned argument) {
    return llvm::cast<mlir::DictionaryAttr>(argumentAttributes[argument]).getAs<dl::ParamAttr>("dl.param");
  }
  mlir::Value addArgument(mlir::Type type, mlir::StringAttr name, mlir::NamedAttrList more = {});
  /// A name for a new argument, or a new result: `prefix` before `name` as often as it takes to be the only one, so that the
  /// gradient of a gradient has gradient/gradient/x. Null for null.
  mlir::StringAttr newArgumentName(llvm::StringRef prefix, mlir::StringAttr name);
  mlir::StringAttr newResultName(llvm::StringRef prefix, mlir::StringAttr name);
  /// What it returns so far; ask again after derivatives were built, which may put other values in their place.
  mlir::ValueRange results() { return body().getTerminator()->getOperands(); }
  void addResult(mlir::Value value, mlir::StringAttr name, mlir::NamedAttrList more = {}, std::optional<unsigned> at = {});
  /// Fixes the signature and erases pure ops without uses.
  void finish();

private:
  void describeArgument(mlir::DictionaryAttr attributes);
};
/// Applies a loss's own rewrite in place, before it is differentiated: softmax and cross-entropy become the stable form, whose
/// gradient keeps what the composition of the two would round away or make NaN.
void takeStableForm(mlir::Operation *loss);
/// An op whose name and attributes come from a user: refuses unknown attributes, infers its types and verifies it.
mlir::FailureOr<mlir::ResultRange> createByName(mlir::OpBuilder &b, mlir::Location loc, mlir::RegisteredOperationName name,
                                                mlir::ValueRange operands, mlir::DictionaryAttr attributes);
/// What an argument is called: its dl.param's name, or dl.name; or null.
mlir::StringAttr getNameAttr(mlir::func::FuncOp function, unsigned argument);
bool isFloatTensor(mlir::Type type);
} // namespace dlc
