# examples/hello in C++.
start_broker
c++ -std=c++17 -Wall -Wextra -Werror -I "$ROOT/include" "$ROOT/examples/hello/main.cpp" -L "$BUILD" -lllmp -o hello
LD_LIBRARY_PATH=$BUILD ./hello "$port" | cmp - "$ROOT/examples/hello/expected.txt"
stop_broker
exits 1 env LD_LIBRARY_PATH="$BUILD" timeout 60 ./hello "$port" 2>errors
[ -s errors ]
