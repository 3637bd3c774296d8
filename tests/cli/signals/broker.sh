# SIGINT, SIGTERM and SIGHUP: clients are told, the memory is gone, the port is
# free, and the exit code says that it ended as asked.
for provider in sysv posix; do
  for signal in INT TERM HUP; do
    rm -f got
    start_broker --provider $provider
    pid=$broker_pid
    echo first | llmp send --port "$port" --provider $provider --tag 1 --quiet
    llmp recv --port "$port" --provider $provider --follow --raw >got &
    receiver=$!
    eventually test -s got
    [ "$provider" = posix ] || [ "$(segments "$pid")" -gt 0 ]
    code stop_broker $signal
    code wait $receiver
    [ "$(segments "$pid")" = 0 ]
    [ -z "$(find /dev/shm -name "*$pid*")" ]
    exits 3 llmp stat --port "$port" 2>/dev/null
  done
done
