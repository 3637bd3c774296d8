# --follow ends with exit code 0: by its time-out, by a signal, by the broker's end.
start_broker
echo first | llmp send --port "$port" --tag 1 --quiet
code llmp recv --port "$port" --follow --timeout 3s --raw
for signal in INT TERM HUP; do
  rm -f followed
  llmp recv --port "$port" --follow --raw >followed &
  receiver=$!
  eventually test -s followed
  kill -s $signal $receiver
  code wait $receiver
done
rm followed
llmp recv --port "$port" --follow --raw >followed &
receiver=$!
eventually test -s followed
echo second | llmp send --port "$port" --tag 1 --quiet
stop_broker
code wait $receiver
cat followed
