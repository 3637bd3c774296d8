# What a person reads: how to join, and at the end what happened.
: >broker.out # there before it is looked at
broker() { llmp broker --port "$@" >broker.out 2>broker.err & broker_pid=$!; eventually grep -q inspect broker.out; }
broker 0 --provider posix
port=$(sed -n 's/^listening on 127.0.0.1:\([0-9]*\),.*/\1/p' broker.out)
# The lines that it prints are commands that work.
echo hello | eval "$(sed -n 's/^  send *echo hello | //p' broker.out)"
eval "timeout 60 $(sed -n 's/^  receive *//p' broker.out) --timeout 3s"
eval "$(sed -n 's/^  inspect *//p' broker.out)" | head -n 1
kill -INT "$broker_pid"
wait "$broker_pid"
cat broker.out broker.err
