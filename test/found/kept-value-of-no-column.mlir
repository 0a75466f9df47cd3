// A value kept between passes that no column changes was stored as one element.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 202292608734184 train |
module {
  func.func @main(%arg0: tensor<1x1x65xf64> {dl.name = "x2"}) -> (tensor<f64> {dl.name = "y2"}) {
    %0 = dl.constant 5.000000e-01 : tensor<1x1x65xf64>
    %1 = dl.sigmoid %0 : tensor<1x1x65xf64>
    %2 = dl.categorical_cross_entropy %arg0, %1 {from_logits} : tensor<1x1x65xf64>, tensor<1x1x65xf64>
    return %2 : tensor<f64>
  }
}
