# Files as messages: each one message, in the order given, with what was asked for.
start_broker
printf 'one' >one
printf 'two\nlines\n' >two
: >empty
llmp send --port "$port" --tag 7 one two empty
llmp send -p "$port" -t 0x10 --flags 0x20 one
llmp recv --port "$port" --count 4
llmp recv --port "$port" -t 0x10 -n 1 --json
stop_broker
