#include "train/Trainer.h"
#include <cstdio>
int main(int argc, char **argv) {
  auto set = dlc::data::openMnist(argc > 1 ? argv[1] : "nowhere", dlc::data::Split::Train);
  auto options = dlc::train::Options();
  dlc::train::Listener listener;
  if (set) { // for the linker
    auto part = dlc::data::everything(*set);
    return bool(dlc::train::train(nullptr, nullptr, nullptr, {.training = *set, .part = part}, options, listener));
  }
  std::printf("%s: %s\n", dlrt_version(), set.error().message.c_str());
}
