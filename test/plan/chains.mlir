// Scores of attention are never in memory: S, the softmax and the second product run strip by strip.
// RUN: dlc-opt %s --dl-simplify-decompose --dl-simplify-recipes --dl-kernels-form --dl-plan --dl-plan-chains=least=65536 | FileCheck %s
// RUN: dlc-opt %s --dl-simplify-decompose --dl-simplify-recipes --dl-kernels-form --dl-plan --dl-plan-chains=least=65536 --dl-schedule | FileCheck %s --check-prefix=ARENA
// RUN: dlc-opt %s --dl-simplify-decompose --dl-simplify-recipes --dl-kernels-form --dl-plan --dl-plan-chains | FileCheck %s --check-prefix=SMALL

// CHECK-LABEL: func.func @main
// CHECK-SAME: "chain: a strip of rows at a time, in scratch"
// CHECK-NEXT: %[[O:.*]] = call @[[$CHAIN:chain[0-9]+]](%arg0, %arg1, %arg2)
// CHECK-NEXT: return %[[O]]
// ARENA: dlx.program @program.main of @main arena {{[0-9]?[0-9]?[0-9]?[0-9]?[0-9]}} scratch
// SMALL-LABEL: func.func @main
// SMALL-COUNT-3: call @k
// SMALL: return
func.func @main(%q: tensor<1x2x256x16xf32>, %k: tensor<1x2x256x16xf32>, %v: tensor<1x2x256x16xf32>) -> tensor<1x2x256x16xf32> {
  %s = dl.matmul %q, %k transposed : tensor<1x2x256x16xf32>, tensor<1x2x256x16xf32>
  %p = dl.softmax %s axis 3 : tensor<1x2x256x256xf32>
  %o = dl.matmul %p, %v : tensor<1x2x256x256xf32>, tensor<1x2x256x16xf32>
  return %o : tensor<1x2x256x16xf32>
}

// A value that is a result as well lies in memory, and what is left between the kernels is too little.
// CHECK-LABEL: func.func @shown
// CHECK-COUNT-3: call @{{k|chain}}
// CHECK: return
func.func @shown(%q: tensor<1x2x256x16xf32>, %k: tensor<1x2x256x16xf32>, %v: tensor<1x2x256x16xf32>)
    -> (tensor<1x2x256x16xf32>, tensor<1x2x256x256xf32>, tensor<1x2x256x256xf32>) {
  %s = dl.matmul %q, %k transposed : tensor<1x2x256x16xf32>, tensor<1x2x256x16xf32>
  %p = dl.softmax %s axis 3 : tensor<1x2x256x256xf32>
  %o = dl.matmul %p, %v : tensor<1x2x256x256xf32>, tensor<1x2x256x16xf32>
  return %o, %p, %s : tensor<1x2x256x16xf32>, tensor<1x2x256x256xf32>, tensor<1x2x256x256xf32>
}

// A consumer that sums over the rows needs them all.
// CHECK-LABEL: func.func @columns
// CHECK-COUNT-2: call @k
// CHECK: return
func.func @columns(%q: tensor<512x16xf32>, %k: tensor<512x16xf32>, %v: tensor<512x16xf32>) -> tensor<512x16xf32> {
  %s = dl.matmul %q, %k transposed : tensor<512x16xf32>, tensor<512x16xf32>
  %o = dl.matmul %s transposed, %v : tensor<512x512xf32>, tensor<512x16xf32>
  return %o : tensor<512x16xf32>
}

// CHECK: func.func private @[[$CHAIN]](
// CHECK-SAME: dlx.plan = #dlx.plan<chain, tile[{{[0-9]+}}], block[], launches[<"_0pack", reads[1], writes[4]
// CHECK-SAME: <"", reads[0, 4, 2]
// CHECK: call @[[$CHAIN]]_0(%arg0, %arg1)
// CHECK: call @[[$CHAIN]]_1
// CHECK: call @[[$CHAIN]]_2
// CHECK: func.func private @[[$CHAIN]]_0({{.*}} attributes {dlx.plan = #dlx.plan<contraction
