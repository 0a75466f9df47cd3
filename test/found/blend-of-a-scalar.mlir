// Where compare and select of scalars met in one kernel, -O0 read 16 bytes of a tensor of 4.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 233055458549392 train |
module {
  func.func @main(%arg0: tensor<f32> {dl.name = "x4"}) -> (tensor<f32> {dl.name = "y5"}) {
    %0 = dl.relu %arg0 : tensor<f32>
    return %0 : tensor<f32>
  }
}
