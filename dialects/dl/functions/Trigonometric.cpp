// sin, cos and tan: x = n pi/2 + r, |r| <= pi/4, right to the last bit of r for every float. sin and cos go on in f32 for speed.
#include "dialects/dl/functions/Exponential.h"
#include "dialects/dl/functions/Wide.h"

using namespace mlir;
namespace dlc::dl::f32 {
namespace {
/// The lowest two bits of `quadrant` are those of n. r + rest is what is left of x.
struct Reduced {
  Number r, rest, quadrant;
};

// In f64, for any float (Payne and Hanek): x / (2 pi) = x c0 + x c1 + x c2, whole turns left out. x is an integer times a power of two,
// so the bits of 1 / (2 pi) that make whole turns of it are left out of the c; c0 and c1 have 29 bits, so that products are exact.
Reduced reduceLarge(Number x) {
  struct {
    double from, c[3];
  } const pieces[] = {{0x1p23, {0x1.45f306cp-3, 0x1.c9c882ap-31, 0x1.4fe13abe8fa9ap-61}},
                      {0x1p51, {0x1.727220ap-29, 0x1.29fc275p-58, 0x1.f47d4d377036ep-88}},
                      {0x1p79, {0x1.29fc274p-58, 0x1.7d1f534p-86, 0x1.bb81b6c52b328p-115}},
                      {0x1p107, {0x1.7d1f534p-86, 0x1.bb81b6cp-115, 0x1.4acc9e21c8210p-145}}};
  Number a = abs(x);
  auto part = [&](unsigned k) {
    Number c = x.same(pieces[0].c[k]);
    for (const auto &p : llvm::drop_begin(pieces))
      c = select(a < p.from, c, p.c[k]);
    return x * c;
  };
  Number y0 = part(0), y1 = part(1), y2 = part(2);
  y0 = 4 * (y0 - nearest(y0)), y1 = 4 * (y1 - nearest(y1));
  Number t = y0 + y1 + wideShifter;
  return {(y0 - (t - wideShifter) + y1 + 4 * y2) * 0x1.921fb54442d18p0, y2, bits(t)};
}
/// In f32 where |x| < 4096: pi/2 = 0x1.92p0 + 0x1.fb4p-12 + 0x1.444p-24 + 0x1.68c234p-39; n times the first three is exact.
Reduced reduce(Number x) {
  Number t = fma(x, 0x1.45f306p-1, shifter), n = t - shifter;
  Number most = fma(n, -0x1.fb4p-12, fma(n, -0x1.92p0, x)), r = fma(n, -0x1.444p-24, most);
  Number rest = fma(n, -0x1.68c234p-39, fma(n, -0x1.444p-24, most - r));
  auto all = whereAny(!(abs(x) < 4096), {r, rest, bits(t)}, [&] {
    Reduced large = reduceLarge(wide(x));
    Number top = narrow(large.r);
    return SmallVector<Number>{top, narrow(large.r - wide(top)), low32(large.quadrant)};
  });
  return {all[0], all[1], all[2]};
}
/// In f64. Below 2^23: pi/2 = 0x1.921fb54p0 + 0x1.0b4611a6p-34; n times the first is exact.
Reduced reduceWide(Number x) {
  Number u = wide(x), t = fma(u, 0x1.45f306dc9c883p-1, wideShifter), n = t - wideShifter;
  Number r = fma(n, -0x1.10b4611a62633p-30, fma(n, -0x1.921fb54p0, u));
  auto all = whereAny(!(abs(x) < 0x1p23), {r, bits(t)}, [&] {
    Reduced large = reduceLarge(u);
    return SmallVector<Number>{large.r, large.quadrant};
  });
  return {all[0], r, low32(all[1])};
}

/// The sine of `quadrant` right angles more than r + rest.
Number sineOf(Reduced a) {
  Number z = a.r * a.r;
  Number sine = a.r + fma(a.r * z, polynomial(z, {-0.166666552, 0.00833218824, -0.000195180211}), a.rest);          // 2^-28.0
  Number cosine = fma(z, polynomial(z, {-0.5, 0.0416666456, -0.00138873083, 2.44321054e-05}), -(a.r * a.rest)) + 1; // 2^-33.0
  Number y = select((a.quadrant & 1) == 0, sine, cosine);
  return fromBits(bits(y) ^ ((a.quadrant << 30) & INT32_MIN));
}
} // namespace

// Below 2^-13 it is x, to a hundredth of an ulp: the sum in sineOf would lose the sign of a zero.
Number sin(Number x) { return select(abs(x) < 0x1p-13, x, sineOf(reduce(x))); }
Number cos(Number x) {
  Reduced a = reduce(x);
  return sineOf({a.r, a.rest, a.quadrant + 1});
}
Number tan(Number x) {
  Reduced a = reduceWide(x);
  Number z = a.r * a.r, odd = (a.quadrant & 1) == 1;
  Number sine =
      a.r * polynomial(z, {1, -0.1666666664077614, 0.0083333293024002737, -0.00019839311479706923, 2.7181140651479567e-06});      // 2^-37
  Number cosine = polynomial(z, {1, -0.49999999694219927, 0.041666620328339503, -0.0013886680740227571, 2.4383481968768908e-05}); // 2^-33.9
  return narrow(select(odd, -cosine, sine) / select(odd, sine, cosine));
}
} // namespace dlc::dl::f32
