# nohup asks a broker to outlive its terminal.
(trap '' HUP; exec llmp broker --port 0 --json >out) &
broker_pid=$!
eventually test -s out
port=$(field port <out)
kill -HUP $broker_pid
echo | llmp send --port "$port" --tag 1 --quiet
kill -TERM $broker_pid
wait $broker_pid
