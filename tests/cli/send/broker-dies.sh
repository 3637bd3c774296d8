# A broker that is killed while somebody sends: the sender says so, and does
# not claim that all is sent.
start_broker
(while :; do echo line; sleep 0.01; done) | llmp send --port "$port" --tag 1 --lines 2>errors &
sender=$!
eventually handled 3
kill_broker
exits 3 wait $sender
cat errors
