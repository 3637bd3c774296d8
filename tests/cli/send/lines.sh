# One message a line, the last without a newline as well, empty ones, too.
start_broker
printf 'a\n\nb c\n\xff\xfe\nlast' | llmp send --port "$port" --tag 3 --lines
llmp recv --port "$port" --count 5 --lines | od -c | head -n 2
llmp recv --port "$port" --count 5 --json --encoding hex | grep -o '"hex":.*'
llmp send --port "$port" --tag 3 --lines </dev/null
stop_broker
