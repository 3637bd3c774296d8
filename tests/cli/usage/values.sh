# A malformed value: which flag, what was given, what is wanted.
try() {
  local status=0
  llmp "$@" 2>errors || status=$?
  [ $status -eq 2 ] || echo "exit code $status: llmp $*"
  sed "s/ (see 'llmp [a-z]* --help')\$//" errors
}
for verb in broker "send --tag 1" recv stat doctor; do
  for value in 65536 -1 abc "" 1.5; do
    # shellcheck disable=SC2086  # the verb and its flags are words
    try $verb --port "$value"
  done
done
try broker --exit-after x
try broker --history 12XB
try broker --history ""-1
try broker --budget 0
try broker --budget 64MB
try broker --budget 99999999TiB
try broker --page-size 5000
try broker --page-size 2GiB
try broker --slow-timeout 0
try broker --slow-timeout soon
try broker --spin never
try broker --spin -1ms
try broker --provider heap
try broker --bind localhost
try broker --bind 300.1.1.1
try broker --connect 127.0.0.1
try broker --connect-timeout x --connect 127.0.0.1:1
try broker --archive-dir nowhere
try send
try send --tag
try send --tag event,7
try send --tag 4294967296
try send --tag 0x100000000
try send --tag 0xC11E471
try send --tag 7 --flags bits
try send --tag 7 --timeout -1
try send --tag 7 --port 0
try send --tag 7 --provider windows
try send --tag 7 --connect-timeout 5parsecs
try recv --port 0
try recv --tag x
try recv --count 0
try recv --count -3
try recv --count 1e9
try recv --timeout later
try recv --encoding rot13
try stat --port 0
try stat --watch never
try stat --watch x
