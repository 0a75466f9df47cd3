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
func.func @more_than_i8_counts() {
  // expected-error @+1 {{'i8' holds indices below 128, the extent of axis 0 is 300: write i64 elements}}
  %y = dl.iota axis 0 : tensor<300xi8>
  return
}
// -----
func.func @as_many_as_i8_counts() {
  %y = dl.iota axis 0 : tensor<128x300xi8>
  return
}
// -----
dl.symbol @B : 1 to 129
func.func @perhaps_more_than_i8_counts() {
  // expected-error @+1 {{'i8' holds indices below 128, the extent of axis 0 is B: write i64 elements, or bound the extent by a dl.symbol}}
  %y = dl.iota axis 0 : tensor<?xi8, #dl.dims<B>>
  return
}
// -----
dl.symbol @B : 1 to 128
func.func @never_more_than_i8_counts() {
  %y = dl.iota axis 0 : tensor<?xi8, #dl.dims<B>>
  return
}
// -----
func.func @more_than_i32_counts() {
  // expected-error @+1 {{'i32' holds indices below 2147483648, the extent of axis 0 is 2147483649: write i64 elements}}
  %y = dl.iota axis 0 : tensor<2147483649x0xi32>
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
