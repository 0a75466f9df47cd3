// The table of schedules.
#include "Schedule.h"
#include <algorithm>
#include <cmath>

namespace dlc::train {
using Key = Schedule::Key;

/// From a to b by half a cosine, as t goes from 0 to 1.
static double anneal(double a, double b, double t) { return b + (a - b) * 0.5 * (1 + std::cos(M_PI * t)); }

static constexpr Schedule::Rule table[] = {
    {"constant", "lr", "Robbins and Monro, 1951", {{"lr"}}, [](const double *k, double) { return k[0]; }},
    {"inv",
     "lr0 (1 + gamma i)^-b",
     "Caffe, lr_policy inv; torch.optim.lr_scheduler.LambdaLR",
     {{"lr0"}, {"gamma", Key::Amount, 1e-4}, {"b", Key::Amount, 0.75}},
     [](const double *k, double i) { return k[0] * std::pow(1 + k[1] * i, -k[2]); }},
    {"step",
     "lr0 gamma^floor(i / every)",
     "Caffe, lr_policy step; torch.optim.lr_scheduler.StepLR",
     {{"lr0"}, {"gamma", Key::Amount, 0.1}, {"every", Key::Count}},
     [](const double *k, double i) { return k[0] * std::pow(k[1], std::floor(i / k[2])); }},
    {"cosine",
     "lr1 + (lr0 - lr1) (1 + cos(pi i / iterations)) / 2, then lr1",
     "Loshchilov and Hutter, SGDR, ICLR 2017; torch.optim.lr_scheduler.CosineAnnealingLR",
     {{"lr0"}, {"lr1", Key::Amount, 0}, {"iterations", Key::Count}},
     [](const double *k, double i) { return i >= k[2] ? k[1] : anneal(k[0], k[1], i / k[2]); }},
    {"exponential",
     "lr0 gamma^i",
     "Caffe, lr_policy exp; torch.optim.lr_scheduler.ExponentialLR",
     {{"lr0"}, {"gamma"}},
     [](const double *k, double i) { return k[0] * std::pow(k[1], i); }},
    {"one_cycle",
     "by half a cosine from lr_max / div to lr_max, which iteration start iterations - 1 has, and by another to lr_max / (div final_div), "
     "which the last one has",
     "Smith and Topin, Super-convergence, arXiv:1708.07120; torch.optim.lr_scheduler.OneCycleLR",
     {{"lr_max"}, {"iterations", Key::Count}, {"start", Key::Share, 0.3}, {"div", Key::Ratio, 25}, {"final_div", Key::Ratio, 1e4}},
     [](const double *k, double i) {
       double top = k[2] * k[1] - 1, last = k[1] - 1, first = k[0] / k[3];
       return i < top ? anneal(first, k[0], i / top) : i >= last ? first / k[4] : anneal(k[0], first / k[4], (i - top) / (last - top));
     }},
};
std::span<const Schedule::Rule> Schedule::rules() { return table; }
Schedule Schedule::constant(double lr) { return {table, {lr}}; }

double Schedule::at(int64_t i) const {
  if (i >= warmup)
    return rule->at(numbers, double(i - warmup));
  return rule->at(numbers, 0) * (warmupFrom + (1 - warmupFrom) * double(i) / double(warmup));
}

double Plateau::next(double value, double base, double now) {
  if (factor == 1)
    return now;
  bool better = value < best * (1 - threshold);
  flat = better ? 0 : flat + 1;
  if (better)
    best = value;
  if (flat <= patience || base <= 0)
    return now;
  flat = 0;
  return std::max(now * factor, least / base);
}

} // namespace dlc::train
