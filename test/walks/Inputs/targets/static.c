#include "dlrt.h"
int main(void) {
  dlrt_model *model;
  return dlrt_model_load("nowhere.so", &model) != DLRT_FILE;
}
