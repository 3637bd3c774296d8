# Again and again, until Ctrl-C, which is a success, or the broker ends.
start_broker
: >reports # there before it is looked at
llmp stat --port "$port" --watch 50ms --json >reports &
watcher=$!
three() { [ "$(wc -l <reports)" -ge 3 ]; }
eventually three
kill -INT $watcher
code wait $watcher
fields <reports | sort -u
llmp stat --port "$port" --watch 50ms >reports 2>errors &
watcher=$!
twice() { [ "$(grep -c '^broker on port' reports)" -ge 2 ]; }
eventually twice
stop_broker
code wait $watcher
cat errors
