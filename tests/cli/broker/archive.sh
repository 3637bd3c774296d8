# More than the budget: what all have read goes to disk, the memory stays below
# the budget, and a late joiner gets everything all the same, or what was asked for.
mkdir files archive
for n in $(seq 100 299); do
  head -c 100000 /dev/urandom >"files/$n"
done
for history in all 5MiB none; do
  start_broker --budget 8MiB --history $history --archive-dir archive
  llmp send --port "$port" --tag 1 --quiet files/*
  llmp stat --port "$port" --json >stats
  [ "$(field stats.shared_bytes <stats)" -le 8388608 ]
  case $history in
    all)
      llmp recv --port "$port" --count 200 --raw | cmp - <(cat files/*)
      eventually archived
      ;;
    5MiB)
      # The newest, of that size at least.
      llmp recv --port "$port" --follow --timeout 5s --raw >got
      [ "$(stat -c %s got)" -ge 5242880 ]
      cmp got <(cat files/* | tail -c "$(stat -c %s got)")
      ;;
    none)
      llmp recv --port "$port" --follow --timeout 5s --raw >got
      [ "$(stat -c %s got)" -le 8388608 ]
      ;;
  esac
  stop_broker
  [ -z "$(ls archive)" ]
done
