# For stock LibAFL fuzzers, which take every message for an event: all others are dropped.
start_broker --only-events
echo noise | llmp send --port "$port" --tag 5 --quiet
echo event | llmp send --port "$port" --tag event --quiet
llmp recv --port "$port" --raw
llmp stat --port "$port" --json | field stats.dropped
stop_broker
