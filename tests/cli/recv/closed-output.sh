# Who reads along goes away: it ends with the next message, without a word.
# A full disk is told. A closed output is as if it were /dev/null.
start_broker
echo first | llmp send --port "$port" --tag 1 --quiet
mkfifo pipe
llmp recv --port "$port" --follow --json --timeout 60 >pipe &
receiver=$!
head -n 1 pipe | fields
echo more | llmp send --port "$port" --tag 1 --quiet
code wait $receiver
for form in --raw --lines --json; do
  exits 1 llmp recv --port "$port" --count 2 $form >/dev/full 2>>errors
  exits 0 llmp recv --port "$port" --count 2 $form >&-
done
for verb in stat doctor; do
  exits 1 llmp $verb --port "$port" >/dev/full 2>>errors
  exits 1 llmp $verb --port "$port" --json >/dev/full 2>>errors
done
exits 1 llmp send --port "$port" --tag 1 >/dev/full 2>>errors </dev/null
exits 1 llmp version >/dev/full 2>>errors
cat errors
stop_broker
