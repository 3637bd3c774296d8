# Without --follow a signal means that the messages did not come.
start_broker
echo first | llmp send --port "$port" --tag 1 --quiet
for signal in INT TERM; do
  rm -f got
  llmp recv --port "$port" --count 2 --raw >got 2>&1 &
  receiver=$!
  eventually test -s got
  kill -s $signal $receiver
  code wait $receiver
  cat got
done
eventually clients 0 # they said goodbye
stop_broker
