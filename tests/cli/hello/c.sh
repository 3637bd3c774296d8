# examples/hello in C, shared and static, as its users build it.
start_broker
cc -Wall -Wextra -Werror -I "$ROOT/include" "$ROOT/examples/hello/main.c" -L "$BUILD" -lllmp -o hello
LD_LIBRARY_PATH=$BUILD ./hello "$port" | cmp - "$ROOT/examples/hello/expected.txt"
cc -I "$ROOT/include" "$ROOT/examples/hello/main.c" "$BUILD/libllmp.a" -pthread -o static
./static "$port" | cmp - "$ROOT/examples/hello/expected.txt"
stop_broker
exits 1 env LD_LIBRARY_PATH="$BUILD" timeout 60 ./hello "$port" 2>errors
[ -s errors ] # it says what is wrong
