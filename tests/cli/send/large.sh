# From 0 B to 20 MiB, across pages: the same bytes come out, in the same order.
start_broker
for size in 0 1 7 4095 65536 1048575 1048576 3000001 20971520; do
  head -c $size /dev/urandom >"$(printf '%09d' $size)"
done
llmp send --port "$port" --tag 5 --quiet 0*
llmp recv --port "$port" --count 9 --output-dir got --quiet
cmp <(cat 0*) <(cat got/*)
cmp 000065536 got/000005-*
stop_broker
