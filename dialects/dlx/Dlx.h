// The public face of the `dlx` dialect.
#pragma once
#include "dialects/dl/Dl.h"

#include "dialects/dlx/Dialect.h.inc"
#include "dialects/dlx/Enums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/dlx/Attrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/dlx/Types.h.inc"
#define GET_OP_CLASSES
#include "dialects/dlx/Ops.h.inc"
