# A broker that ends while somebody sends: the sender is told.
start_broker
(while :; do echo line; sleep 0.01; done) | llmp send --port "$port" --tag 1 --lines 2>errors &
sender=$!
eventually handled 3
stop_broker
exits 3 wait $sender
cat errors
