// What depends on parameters alone moves to prepare, unless its code asks for a symbol.
// RUN: dlc-opt %s --canonicalize --dl-kernels-form --dl-plan --dl-schedule | FileCheck %s
dl.symbol @B : 1 to 64

// CHECK-LABEL: dlx.program @program.scaled.prepare
// CHECK: dlx.launch
// CHECK-LABEL: dlx.program @program.scaled of
// CHECK-SAME: after @program.scaled.prepare
// CHECK: dlx.buffer prepared 0
func.func @scaled(%x: tensor<?x4xf32, #dl.dims<B, 4>>, %w: tensor<4xf32> {dl.param = #dl.param<"w", constant(1.0), trainable>})
    -> tensor<?x4xf32, #dl.dims<B, 4>> {
  %e = dl.exp %w : tensor<4xf32>
  %b = dl.broadcast %e dims [1] : tensor<4xf32> -> tensor<?x4xf32, #dl.dims<B, 4>>
  %y = dl.mul %x, %b : tensor<?x4xf32, #dl.dims<B, 4>>
  return %y : tensor<?x4xf32, #dl.dims<B, 4>>
}
// CHECK-NOT: program.byBatch.prepare
// CHECK-LABEL: dlx.program @program.byBatch of
func.func @byBatch(%x: tensor<?x4xf32, #dl.dims<B, 4>>, %w: tensor<4xf32> {dl.param = #dl.param<"w", constant(1.0), trainable>})
    -> tensor<?x4xf32, #dl.dims<B, 4>> {
  %n = dl.extent <B> : tensor<f32>
  %m = dl.broadcast %n dims [] : tensor<f32> -> tensor<4xf32>
  %e = dl.mul %w, %m : tensor<4xf32>
  %b = dl.broadcast %e dims [1] : tensor<4xf32> -> tensor<?x4xf32, #dl.dims<B, 4>>
  %y = dl.mul %x, %b : tensor<?x4xf32, #dl.dims<B, 4>>
  return %y : tensor<?x4xf32, #dl.dims<B, 4>>
}
// A parameter wider than a panel is packed there for any batch, unless an entry changes it.
// CHECK-LABEL: dlx.program @program.wide.prepare
// CHECK: dlx.launch "k{{[0-9]+}}pack"
// CHECK-LABEL: dlx.program @program.wide of
// CHECK-NOT: pack"
// CHECK: dlx.launch "k{{[0-9]+}}tile"
func.func @wide(%x: tensor<?x64xf32, #dl.dims<B, 64>>, %w: tensor<64x200xf32> {dl.param = #dl.param<"v", constant(1.0), trainable>})
    -> tensor<?x200xf32, #dl.dims<B, 200>> {
  %y = dl.matmul %x, %w : tensor<?x64xf32, #dl.dims<B, 64>>, tensor<64x200xf32>
  return %y : tensor<?x200xf32, #dl.dims<B, 200>>
}
// An entry that writes some parameters has the others prepared, but for a state.
// CHECK-LABEL: dlx.program @program.frozen.prepare
// CHECK-COUNT-1: dlx.launch
// CHECK-NOT: dlx.launch
// CHECK-LABEL: dlx.program @program.frozen of
// CHECK-SAME: after @program.frozen.prepare writes [3, 4]
// CHECK-NOT: pack"
// CHECK: dlx.launch "k{{[0-9]+}}tile"
// CHECK: dlx.launch "k{{[0-9_]+}}tile"
// CHECK: dlx.launch "k{{[0-9_]+}}tile"
// CHECK-NOT: pack"
func.func @frozen(%x: tensor<?x64xf32, #dl.dims<B, 64>>, %f: tensor<64x200xf32> {dl.param = #dl.param<"f", constant(1.0), non_trainable>},
                  %b: tensor<4xf32> {dl.param = #dl.param<"b", constant(1.0), trainable>},
                  %t: tensor<64x200xf32> {dl.param = #dl.param<"t", constant(1.0), trainable>},
                  %h: tensor<64x200xf32> {dl.param = #dl.param<"h", constant(1.0), state>})
    -> (tensor<?x200xf32, #dl.dims<B, 200>>, tensor<?x200xf32, #dl.dims<B, 200>>, tensor<?x200xf32, #dl.dims<B, 200>>,
        tensor<4xf32> {dl.state = "b"}, tensor<64x200xf32> {dl.state = "t"}) {
  %0 = dl.matmul %x, %f : tensor<?x64xf32, #dl.dims<B, 64>>, tensor<64x200xf32>
  %1 = dl.matmul %x, %t : tensor<?x64xf32, #dl.dims<B, 64>>, tensor<64x200xf32>
  %2 = dl.matmul %x, %h : tensor<?x64xf32, #dl.dims<B, 64>>, tensor<64x200xf32>
  %m = dl.neg %b : tensor<4xf32>
  %n = dl.neg %t : tensor<64x200xf32>
  return %0, %1, %2, %m, %n : tensor<?x200xf32, #dl.dims<B, 200>>, tensor<?x200xf32, #dl.dims<B, 200>>,
                              tensor<?x200xf32, #dl.dims<B, 200>>, tensor<4xf32>, tensor<64x200xf32>
}
// CHECK-LABEL: dlx.program @program.changed of
// CHECK-NOT: pack"
// CHECK: dlx.launch "k{{[0-9]+}}"
func.func @changed(%x: tensor<?x64xf32, #dl.dims<B, 64>>, %w: tensor<64x100xf32> {dl.param = #dl.param<"u", constant(1.0), trainable>})
    -> (tensor<?x100xf32, #dl.dims<B, 100>>, tensor<64x100xf32> {dl.state = "u"}) {
  %y = dl.matmul %x, %w : tensor<?x64xf32, #dl.dims<B, 64>>, tensor<64x100xf32>
  %v = dl.neg %w : tensor<64x100xf32>
  return %y, %v : tensor<?x100xf32, #dl.dims<B, 100>>, tensor<64x100xf32>
}
