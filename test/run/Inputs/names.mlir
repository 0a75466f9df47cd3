dl.symbol @x : 1 to 8
func.func @main(%0: tensor<?xf32, #dl.dims<x>> {dl.name = "in"}, %1: tensor<?xf32, #dl.dims<x>> {dl.name = "x"},
                %2: tensor<?xf32, #dl.dims<x>> {dl.name = "int"}, %3: tensor<?xf32, #dl.dims<x>> {dl.name = "a.b"},
                %4: tensor<?xf32, #dl.dims<x>> {dl.name = "a_b"}, %5: tensor<?xf32, #dl.dims<x>> {dl.name = "context"})
    -> (tensor<?xf32, #dl.dims<x>> {dl.name = "in"}, tensor<?xf32, #dl.dims<x>> {dl.name = "out"},
        tensor<?xf32, #dl.dims<x>> {dl.name = "shape0"}, tensor<?xf32, #dl.dims<x>> {dl.name = "class"}) {
  %a = dl.add %0, %1 : tensor<?xf32, #dl.dims<x>>
  %b = dl.add %2, %3 : tensor<?xf32, #dl.dims<x>>
  %c = dl.add %4, %5 : tensor<?xf32, #dl.dims<x>>
  %d = dl.add %a, %b : tensor<?xf32, #dl.dims<x>>
  return %a, %b, %c, %d : tensor<?xf32, #dl.dims<x>>, tensor<?xf32, #dl.dims<x>>, tensor<?xf32, #dl.dims<x>>, tensor<?xf32, #dl.dims<x>>
}
