# A sender that waits for its input, and one that waits on a full bus.
start_broker
mkfifo pipe
llmp send --port "$port" --tag 1 --lines <pipe >out 2>&1 &
sender=$!
exec 5>pipe
echo line >&5
eventually handled 1
kill -INT $sender
code wait $sender
cat out
exec 5>&-
eventually clients 0
stop_broker
