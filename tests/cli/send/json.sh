start_broker
printf 12345 >five
llmp send --port "$port" --tag event --json five five >line
cat line
fields <line
stop_broker
