// Where equal numbers choose, the derivative is one that no difference sees.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 13689437349153 train step |
module {
  func.func @main(%arg0: tensor<1x470x2x1xbf16> {dl.name = "x2"}, %arg1: tensor<1x470x2x1xbf16> {dl.name = "z2"}) -> (tensor<1x470x2x1xbf16> {dl.name = "y1"}) {
    %0 = dl.compare eq %arg1, %arg0 : tensor<1x470x2x1xbf16>
    %1 = dl.select %0, %arg1, %arg0 : tensor<1x470x2x1xbf16>
    return %1 : tensor<1x470x2x1xbf16>
  }
}
