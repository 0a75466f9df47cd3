// What stands in an attribute dictionary and is no attribute of the op is refused: a slip would be ignored.
// RUN: dlc-opt %s -split-input-file -verify-diagnostics

func.func @another_library_s_name(%x: tensor<8x4xf32>, %w: tensor<5x4xf32>) {
  // expected-error @+1 {{'dl.matmul' op has no attribute 'transpose_b': it has transpose_lhs, transpose_rhs}}
  %y = "dl.matmul"(%x, %w) {transpose_b, transpose_rhs} : (tensor<8x4xf32>, tensor<5x4xf32>) -> tensor<8x5xf32>
  return
}
// -----
func.func @shortened(%x: tensor<4x8xf32>, %g: tensor<8xf32>) {
  // expected-error @+1 {{'dl.layer_norm' op has no attribute 'eps': write epsilon}}
  %y = dl.layer_norm %x, %g, %g {eps = 100.0} : tensor<4x8xf32>, tensor<8xf32>
  return
}
// -----
func.func @a_letter_less(%x: tensor<2x8x8x3xf32>, %w: tensor<3x3x3x16xf32>) {
  // expected-error @+1 {{'dl.conv2d' op has no attribute 'stride': write strides}}
  %y = dl.conv2d %x, %w {stride = [2, 2]} : tensor<2x8x8x3xf32>, tensor<3x3x3x16xf32>
  return
}
// -----
func.func @a_slip(%x: tensor<2x8x8x3xf32>, %w: tensor<3x3x3x16xf32>) {
  // expected-error @+1 {{'dl.conv2d' op has no attribute 'dialation': write dilation}}
  %y = dl.conv2d %x, %w {dialation = [2, 2]} : tensor<2x8x8x3xf32>, tensor<3x3x3x16xf32>
  return
}
// -----
func.func @none_of_its_own(%x: tensor<4xf32>) {
  // expected-error @+1 {{'dl.relu' op has no attribute 'alpha': it has none}}
  %y = dl.relu %x {alpha = 0.1} : tensor<4xf32>
  return
}
// -----
func.func @of_the_dialect(%x: tensor<4xf32>) {
  // expected-error @+1 {{'dl.relu' op has the unknown attribute 'dl.name': those of dl belong to arguments and results of functions}}
  %y = dl.relu %x {dl.name = "hidden"} : tensor<4xf32>
  return
}
// -----
func.func @of_nearly_the_dialect(%x: tensor<4xf32>) {
  // expected-error @+1 {{'dl.relu' op has the unknown attribute 'd1.name': dl.name belongs to arguments and results of functions}}
  %y = dl.relu %x {d1.name = "hidden"} : tensor<4xf32>
  return
}
// -----
// Another tool's note passes.
func.func @of_another_dialect(%x: tensor<4xf32>) {
  %y = dl.relu %x {onnx.node_name = "relu_3"} : tensor<4xf32>
  return
}
// -----
func.func @in_a_body(%x: tensor<3x2xf32>) {
  %y = dl.scan <3> inputs(%x) {
  ^bb0(%a: tensor<2xf32>):
    // expected-error @+1 {{'dl.yield' op has no attribute 'last': it has none}}
    dl.yield %a : tensor<2xf32> {last}
  } : (tensor<3x2xf32>) -> tensor<3x2xf32>
  return
}
// -----
// expected-error @+1 {{'dl.symbol' op has no attribute 'maximum': write max}}
dl.symbol @B : 1 to 64 {maximum = 128}
// -----
// expected-error @+1 {{argument 0: unknown attribute 'dl.params': write dl.param}}
func.func @argument(%x: tensor<4xf32> {dl.params = "w"}) {
  return
}
// -----
// expected-error @+1 {{argument 0: unknown attribute 'dl.state': it has dl.name, dl.param, dl.range}}
func.func @argument_of_result(%x: tensor<4xf32> {dl.state = "w"}) {
  return
}
// -----
// expected-error @+1 {{result 0: unknown attribute 'dl.stat': write dl.state}}
func.func @result(%x: tensor<4xf32>) -> (tensor<4xf32> {dl.stat = "w"}) {
  return %x : tensor<4xf32>
}
// -----
// expected-error @+1 {{has the unknown attribute 'dlx.kernels': write dlx.kernel}}
func.func @executable(%x: tensor<4xf32>) attributes {dlx.kernels} {
  return
}
// -----
func.func @empty() {
  return
}
// expected-error @+1 {{'dlx.program' op has no attribute 'is_prepared': write is_prepare}}
dlx.program @p of @empty arena 0 scratch 0 prepared 0 {
} {is_prepared}
// -----
// expected-error @+1 {{can only contain attributes with dialect-prefixed names, found: 'batch'}}
module attributes {batch = 4} {
}
