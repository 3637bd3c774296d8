# A broker is there, or something else: who tells, and what to do.
start_broker
code llmp broker --port "$port" 2>&1
code llmp broker --port "$port" --json 2>&1
code llmp broker --port "$port" --quiet 2>&1
stop_broker
code llmp broker --port 0 --bind 192.0.2.1 2>&1 # an address that no machine has
