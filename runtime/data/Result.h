// A value, or a message that says what was found, what was expected and what to do. Nothing in dldata and dltrain throws.
#pragma once
#include <string>
#include <utility>
#include <variant>

namespace dlc::data {

struct Error {
  std::string message;
};

template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : state(std::move(value)) {}
  Result(Error error) : state(std::move(error)) {}
  explicit operator bool() const { return state.index() == 0; }
  T &operator*() { return std::get<0>(state); }
  T *operator->() { return &std::get<0>(state); }
  Error error() const { return std::get<1>(state); }

private:
  std::variant<T, Error> state;
};

/// Success, or a message.
class [[nodiscard]] Status {
public:
  Status() = default;
  Status(Error error) : message(std::move(error.message)), good(false) {}
  explicit operator bool() const { return good; }
  Error error() const { return {message}; }

private:
  std::string message;
  bool good = true;
};

} // namespace dlc::data
