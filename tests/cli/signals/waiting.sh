# Interrupted while there is no broker yet, in each verb that waits for one.
polls() { find "/proc/$1/fd" -lname '*eventpoll*' 2>/dev/null | grep -q .; }
for verb in "send --tag 1 --port 1" "recv --port 1" "recv --follow --port 1" "broker --port 0 --connect 127.0.0.1:1"; do
  # shellcheck disable=SC2086  # the verb and its flags are words
  llmp $verb --connect-timeout never </dev/null >out 2>&1 &
  waiting=$!
  eventually polls $waiting # it has begun to connect
  kill -TERM $waiting
  code wait $waiting
  cat out
done
