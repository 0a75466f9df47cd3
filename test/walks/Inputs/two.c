#include "libring.h"
#include "libsecond.h"

int main(void) {
  dlrt_model *first, *second;
  return dlrt_model_open(&ring_descriptor, &first) || dlrt_model_open(&second_descriptor, &second) || dlrt_model_entries(first) != 2 ||
         dlrt_model_entries(second) != 1;
}
