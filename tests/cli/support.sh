# Runs a test, $1, with what all tests stand on.

broker_pid=
port=

# start_broker [FLAG...]: a broker of this test, on a free port, which is in $port.
start_broker() {
  broker 0 "$@"
}

# broker PORT [FLAG...]: the same on a port of choice. What it prints goes to
# the files broker.out and broker.err.
broker() {
  local first
  mkfifo broker.pipe
  llmp broker --port "$1" --json "${@:2}" >broker.pipe 2>broker.err &
  broker_pid=$!
  # One reader for both lines that it prints, so that it never writes to a closed pipe.
  exec {broker_pipe}<broker.pipe
  rm broker.pipe
  if ! IFS= read -r -t 60 first <&"$broker_pipe"; then
    cat broker.err >&2
    return 1
  fi
  printf '%s\n' "$first" >broker.out
  port=$(field port <broker.out)
}

# stop_broker [SIGNAL]: ends it and yields its exit code.
stop_broker() {
  local status=0
  kill -s "${1:-INT}" "$broker_pid"
  wait_broker || status=$?
  return $status
}

# wait_broker: waits for its end and yields its exit code.
wait_broker() {
  local status=0
  cat <&"$broker_pipe" >>broker.out
  exec {broker_pipe}<&-
  wait "$broker_pid" 2>/dev/null || status=$?
  broker_pid=
  return $status
}

# kill_broker: as if it crashed.
kill_broker() {
  # The shell says "Killed" when it notices, which may be at either command.
  {
    kill -KILL "$broker_pid"
    wait "$broker_pid" || true
  } 2>/dev/null
  broker_pid=
}

# exits CODE COMMAND...: fails, and says so, unless the command exits with CODE.
exits() {
  local expected=$1 status=0
  shift
  "$@" || status=$?
  [ "$status" -eq "$expected" ] || {
    echo "exit code $status, expected $expected: $*" >&2
    return 1
  }
}

# code COMMAND...: runs it and prints its exit code.
code() {
  local status=0
  "$@" || status=$?
  echo "exit code $status"
}

# eventually COMMAND...: tries until it succeeds, for at most a minute.
eventually() {
  local end=$((SECONDS + 60))
  until "$@"; do
    [ $SECONDS -lt $end ] || {
      echo "not within a minute: $*" >&2
      return 1
    }
    sleep 0.05
  done
}

# field NAME[.NAME...]: that field of the JSON object on stdin's first line.
field() {
  python3 -c '
import json, sys
value = json.loads(sys.stdin.readline())
for name in sys.argv[1].split("."):
    value = value[int(name) if isinstance(value, list) else name]
print(value)' "$1"
}

# fields: the names of each JSON object on stdin, in order, one object a line.
# Fails where a line is no JSON object.
fields() {
  python3 -c '
import json, sys
for line in sys.stdin:
    print(*json.loads(line).keys())'
}

# clients N: there are N clients on the bus.
clients() { [ "$(llmp stat --port "$port" --json | field stats.clients)" = "$1" ]; }

# handled N: the broker has handled N messages or more.
handled() { [ "$(llmp stat --port "$port" --json | field stats.messages)" -ge "$1" ]; }

# archived: the broker has put some of its history on disk.
archived() { [ "$(llmp stat --port "$port" --json | field stats.archived_bytes)" -gt 0 ]; }

# segments PID: how many SysV segments this process made.
segments() { awk -v pid="$1" 'NR > 1 && $5 == pid' /proc/sysvipc/shm | wc -l; }

end() {
  local status=$? pid
  trap - EXIT
  for pid in $(jobs -p); do
    kill -KILL "$pid" 2>/dev/null || true
  done
  wait 2>/dev/null || true
  exit $status
}
trap end EXIT
trap 'exit 124' TERM

# shellcheck disable=SC1090  # the test
. "$1"
