// Rows, columns and windows of many equal terms: within 4 ulp, where chains of 64 (window: 250) equal terms drift by 8 (13). At -O0 too.
// RUN: dlc run %s | FileCheck %s
// RUN: dlc run %s -O 0 | FileCheck %s

// CHECK: million bool[]: 1
// CHECK: millions bool[1]: 1
// CHECK: columns bool[3]: 1 1 1
// CHECK: window bool[1, 1, 2, 1]: 1 1
func.func @main() -> (tensor<i1> {dl.name = "million"}, tensor<1xi1> {dl.name = "millions"},
                  tensor<3xi1> {dl.name = "columns"}, tensor<1x1x2x1xi1> {dl.name = "window"}) {
  %a = dl.constant 0.1 : tensor<1000000xf32>
  %0 = dl.sum %a dims [0] : tensor<1000000xf32>
  %1 = dl.constant 100000.0015 : tensor<f32>
  %2 = dl.sub %0, %1 : tensor<f32>
  %3 = dl.abs %2 : tensor<f32>
  %4 = dl.constant 0.032 : tensor<f32>
  %5 = dl.compare lt %3, %4 : tensor<f32>
  %b = dl.constant 0.1 : tensor<1x10000000xf32>
  %6 = dl.sum %b dims [1] : tensor<1x10000000xf32>
  %7 = dl.constant 1000000.0149 : tensor<1xf32>
  %8 = dl.sub %6, %7 : tensor<1xf32>
  %9 = dl.abs %8 : tensor<1xf32>
  %10 = dl.constant 0.251 : tensor<1xf32>
  %11 = dl.compare lt %9, %10 : tensor<1xf32>
  %d = dl.constant 0.1 : tensor<1000000x3xf32>
  %18 = dl.sum %d dims [0] : tensor<1000000x3xf32>
  %19 = dl.constant 100000.0015 : tensor<3xf32>
  %20 = dl.sub %18, %19 : tensor<3xf32>
  %21 = dl.abs %20 : tensor<3xf32>
  %22 = dl.constant 0.032 : tensor<3xf32>
  %23 = dl.compare lt %21, %22 : tensor<3xf32>
  %c = dl.constant 1.23456 : tensor<1x250x251x1xf32>
  %12 = dl.avg_pool2d %c kernel [250, 250] : tensor<1x250x251x1xf32>
  %13 = dl.constant 1.23456 : tensor<1x1x2x1xf32>
  %14 = dl.sub %12, %13 : tensor<1x1x2x1xf32>
  %15 = dl.abs %14 : tensor<1x1x2x1xf32>
  %16 = dl.constant 4.8e-7 : tensor<1x1x2x1xf32>
  %17 = dl.compare lt %15, %16 : tensor<1x1x2x1xf32>
  return %5, %11, %23, %17 : tensor<i1>, tensor<1xi1>, tensor<3xi1>, tensor<1x1x2x1xi1>
}
