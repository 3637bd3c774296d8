# The broker's memory is of another kind.
start_broker --provider posix
printf hello | llmp send --port "$port" --tag 1 --provider posix
llmp recv --port "$port" --provider posix
code llmp recv --port "$port" --provider sysv --timeout 30 2>&1
stop_broker
start_broker
code llmp recv --port "$port" --provider posix --timeout 30 2>&1
stop_broker
