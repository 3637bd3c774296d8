# examples/hello in Go.
start_broker
(cd "$ROOT" && go run examples/hello/main.go "$port") | cmp - "$ROOT/examples/hello/expected.txt"
stop_broker
