// SANITIZED: this binary runs under a sanitizer that has malloc, signals and address space of its own.
#pragma once
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
