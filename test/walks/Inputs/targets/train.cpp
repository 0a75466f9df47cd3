#include "train/Trainer.h"
#include <cstdio>
int main(int argc, char **argv) {
  auto set = dlc::data::openMnist(argc > 1 ? argv[1] : "nowhere", dlc::data::Split::Train);
  auto options = dlc::train::Options();
  if (set) // for the linker
    return bool(dlc::train::train(nullptr, nullptr, nullptr, *set, options, {}));
  std::printf("%s: %s\n", dlrt_version(), set.error().message.c_str());
}
