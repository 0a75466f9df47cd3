// RUN: dlc-opt %s -split-input-file -verify-diagnostics

func.func @dims_count(%x: tensor<5xf32>) {
  // expected-error @+1 {{dims has 2 entries for an operand of rank 1}}
  %y = dl.broadcast %x dims [0, 1] : tensor<5xf32> -> tensor<5x5xf32>
  return
}
// -----
func.func @dims_order(%x: tensor<5x4xf32>) {
  // expected-error @+1 {{dims must be ascending and below the result's rank 2}}
  %y = dl.broadcast %x dims [1, 0] : tensor<5x4xf32> -> tensor<4x5xf32>
  return
}
// -----
func.func @dims_range(%x: tensor<5xf32>) {
  // expected-error @+1 {{dims must be ascending and below the result's rank 2}}
  %y = dl.broadcast %x dims [2] : tensor<5xf32> -> tensor<4x5xf32>
  return
}
// -----
func.func @broadcast_extent(%x: tensor<1xf32>) {
  // expected-error @+1 {{dimension 0 of the operand is 1, dimension 1 of the result is 5}}
  %y = dl.broadcast %x dims [1] : tensor<1xf32> -> tensor<4x5xf32>
  return
}
// -----
func.func @broadcast_element(%x: tensor<5xf32>) {
  // expected-error @+1 {{element types differ: write dl.cast}}
  %y = dl.broadcast %x dims [1] : tensor<5xf32> -> tensor<4x5xf64>
  return
}
// -----
func.func @reshape_count(%x: tensor<?x4xf32, #dl.dims<B, 4>>) {
  // expected-error @+1 {{operand has B * 4 elements, result has B * 5}}
  %y = dl.reshape %x : tensor<?x4xf32, #dl.dims<B, 4>> -> tensor<?xf32, #dl.dims<B * 5>>
  return
}
// -----
func.func @reshape_element(%x: tensor<4xf32>) {
  // expected-error @+1 {{element types differ: write dl.cast}}
  %y = dl.reshape %x : tensor<4xf32> -> tensor<2x2xi32>
  return
}
// -----
func.func @permutation(%x: tensor<4x5xf32>) {
  // expected-error @+1 {{permutation [0, 0] must have each of the 2 dimensions of the operand once}}
  %y = dl.transpose %x permutation [0, 0] : tensor<4x5xf32>
  return
}
// -----
func.func @unnamed_extent(%x: tensor<?x5xf32>) {
  // expected-error @+1 {{expected a ranked tensor, every `?` with its extent in #dl.dims<...>, found 'tensor<?x5xf32>'}}
  %y = dl.transpose %x permutation [1, 0] : tensor<?x5xf32>
  return
}
// -----
func.func @slice_unnamed_extent(%x: tensor<?xf32>) {
  // expected-error @+1 {{expected a ranked tensor}}
  %y = dl.slice %x offsets <0> sizes <1> strides [1] : tensor<?xf32>
  return
}
// -----
func.func @slice_counts(%x: tensor<4x5xf32>) {
  // expected-error @+1 {{expected 2 offsets, sizes and strides, found 1, 2 and 3}}
  %y = dl.slice %x offsets <0> sizes <1, 1> strides [1, 1, 1] : tensor<4x5xf32>
  return
}
// -----
func.func @slice_negative_size(%x: tensor<4x5xf32>) {
  // expected-error @+1 {{dimension 1 of the result would have the extent -1}}
  %y = dl.slice %x offsets <0, 0> sizes <1, -1> strides [1, 1] : tensor<4x5xf32>
  return
}
// -----
func.func @slice_stride(%x: tensor<4xf32>) {
  // expected-error @+1 {{stride 0 of dimension 0: expected at least 1; write dl.reverse to go backwards}}
  %y = dl.slice %x offsets <0> sizes <1> strides [0] : tensor<4xf32>
  return
}
// -----
func.func @slice_outside(%x: tensor<4xf32>) {
  // expected-error @+1 {{dimension 0: offset 1, size 2 and stride 3 are not known to stay within the extent 4}}
  %y = dl.slice %x offsets <1> sizes <2> strides [3] : tensor<4xf32>
  return
}
// -----
// P may be 0.
dl.symbol @P : 0 to 7
func.func @slice_perhaps_outside(%x: tensor<?xf32, #dl.dims<P>>) {
  // expected-error @+1 {{dimension 0: offset P - 1, size 1 and stride 1 are not known to stay within the extent P}}
  %y = dl.slice %x offsets <P - 1> sizes <1> strides [1] : tensor<?xf32, #dl.dims<P>>
  return
}
// -----
func.func @pad_unnamed_extent(%x: tensor<?xf32>) {
  // expected-error @+1 {{expected a ranked tensor}}
  %y = dl.pad %x low <0> high <0> interior [0] value 0.0 : tensor<?xf32>
  return
}
// -----
func.func @pad_counts(%x: tensor<4x5xf32>) {
  // expected-error @+1 {{expected 2 low, high and interior widths, found 1, 2 and 3}}
  %y = dl.pad %x low <0> high <0, 0> interior [0, 0, 0] value 0.0 : tensor<4x5xf32>
  return
}
// -----
func.func @pad_extent(%x: tensor<4xf32>) {
  // expected-error @+1 {{dimension 0 of the result would have the extent -1}}
  %y = dl.pad %x low <-5> high <0> interior [0] value 0.0 : tensor<4xf32>
  return
}
// -----
func.func @pad_too_far(%x: tensor<4xf32>) {
  // expected-error @+1 {{dimension 0 of the result would have the extent}}
  %y = dl.pad %x low <9223372036854775807> high <0> interior [0] value 0.0 : tensor<4xf32>
  return
}
// -----
func.func @pad_negative(%x: tensor<4xf32>) {
  // expected-error @+1 {{dimension 0: low -1, high 0 and interior 0 are not known to be 0 or more: write dl.slice to cut off}}
  %y = dl.pad %x low <-1> high <0> interior [0] value 0.0 : tensor<4xf32>
  return
}
// -----
func.func @pad_between_nothing(%x: tensor<?xf32, #dl.dims<N>>) {
  // expected-error @+1 {{dimension 0 has an interior but may have no element: give N a dl.symbol with a minimum}}
  %y = dl.pad %x low <1> high <0> interior [1] value 0.0 : tensor<?xf32, #dl.dims<N>>
  return
}
// -----
func.func @pad_value(%x: tensor<4xi8>) {
  // expected-error @+1 {{value 5.000000e-01 is not a value of 'i8'}}
  %y = dl.pad %x low <1> high <0> interior [0] value 0.5 : tensor<4xi8>
  return
}
// -----
func.func @concat_nothing() {
  // expected-error @+2 {{expected at least one operand}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = "dl.concat"() {axis = 0 : i64} : () -> tensor<1xf32>
  return
}
// -----
func.func @concat_unnamed_extent(%x: tensor<?xf32>) {
  // expected-error @+1 {{expected a ranked tensor}}
  %y = dl.concat %x axis 0 : tensor<?xf32>
  return
}
// -----
func.func @concat_axis(%x: tensor<4x5xf32>) {
  // expected-error @+1 {{axis 2 of tensors of rank 2}}
  %y = dl.concat %x, %x axis 2 : tensor<4x5xf32>, tensor<4x5xf32>
  return
}
// -----
func.func @concat_extents(%x: tensor<4x5xf32>, %z: tensor<4x6xf32>) {
  // expected-error @+1 {{operands 0 and 1 differ in more than the extent of axis 0: 'tensor<4x5xf32>' and 'tensor<4x6xf32>'}}
  %y = dl.concat %x, %z axis 0 : tensor<4x5xf32>, tensor<4x6xf32>
  return
}
// -----
func.func @reverse_dims(%x: tensor<4x5xf32>) {
  // expected-error @+1 {{dims [1, 1] must be ascending, distinct and below the rank 2}}
  %y = dl.reverse %x dims [1, 1] : tensor<4x5xf32>
  return
}
