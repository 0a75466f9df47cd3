// name(key=value,...): what is read, and every refusal.
#include "tools/dlc/Spec.h"
#include "gtest/gtest.h"

using dlc::tools::Spec;

static std::string refusal(llvm::StringRef text, llvm::function_ref<void(Spec &)> use = [](Spec &) {}) {
  auto spec = Spec::parse(text);
  if (!spec)
    return llvm::toString(spec.takeError());
  use(*spec);
  return llvm::toString(spec->finish());
}

TEST(Spec, Values) {
  auto spec = Spec::parse("sgd( lr = 0.5, nesterov=true,every=3,mode=fast)");
  ASSERT_TRUE(bool(spec));
  EXPECT_EQ(spec->name, "sgd");
  EXPECT_EQ(spec->number("lr", 1), 0.5);
  EXPECT_EQ(spec->number("l2", 0.25), 0.25);
  EXPECT_TRUE(spec->flag("nesterov"));
  EXPECT_EQ(spec->count("every", 1), 3);
  EXPECT_EQ(spec->word("mode", {"slow", "fast"}), "fast");
  EXPECT_FALSE(bool(spec->finish()));
}
TEST(Spec, Arguments) {
  auto spec = Spec::parse("csv:some/path (1)/a=b.csv(label=target)");
  ASSERT_TRUE(bool(spec));
  EXPECT_EQ(spec->argument, "some/path (1)/a=b.csv");
  EXPECT_EQ(spec->word("label", {"target"}), "target");
  auto plain = Spec::parse("mnist:/data/a:b");
  ASSERT_TRUE(bool(plain));
  EXPECT_EQ(plain->argument, "/data/a:b");
  EXPECT_TRUE(bool(Spec::parse("adam()")));
}
TEST(Spec, MalformedText) {
  EXPECT_EQ(refusal(""), "'' does not begin with a name: write name(key=value,key=value) or name:PATH");
  EXPECT_NE(refusal("sgd(lr=1").find("has no closing parenthesis"), std::string::npos);
  EXPECT_NE(refusal("sgd(lr)").find("has 'lr' where key=value belongs"), std::string::npos);
  EXPECT_NE(refusal("sgd(lr=)").find("has 'lr=' where key=value belongs"), std::string::npos);
  EXPECT_NE(refusal("sgd(lr=1,)").find("has '' where key=value belongs"), std::string::npos);
  EXPECT_NE(refusal("sgd(lr=1,lr=2)").find("gives 'lr' twice"), std::string::npos);
  EXPECT_NE(refusal("mnist:").find("has nothing behind the colon"), std::string::npos);
  EXPECT_NE(refusal("s gd(lr=1)").find("does not begin with a name"), std::string::npos);
}
TEST(Spec, TypedRefusals) {
  EXPECT_EQ(refusal("sgd(lr=fast)", [](Spec &s) { s.number("lr", 0); }), "lr of 'sgd' is 'fast': expected a number");
  EXPECT_EQ(refusal("sgd(lr=nan)", [](Spec &s) { s.number("lr", 0); }), "lr of 'sgd' is 'nan': expected a number");
  EXPECT_EQ(refusal("sgd(lr=-1)", [](Spec &s) { s.amount("lr", 0); }), "lr of 'sgd' is '-1': expected 0 or more");
  EXPECT_EQ(refusal("s(n=0)", [](Spec &s) { s.count("n", 1); }), "n of 's' is '0': expected a whole number from 1");
  EXPECT_EQ(refusal("s(n=yes)", [](Spec &s) { s.flag("n"); }), "n of 's' is 'yes': expected true or false");
  EXPECT_EQ(refusal("s(mode=fats)", [](Spec &s) { s.word("mode", {"slow", "fast"}); }), "mode of 's' is 'fats': expected slow, fast");
  EXPECT_EQ(refusal("inv", [](Spec &s) { s.need("lr0"); }), "'inv' needs lr0: write inv(lr0=...)");
  EXPECT_EQ(refusal("sgd(rate=1)", [](Spec &s) { s.number("lr", 0), s.flag("nesterov"); }), "'sgd' has no rate: it knows lr, nesterov");
  EXPECT_EQ(refusal("mse(x=1)"), "'mse' has no x: it takes no options");
}
TEST(Spec, UnknownNames) {
  auto spec = Spec::parse("sdg");
  auto index = spec->among("optimiser", {"sgd", "adam"});
  ASSERT_FALSE(bool(index));
  EXPECT_EQ(llvm::toString(index.takeError()), "no optimiser is called 'sdg': write one of sgd, adam");
}
