// Pictures by libpng and libjpeg.
#include "runtime/data/Images.h"
#include <csetjmp>
#include <cstdio> // before jpeglib.h
#include <jpeglib.h>
#include <png.h>

namespace dlc::data {

constexpr int64_t mostPixels = int64_t(1) << 28;

Result<Array> decodePng(const std::string &path, const std::string &bytes) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  auto failed = [&]() -> Result<Array> {
    std::string message = image.message;
    png_image_free(&image);
    return Error{"'" + path + "' is no PNG file or is damaged: " + message};
  };
  if (!png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()))
    return failed();
  const int channels = image.format & PNG_FORMAT_FLAG_COLOR ? 3 : 1;
  const int64_t height = image.height, width = image.width, pixels = height * width;
  image.format = channels == 3 ? PNG_FORMAT_RGBA : PNG_FORMAT_GA; // so that colours are not blended
  auto whole = pixels <= mostPixels ? Array::make(U8, {height, width, channels + 1}) : Error{"it is too large"};
  auto array = pixels <= mostPixels ? Array::make(U8, {height, width, channels}) : Error{"it is too large"};
  if (!whole || !array) {
    png_image_free(&image);
    return Error{"cannot read '" + path + "': " + (whole ? array : whole).error().message};
  }
  if (!png_image_finish_read(&image, nullptr, whole->data(), 0, nullptr))
    return failed();
  const auto *from = whole->data<unsigned char>();
  auto *to = array->data<unsigned char>();
  for (int64_t i = 0; i < pixels; ++i)
    for (int c = 0; c < channels; ++c)
      to[i * channels + c] = from[i * (channels + 1) + c];
  return array;
}

namespace {
struct JpegErrors : jpeg_error_mgr {
  std::jmp_buf back;
  char text[JMSG_LENGTH_MAX] = "";
  static JpegErrors &of(j_common_ptr c) { return *static_cast<JpegErrors *>(c->err); }
  JpegErrors() {
    jpeg_std_error(this);
    error_exit = [](j_common_ptr c) {
      c->err->format_message(c, of(c).text);
      std::longjmp(of(c).back, 1);
    };
    output_message = [](j_common_ptr c) {};
  }
};
} // namespace

/// Into `array`; false after an error. No object of C++ lives across the jumps.
static bool decode(JpegErrors &errors, const std::string &bytes, Array &array) {
  jpeg_decompress_struct jpeg = {};
  jpeg.err = &errors;
  if (setjmp(errors.back)) {
    jpeg_destroy_decompress(&jpeg);
    return false;
  }
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char *>(bytes.data()), bytes.size());
  jpeg_read_header(&jpeg, TRUE);
  const int channels = jpeg.num_components == 1 ? 1 : 3;
  jpeg.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  if (int64_t(jpeg.image_height) * jpeg.image_width <= mostPixels && jpeg.num_components <= 3) {
    if (auto made = Array::make(U8, {jpeg.image_height, jpeg.image_width, channels}))
      array = std::move(*made);
  }
  bool good = array.data() != nullptr;
  if (!good)
    std::snprintf(errors.text, sizeof errors.text, "expected grey or YCbCr of at most 2^28 pixels");
  if (good) {
    jpeg_start_decompress(&jpeg);
    while (jpeg.output_scanline < jpeg.output_height) {
      JSAMPROW row = array.data<unsigned char>() + int64_t(jpeg.output_scanline) * jpeg.output_width * channels;
      jpeg_read_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_decompress(&jpeg);
    if (errors.num_warnings) { // such as an early end, which it would make up for
      good = false;
      errors.format_message(reinterpret_cast<j_common_ptr>(&jpeg), errors.text);
    }
  }
  jpeg_destroy_decompress(&jpeg);
  return good;
}

Result<Array> decodeJpeg(const std::string &path, const std::string &bytes) {
  JpegErrors errors;
  Array array;
  if (!decode(errors, bytes, array))
    return Error{"'" + path + "' is no JPEG file that can be read, or is damaged: " + errors.text};
  return array;
}

} // namespace dlc::data
