# Only what was asked for; a list, repeated flags and hexadecimal mean the same.
start_broker
for tag in 1 2 3 0x10 event; do
  echo "$tag" | llmp send --port "$port" --tag $tag --quiet
done
llmp recv --port "$port" --tag 2 --raw
llmp recv --port "$port" --tag 1,0x3 --count 2 --raw
llmp recv --port "$port" --tag 16 -t event --count 2 --raw
code llmp recv --port "$port" --tag 77 --timeout 0.1 2>&1
code llmp recv --port "$port" --tag 77 --timeout 0 --count 2 2>&1
stop_broker
