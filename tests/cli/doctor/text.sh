# A line a check, in a fixed order; it says whether a broker is there.
start_broker
llmp doctor --port "$port"
stop_broker
llmp doctor --port 1 | tail -n 1
