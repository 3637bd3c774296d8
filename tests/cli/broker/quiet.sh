# Nothing is printed, in any verb that can be quiet.
start_broker
stop_broker
llmp broker --port "$port" --quiet --exit-after 3 &
broker_pid=$!
echo | llmp send --port "$port" --tag 1 --quiet --connect-timeout 60
llmp recv --port "$port" --quiet
llmp clean --quiet --dry-run
llmp recv --port "$port" --quiet --output-dir got
wait $broker_pid
ls got
