llmp broker --port 0 --quiet --exit-after 1 &
broker_pid=$!
# Nothing says which port; the socket does.
listens() { port=$(ss -Hltnp 2>/dev/null | sed -n "s/.*127.0.0.1:\([0-9]*\) .*pid=$broker_pid,.*/\1/p") && [ -n "$port" ]; }
eventually listens
echo | llmp send --port "$port" --tag 1 --quiet
wait $broker_pid
