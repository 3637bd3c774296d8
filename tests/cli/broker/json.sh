start_broker
echo hello | llmp send --port "$port" --tag 1 --quiet
stop_broker
cat broker.out
fields <broker.out
tail -n 1 broker.out | field stats.messages
