#!/usr/bin/env bash
# The C++ compiler for Tachyon: Clang 16 with libc++ knows the C++23 that it
# needs, but by its working title only.
exec clang++-16 -stdlib=libc++ "${@/#-std=c++23/-std=c++2b}"
