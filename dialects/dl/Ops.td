// Table of contents: one include per op family.
#ifndef DLC_DIALECTS_DL_OPS_TD
#define DLC_DIALECTS_DL_OPS_TD
include "dialects/dl/Dl.td"
include "dialects/dl/ops/Symbol.td"
include "dialects/dl/ops/Pointwise.td"
include "dialects/dl/ops/Reduction.td"
include "dialects/dl/ops/Contraction.td"
include "dialects/dl/ops/Movement.td"
include "dialects/dl/ops/Indexing.td"
include "dialects/dl/ops/Random.td"
include "dialects/dl/ops/Control.td"
include "dialects/dl/ops/Optimizer.td"
include "dialects/dl/ops/Window.td"
include "dialects/dl/ops/Normalization.td"
include "dialects/dl/ops/Attention.td"
include "dialects/dl/ops/Loss.td"
#endif
