// Rows that share a read shared it under a pad's bound, too: one element beyond the tensor of one.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 165986045668208 train step |
module {
  func.func @main(%arg0: tensor<2x2xf32> {dl.param = #dl.param<"x0", constant(5.000000e-01), trainable>}) -> (tensor<1xf32> {dl.name = "y2"}) {
    %0 = dl.slice %arg0 offsets <0, 0> sizes <2, 1> strides [1, 1] : tensor<2x2xf32>
    %1 = dl.sum %0 dims [0] : tensor<2x1xf32>
    return %1 : tensor<1xf32>
  }
}
