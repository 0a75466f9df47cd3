// The dlx dialect: registration.
#include "dialects/dlx/Dlx.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace dlc::dlx;

#include "dialects/dlx/Dialect.cpp.inc"
#include "dialects/dlx/Enums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/dlx/Attrs.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/dlx/Types.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/dlx/Ops.cpp.inc"

void DlxDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/dlx/Attrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/dlx/Types.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/dlx/Ops.cpp.inc"
      >();
}

LogicalResult DlxDialect::verifyOperationAttribute(Operation *op, NamedAttribute attr) {
  static constexpr StringRef known[] = {"dlx.kernel", "dlx.plan",   "dlx.fallback", "dlx.verdicts", "dlx.group",
                                        "dlx.late",   "dlx.pieces", "dlx.micro",    "dlx.elements", "dlx.sizes",
                                        "dlx.own",    "dlx.place",  "dlx.layers"};
  if (llvm::is_contained(known, attr.getName().strref()))
    return success();
  return op->emitOpError("has the unknown attribute '") << attr.getName().strref() << "': " << dl::spell(attr.getName(), known);
}
