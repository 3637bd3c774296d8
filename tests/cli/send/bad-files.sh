# All names are looked at before anything is sent; nothing reaches the bus.
start_broker
echo good >good
code llmp send --port "$port" --tag 1 good missing 2>&1
code llmp send --port "$port" --tag 1 good . 2>&1
code llmp send --port "$port" --tag 1 good missing/file 2>&1
code llmp send --port "$port" --tag 1 -- -x 2>&1
truncate -s 3G large # takes no room on the disk
code llmp send --port "$port" --tag 1 good large 2>&1
llmp stat --port "$port" --json | field stats.messages
stop_broker
