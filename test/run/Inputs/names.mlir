dl.symbol @x : 1 to 8
func.func @main(%0: tensor<?xf32, #dl.dims<x>> {dl.name = "in"}, %1: tensor<?xf32, #dl.dims<x>> {dl.name = "x"},
                %2: tensor<?xf32, #dl.dims<x>> {dl.name = "int"}, %3: tensor<?xf32, #dl.dims<x>> {dl.name = "a.b"},
                %4: tensor<?xf32, #dl.dims<x>> {dl.name = "a_b"}, %5: tensor<?xf32, #dl.dims<x>> {dl.name = "context"},
                %6: tensor<f32> {dl.name = "scale", dl.usual = 2.0 : f64}, %7: tensor<f64> {dl.name = "double", dl.usual = 1.0e-3 : f64},
                %8: tensor<i1> {dl.name = "state"}, %9: tensor<bf16> {dl.name = "entry"})
    -> (tensor<?xf32, #dl.dims<x>> {dl.name = "in"}, tensor<?xf32, #dl.dims<x>> {dl.name = "out"},
        tensor<?xf32, #dl.dims<x>> {dl.name = "shape0"}, tensor<?xf32, #dl.dims<x>> {dl.name = "class"}) {
  %a = dl.add %0, %1 : tensor<?xf32, #dl.dims<x>>
  %b = dl.add %2, %3 : tensor<?xf32, #dl.dims<x>>
  %c = dl.add %4, %5 : tensor<?xf32, #dl.dims<x>>
  %d = dl.add %a, %b : tensor<?xf32, #dl.dims<x>>
  return %a, %b, %c, %d : tensor<?xf32, #dl.dims<x>>, tensor<?xf32, #dl.dims<x>>, tensor<?xf32, #dl.dims<x>>, tensor<?xf32, #dl.dims<x>>
}
// Entries whose names are those of what stands beside @main's.
func.func @run_scale(%0: tensor<4xf32> {dl.name = "a"}, %1: tensor<4xf32> {dl.param = #dl.param<"h", constant(0.0), state>}) -> tensor<4xf32> {
  %y = dl.add %0, %1 : tensor<4xf32>
  return %y : tensor<4xf32>
}
func.func @run_entry(%0: tensor<f32> {dl.name = "run", dl.usual = 1.0e30 : f64}) -> tensor<f32> {
  return %0 : tensor<f32>
}
