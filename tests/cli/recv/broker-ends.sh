# The broker ends, or is killed, before all came: what came is shown.
for end in stop_broker kill_broker; do
  rm -f got
  start_broker
  echo first | llmp send --port "$port" --tag 1 --quiet
  llmp recv --port "$port" --count 2 --raw >got 2>&1 &
  receiver=$!
  eventually test -s got
  $end
  code wait $receiver
  cat got
done
