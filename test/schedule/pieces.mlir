// RUN: dlc compile %s --emit schedule | FileCheck %s --implicit-check-not=dlx.launch
// More than 16 parts of one value are copied where they lie, without a kernel: by rows of a part's width, at its place in the rows of
// the whole. A part of symbolic height keeps its symbols.

// CHECK-LABEL: dlx.program @program.main
// CHECK: %[[OUT:.*]] = dlx.buffer output 0 bytes <B * 144>
// CHECK: dlx.place %[[OUT]], %{{.*}} bytes <8> rows <B> offset <0> stride <144>
// CHECK: dlx.place %[[OUT]], %{{.*}} bytes <8> rows <B> offset <8> stride <144>
// CHECK: dlx.place %[[OUT]], %{{.*}} bytes <8> rows <B> offset <136> stride <144>
// CHECK-LABEL: dlx.program @program.parts
// CHECK: dlx.take %{{.*}}, %[[X:.*]] bytes <B * 4> rows <1> offset <0> stride <B * 68>
// CHECK: dlx.take %{{.*}}, %[[X]] bytes <B * 4> rows <1> offset <B * 4> stride <B * 68>
// CHECK: dlx.take %{{.*}}, %[[X]] bytes <B * 4> rows <1> offset <B * 64> stride <B * 68>
dl.symbol @B : 1 to 8
func.func @main(%x: tensor<?x2xf32, #dl.dims<B, 2>>) -> tensor<?x36xf32, #dl.dims<B, 36>> {
  %0 = dl.concat %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x axis 1 : tensor<?x2xf32, #dl.dims<B, 2>>, tensor<?x2xf32, #dl.dims<B, 2>>, tensor<?x2xf32, #dl.dims<B, 2>>, tensor<?x2xf32, #dl.dims<B, 2>>, tensor<?x2xf32, #dl.dims<B, 2>>, tensor<?x2xf32, #dl.dims<B, 2>>, tensor<?x2xf32, #dl.dims<B, 2>>, tensor<?x2xf32, #dl.dims<B, 2>>, tensor<?x2xf32, #dl.dims<B, 2>>, tensor<?x2xf32, #dl.dims<B, 2>>, tensor<?x2xf32, #dl.dims<B, 2>>, tensor<?x2xf32, #dl.dims<B, 2>>, tensor<?x2xf32, #dl.dims<B, 2>>, tensor<?x2xf32, #dl.dims<B, 2>>, tensor<?x2xf32, #dl.dims<B, 2>>, tensor<?x2xf32, #dl.dims<B, 2>>, tensor<?x2xf32, #dl.dims<B, 2>>, tensor<?x2xf32, #dl.dims<B, 2>>
  return %0 : tensor<?x36xf32, #dl.dims<B, 36>>
}
func.func @parts(%x: tensor<17x?xf32, #dl.dims<17, B>>) -> (tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>) {
  %0 = dl.slice %x offsets <0, 0> sizes <1, B> strides [1, 1] : tensor<17x?xf32, #dl.dims<17, B>>
  %1 = dl.slice %x offsets <1, 0> sizes <1, B> strides [1, 1] : tensor<17x?xf32, #dl.dims<17, B>>
  %2 = dl.slice %x offsets <2, 0> sizes <1, B> strides [1, 1] : tensor<17x?xf32, #dl.dims<17, B>>
  %3 = dl.slice %x offsets <3, 0> sizes <1, B> strides [1, 1] : tensor<17x?xf32, #dl.dims<17, B>>
  %4 = dl.slice %x offsets <4, 0> sizes <1, B> strides [1, 1] : tensor<17x?xf32, #dl.dims<17, B>>
  %5 = dl.slice %x offsets <5, 0> sizes <1, B> strides [1, 1] : tensor<17x?xf32, #dl.dims<17, B>>
  %6 = dl.slice %x offsets <6, 0> sizes <1, B> strides [1, 1] : tensor<17x?xf32, #dl.dims<17, B>>
  %7 = dl.slice %x offsets <7, 0> sizes <1, B> strides [1, 1] : tensor<17x?xf32, #dl.dims<17, B>>
  %8 = dl.slice %x offsets <8, 0> sizes <1, B> strides [1, 1] : tensor<17x?xf32, #dl.dims<17, B>>
  %9 = dl.slice %x offsets <9, 0> sizes <1, B> strides [1, 1] : tensor<17x?xf32, #dl.dims<17, B>>
  %10 = dl.slice %x offsets <10, 0> sizes <1, B> strides [1, 1] : tensor<17x?xf32, #dl.dims<17, B>>
  %11 = dl.slice %x offsets <11, 0> sizes <1, B> strides [1, 1] : tensor<17x?xf32, #dl.dims<17, B>>
  %12 = dl.slice %x offsets <12, 0> sizes <1, B> strides [1, 1] : tensor<17x?xf32, #dl.dims<17, B>>
  %13 = dl.slice %x offsets <13, 0> sizes <1, B> strides [1, 1] : tensor<17x?xf32, #dl.dims<17, B>>
  %14 = dl.slice %x offsets <14, 0> sizes <1, B> strides [1, 1] : tensor<17x?xf32, #dl.dims<17, B>>
  %15 = dl.slice %x offsets <15, 0> sizes <1, B> strides [1, 1] : tensor<17x?xf32, #dl.dims<17, B>>
  %16 = dl.slice %x offsets <16, 0> sizes <1, B> strides [1, 1] : tensor<17x?xf32, #dl.dims<17, B>>
  return %0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16 : tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>, tensor<1x?xf32, #dl.dims<1, B>>
}
