# Every option together: the broker works.
mkdir archive
start_broker --bind 127.0.0.1 --provider posix --history 1MiB --budget 16MiB --archive-dir archive \
  --slow-timeout never --page-size 64KiB --spin 50us --connect-timeout 1s --exit-after 0
head -c 200000 /dev/urandom >big
llmp send --port "$port" --provider posix --tag 1 --quiet big
llmp recv --port "$port" --provider posix --raw | cmp - big
stop_broker
[ -z "$(ls archive)" ]
