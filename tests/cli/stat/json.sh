start_broker
mkfifo pipe
llmp send --port "$port" --tag 1 --lines <pipe >/dev/null &
sender=$!
exec 5>pipe
printf '12345\n1234567\n' >&5
eventually handled 2
llmp stat --port "$port" --json >report
fields <report
for name in stats.clients stats.clients_seen stats.messages stats.bytes stats.forwarded stats.dropped \
  stats.archived_bytes stats.cut_off stats.bad_clients stats.b2b stats.ignored \
  clients.0.kind clients.0.messages clients.0.bytes; do
  echo "$name $(field $name <report)"
done
[ "$(field stats.pages <report)" -ge 1 ]
[ "$(field stats.shared_bytes <report)" -ge 1048576 ]
exec 5>&-
wait $sender
stop_broker
