# examples/hello as a shell script.
start_broker
"$ROOT/examples/hello/main.sh" "$port" | cmp - "$ROOT/examples/hello/expected.txt"
stop_broker
