# What late joiners get. all, or a size that holds it: everything. none: what
# comes from then on, and what lies on the page in use.
for history in all 64MiB; do
  start_broker --history $history
  seq 1 2000 | llmp send --port "$port" --tag 1 --lines --quiet
  llmp recv --port "$port" --count 2000 --lines | cmp - <(seq 1 2000)
  stop_broker
done
start_broker --history none
seq 1 2000 | llmp send --port "$port" --tag 1 --lines --quiet
llmp recv --port "$port" --tag 2 --raw >got &
receiver=$!
eventually clients 1
echo late | llmp send --port "$port" --tag 2 --quiet
wait $receiver
cat got
stop_broker
