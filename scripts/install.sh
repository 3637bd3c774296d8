#!/usr/bin/env bash
# Installs llmp: headers, both libraries, pkg-config, CMake package, command.
#
#   scripts/install.sh [PREFIX]      default /usr/local; DESTDIR is honoured
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need cmake go

prefix=${1:-/usr/local}
cmake -S . -B "$BUILD/cmake-install" -DCMAKE_BUILD_TYPE=Release -DLLMP_TESTS=OFF \
  -DCMAKE_INSTALL_PREFIX="$prefix" >/dev/null
cmake --build "$BUILD/cmake-install" -j "$JOBS"
cmake --install "$BUILD/cmake-install"

# A library in a folder that the loader was told about is found only after
# ldconfig; elsewhere the user's own rpath or LD_LIBRARY_PATH finds it.
if [ -z "${DESTDIR-}" ] && [ "$(id -u)" = 0 ] && have ldconfig; then
  ldconfig
fi
