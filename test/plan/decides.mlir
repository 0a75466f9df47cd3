// The emitter reads tile and grid from the plan alone: an edited plan changes the launch and its code.
// RUN: dlc-opt %s --dl-schedule | FileCheck %s
// RUN: dlc-opt %s --dl-codegen=lower=false | FileCheck %s --check-prefix=CODE
// RUN: sed -e 's/block .256./block [512]/' -e 's/grid <8>/grid <4>/' %s | dlc-opt --dl-schedule | FileCheck %s --check-prefix=EDITED
// RUN: sed -e 's/block .256./block [512]/' -e 's/grid <8>/grid <4>/' %s | dlc-opt --dl-codegen=lower=false | FileCheck %s --check-prefix=EDITED-CODE

// CHECK: dlx.launch "k0" grid <8>
// CODE: func.func @k0
// CODE-NOT: 512
// CODE: arith.constant 256 : i64
// EDITED: dlx.launch "k0" grid <4>
// EDITED-CODE: func.func @k0
// EDITED-CODE-NOT: 256
// EDITED-CODE: arith.constant 512 : i64
func.func @main(%x: tensor<2048xf32>) -> tensor<2048xf32> {
  %0 = call @k0(%x) : (tensor<2048xf32>) -> tensor<2048xf32>
  return %0 : tensor<2048xf32>
}
func.func private @k0(%x: tensor<2048xf32>) -> tensor<2048xf32> attributes {dlx.kernel,
    dlx.plan = #dlx.plan<loops, tile [], block [256], launches [<"", reads [0], writes [1], grid <8>>], temps [], scratch 0>} {
  %0 = dl.relu %x : tensor<2048xf32>
  return %0 : tensor<2048xf32>
}
