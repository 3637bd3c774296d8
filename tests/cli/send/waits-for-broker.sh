# A client that is there first waits for the broker.
start_broker
free=$port
stop_broker
printf early | llmp send --port "$free" --tag 1 --connect-timeout 60 >sent &
sender=$!
broker "$free"
wait $sender
cat sent
llmp recv --port "$port"
stop_broker
