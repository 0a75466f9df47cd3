// RUN: dlc-opt %s -split-input-file -verify-diagnostics

func.func @axis() {
  // expected-error @+1 {{axis 2 of a tensor of rank 2}}
  %y = dl.iota axis 2 : tensor<4x5xi64>
  return
}
// -----
func.func @negative_axis() {
  // expected-error @+1 {{axis -1 of a tensor of rank 2}}
  %y = dl.iota axis -1 : tensor<4x5xi64>
  return
}
// -----
func.func @number() {
  // expected-error @+1 {{the result is one number, found 'tensor<4xf32>': write dl.broadcast behind it}}
  %y = dl.extent <B> : tensor<4xf32>
  return
}
// -----
// expected-note @+1 {{prior use here}}
func.func @key(%key: tensor<2xi64>) {
  // expected-error @+1 {{expects different type than prior uses: 'tensor<i64>' vs 'tensor<2xi64>'}}
  %y = dl.random_uniform %key stream 0 : tensor<4xf32>
  return
}
// -----
func.func @stream(%key: tensor<i64>) {
  // expected-error @+1 {{stream -1: expected 0 to 9223372036854775807}}
  %y = dl.random_uniform %key stream -1 : tensor<4xf32>
  return
}
// -----
func.func @normal_stream(%key: tensor<i64>) {
  // expected-error @+1 {{stream 2305843009213693952: expected 0 to 2305843009213693951}}
  %y = dl.random_normal %key stream 2305843009213693952 : tensor<4xf32>
  return
}
// -----
func.func @element(%key: tensor<i64>) {
  // expected-error @+1 {{result #0 must be ranked tensor of 32-bit float}}
  %y = dl.random_uniform %key stream 0 : tensor<4xf64>
  return
}
