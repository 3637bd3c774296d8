# It ends by itself when so many have come and all have gone, not earlier.
start_broker --exit-after 3
for tag in 1 2; do
  echo $tag | llmp send --port "$port" --tag $tag --quiet
done
eventually clients 0
kill -0 "$broker_pid"
llmp recv --port "$port" --count 2 --raw
wait_broker
tail -n 1 broker.out | field stats.clients_seen
