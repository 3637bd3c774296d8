# The same messages in each form.
start_broker
printf 'text\nwith lines' | llmp send --port "$port" --tag 0xabc --quiet
printf '\0\1\xff' | llmp send --port "$port" --tag 9 --flags 2 --quiet
head -c 100 /dev/zero | tr '\0' x | llmp send --port "$port" --tag 9 --quiet
llmp recv --port "$port" --count 3
llmp recv --port "$port" --count 2 --json
llmp recv --port "$port" --count 2 --json --encoding hex
llmp recv --port "$port" --count 3 --json | fields
llmp recv --port "$port" --count 2 --raw | od -An -c
llmp recv --port "$port" --count 2 --lines | od -An -c
llmp recv --port "$port" --count 3 --quiet
stop_broker
