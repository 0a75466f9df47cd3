// Learning rates over the iterations of a training run.
#pragma once
#include <cmath>
#include <cstdint>

namespace dlc::train {

struct Schedule {
  enum Kind {
    Constant, ///< lr0
    Inverse,  ///< lr0 (1 + gamma i)^-b, Caffe's "inv"
    Step,     ///< lr0 gamma^floor(i / every)
    Cosine    ///< from lr0 to lr1 by half a cosine over `every` iterations, then lr1
  } kind = Constant;
  double lr0 = 0.01, gamma = 0, b = 0, lr1 = 0;
  int64_t every = 1;

  /// Of iteration i, from 0.
  double at(int64_t i) const {
    switch (kind) {
    case Constant:
      return lr0;
    case Inverse:
      return lr0 * std::pow(1 + gamma * double(i), -b);
    case Step:
      return lr0 * std::pow(gamma, double(i / every));
    case Cosine:
      return i >= every ? lr1 : lr1 + (lr0 - lr1) * 0.5 * (1 + std::cos(M_PI * double(i) / double(every)));
    }
    return lr0;
  }
};

} // namespace dlc::train
