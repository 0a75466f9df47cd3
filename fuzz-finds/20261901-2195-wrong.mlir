// wrong, -O0 v3: @main result 3 (y3) element 331: found 1, expected 0 within 1.83683653e-40
// dlc-fuzz --seed 20261901 --only 2195 --train
// dlc-fuzz: data 205759736422763 train |
module {
  func.func @main(%arg0: tensor<3x6xbf16> {dl.name = "x0"}, %arg1: tensor<3x6xbf16> {dl.name = "x1"}, %arg2: tensor<2x6x4x17xbf16> {dl.name = "x2"}, %arg3: tensor<2x3x1x34xbf16> {dl.param = #dl.param<"x3", constant(5.000000e-01), trainable>}, %arg4: tensor<18x9x8x3xbf16> {dl.param = #dl.param<"x4", constant(5.000000e-01), trainable>}, %arg5: tensor<18x9x5x3xbf16> {dl.name = "x5"}, %arg6: tensor<18x9x10x3xbf16> {dl.param = #dl.param<"x6", constant(5.000000e-01), trainable>}, %arg7: tensor<18x9x10x3xbf16> {dl.param = #dl.param<"x7", constant(5.000000e-01), trainable>}, %arg8: tensor<18x8x10x3xbf16> {dl.name = "x8"}, %arg9: tensor<18x9xi32> {dl.name = "x9"}, %arg10: tensor<18x9x10x1xbf16> {dl.name = "x10"}, %arg11: tensor<3x9x10x18xbf16> {dl.name = "x11"}, %arg12: tensor<15x9x10x3xbf16> {dl.param = #dl.param<"x12", constant(5.000000e-01), trainable>}, %arg13: tensor<18x5x10x3xbf16> {dl.name = "x13"}, %arg14: tensor<5x4x2xbf16> {dl.name = "x14"}, %arg15: tensor<5xi32> {dl.name = "x15"}) -> (tensor<3x6xbf16> {dl.name = "y0"}, tensor<18x9x10x3xbf16> {dl.name = "y1"}, tensor<18x9x10x3xbf16> {dl.name = "y2"}, tensor<18x9x10x3xbf16> {dl.name = "y3"}, tensor<18x9x10x3xbf16> {dl.name = "y4"}, tensor<18x9x10x3xbf16> {dl.name = "y5"}, tensor<18x9x10x3xbf16> {dl.name = "y6"}, tensor<18x9x10x3xbf16> {dl.name = "y7"}, tensor<18x9x10x3xbf16> {dl.name = "y8"}, tensor<18x9x10x3xbf16> {dl.name = "y9"}, tensor<18x9x10x3xbf16> {dl.name = "y10"}, tensor<18x9x10x3xbf16> {dl.name = "y11"}, tensor<18x9x10x3xbf16> {dl.name = "y12"}, tensor<bf16> {dl.name = "y13"}, tensor<bf16> {dl.name = "y14"}) {
    %0 = dl.sum_products %arg0, %arg1 dims [] : tensor<3x6xbf16>
    %1 = dl.sum_pool2d %arg4 kernel [2, 3] padding [3, 2, 0, 2] dilation [3, 1] : tensor<18x9x8x3xbf16>
    %2 = dl.lgamma %1 : tensor<18x9x10x3xbf16>
    %3 = dl.sub %2, %1 : tensor<18x9x10x3xbf16>
    %4 = dl.iota axis 1 : tensor<18x9x10x3xbf16>
    %5 = dl.mul %3, %4 : tensor<18x9x10x3xbf16>
    %6 = dl.log1p %1 : tensor<18x9x10x3xbf16>
    %7 = dl.extent <1> : tensor<bf16>
    %8 = dl.broadcast %7 dims [] : tensor<bf16> -> tensor<18x9x10x3xbf16>
    %9 = dl.constant 3.000000e+00 : tensor<18x9x10x3xbf16>
    %10 = dl.compare lt %8, %9 : tensor<18x9x10x3xbf16>
    %11 = dl.select %10, %8, %5 : tensor<18x9x10x3xbf16>
    %12 = dl.concat %arg5, %arg5 axis 2 : tensor<18x9x5x3xbf16>, tensor<18x9x5x3xbf16>
    %13 = dl.constant 3.000000e+00 : tensor<18x9x10x3xbf16>
    %14 = dl.compare lt %12, %13 : tensor<18x9x10x3xbf16>
    %15 = dl.select %14, %12, %11 : tensor<18x9x10x3xbf16>
    %16 = dl.reverse %arg6 dims [1] : tensor<18x9x10x3xbf16>
    %17 = dl.maximum %15, %16 : tensor<18x9x10x3xbf16>
    %18 = dl.relu %17 : tensor<18x9x10x3xbf16>
    %19 = dl.sub %18, %17 : tensor<18x9x10x3xbf16>
    %20 = dl.mul %19, %2 : tensor<18x9x10x3xbf16>
    %21 = dl.mul %19, %20 : tensor<18x9x10x3xbf16>
    %22 = dl.div %arg7, %21 : tensor<18x9x10x3xbf16>
    %23 = dl.sub %21, %22 : tensor<18x9x10x3xbf16>
    %24 = dl.sigmoid %23 : tensor<18x9x10x3xbf16>
    %25 = dl.abs %1 : tensor<18x9x10x3xbf16>
    %26 = dl.digamma %1 : tensor<18x9x10x3xbf16>
    %27 = dl.softsign %23 : tensor<18x9x10x3xbf16>
    %28 = dl.constant 7.000000e+00 : tensor<18x9xi32>
    %29 = dl.minimum %arg9, %28 : tensor<18x9xi32>
    %30 = dl.constant 0.000000e+00 : tensor<18x9xi32>
    %31 = dl.maximum %29, %30 : tensor<18x9xi32>
    %32 = dl.gather %arg8, %31 axis 1 batch 1 : tensor<18x8x10x3xbf16>, tensor<18x9xi32>
    %33 = dl.sub %32, %23 : tensor<18x9x10x3xbf16>
    %34 = dl.concat %arg10, %arg10, %arg10 axis 3 : tensor<18x9x10x1xbf16>, tensor<18x9x10x1xbf16>, tensor<18x9x10x1xbf16>
    %35 = dl.constant 3.000000e+00 : tensor<18x9x10x3xbf16>
    %36 = dl.compare lt %34, %35 : tensor<18x9x10x3xbf16>
    %37 = dl.select %36, %34, %33 : tensor<18x9x10x3xbf16>
    %38 = dl.sin %37 : tensor<18x9x10x3xbf16>
    %39 = dl.mul %37, %38 : tensor<18x9x10x3xbf16>
    %40 = dl.sinh %39 : tensor<18x9x10x3xbf16>
    %41 = dl.transpose %arg11 permutation [3, 1, 2, 0] : tensor<3x9x10x18xbf16>
    %42 = dl.constant 3.000000e+00 : tensor<18x9x10x3xbf16>
    %43 = dl.compare lt %41, %42 : tensor<18x9x10x3xbf16>
    %44 = dl.select %43, %41, %39 : tensor<18x9x10x3xbf16>
    %45 = dl.pad %arg12 low <3, 0, 0, 0> high <0, 0, 0, 0> interior [0, 0, 0, 0] value -3.000000e+00 : tensor<15x9x10x3xbf16>
    %46 = dl.mul %45, %44 : tensor<18x9x10x3xbf16>
    %47 = dl.cos %1 : tensor<18x9x10x3xbf16>
    %48 = dl.cosh %46 : tensor<18x9x10x3xbf16>
    %49 = dl.add %46, %48 : tensor<18x9x10x3xbf16>
    %50 = dl.extent <1024> : tensor<bf16>
    %51 = dl.broadcast %50 dims [] : tensor<bf16> -> tensor<18x9x10x3xbf16>
    %52 = dl.constant 3.000000e+00 : tensor<18x9x10x3xbf16>
    %53 = dl.compare lt %51, %52 : tensor<18x9x10x3xbf16>
    %54 = dl.select %53, %51, %49 : tensor<18x9x10x3xbf16>
    %55 = dl.log2 %54 : tensor<18x9x10x3xbf16>
    %56 = dl.pad %arg13 low <0, 1, 0, 0> high <0, 3, 0, 0> interior [0, 0, 0, 0] value 1.000000e+00 : tensor<18x5x10x3xbf16>
    %57 = dl.mul %56, %54 : tensor<18x9x10x3xbf16>
    %58 = dl.max %arg14 dims [0, 1, 2] : tensor<5x4x2xbf16>
    %59 = dl.broadcast %arg15 dims [0] : tensor<5xi32> -> tensor<5x4xi32>
    %60 = dl.nll %arg14, %59 {mean_over_counted} : tensor<5x4x2xbf16>, tensor<5x4xi32>
    return %0, %6, %18, %24, %25, %26, %27, %34, %40, %41, %47, %55, %57, %58, %60 : tensor<3x6xbf16>, tensor<18x9x10x3xbf16>, tensor<18x9x10x3xbf16>, tensor<18x9x10x3xbf16>, tensor<18x9x10x3xbf16>, tensor<18x9x10x3xbf16>, tensor<18x9x10x3xbf16>, tensor<18x9x10x3xbf16>, tensor<18x9x10x3xbf16>, tensor<18x9x10x3xbf16>, tensor<18x9x10x3xbf16>, tensor<18x9x10x3xbf16>, tensor<18x9x10x3xbf16>, tensor<bf16>, tensor<bf16>
  }
}
