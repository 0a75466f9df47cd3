dl.symbol @past : 0 to 15
func.func @main(%x: tensor<2x1x4xf32> {dl.name = "x"}, %past: tensor<i32> {dl.name = "past", dl.symbol = @past},
                %c: tensor<2x16x4xf32> {dl.param = #dl.param<"cache", constant(0.0), state>})
    -> (tensor<2x?x4xf32, #dl.dims<2, past + 1, 4>> {dl.name = "seen"}, tensor<2x4xf32> {dl.name = "sum"},
        tensor<2x16x4xf32> {dl.state = "cache"}) {
  %d = dl.add %x, %x : tensor<2x1x4xf32>
  %n = dl.update_slice %c, %d offsets <0, past, 0> : tensor<2x16x4xf32>, tensor<2x1x4xf32>
  %s = dl.slice %n offsets <0, 0, 0> sizes <2, past + 1, 4> strides [1, 1, 1] : tensor<2x16x4xf32>
  %r = dl.sum %s dims [1] : tensor<2x?x4xf32, #dl.dims<2, past + 1, 4>>
  return %s, %r, %n : tensor<2x?x4xf32, #dl.dims<2, past + 1, 4>>, tensor<2x4xf32>, tensor<2x16x4xf32>
}
