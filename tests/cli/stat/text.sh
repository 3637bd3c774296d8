# Who is on the bus: its clients with messages and bytes, and what the broker holds.
start_broker
seq 1 3 | llmp send --port "$port" --tag 1 --lines --quiet
mkfifo pipe
llmp send --port "$port" --tag 1 --lines <pipe >/dev/null &
sender=$!
exec 5>pipe
printf '12345\n1234567\n' >&5
eventually handled 5
llmp recv --port "$port" --follow --quiet &
receiver=$!
eventually clients 2
llmp stat --port "$port"
kill -INT $receiver
wait $receiver
exec 5>&-
wait $sender
eventually clients 0
stop_broker
