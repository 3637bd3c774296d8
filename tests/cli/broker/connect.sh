# Two buses joined: what is sent on one is received on the other, once.
start_broker
first=$port
llmp broker --port 0 --json --connect "127.0.0.1:$first" >second.out &
second_pid=$!
eventually test -s second.out
second=$(field port <second.out)
echo from first | llmp send --port "$first" --tag 1 --quiet
echo from second | llmp send --port "$second" --tag 1 --quiet
for port in $first $second; do
  llmp recv --port "$port" --count 2 --raw | sort
  code llmp recv --port "$port" --count 3 --timeout 3s 2>&1 | tail -n 2
  llmp stat --port "$port" --json | field stats.b2b
done
kill -TERM $second_pid
code wait $second_pid
port=$first
none_connected() { [ "$(llmp stat --port "$first" --json | field stats.b2b)" = 0 ]; }
eventually none_connected
stop_broker
