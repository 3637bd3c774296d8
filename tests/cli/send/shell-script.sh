# Two shell scripts on one bus: one asks, the other answers, file by file.
start_broker
for n in 1 2 3; do
  head -c $((n * 70000)) /dev/urandom >"question$n"
done
(
  llmp recv --port "$port" --tag 0x51 --count 3 --output-dir questions --quiet
  for file in questions/*; do
    cksum <"$file"
  done | llmp send --port "$port" --tag 0x52 --lines --quiet
) &
answerer=$!
llmp send --port "$port" --tag 0x51 --quiet question1 question2
llmp send --port "$port" --tag 0x51 --quiet - <question3
llmp recv --port "$port" --tag 0x52 --count 3 --lines --timeout 60 >answers
wait $answerer
for n in 1 2 3; do
  cksum <question$n
done | cmp - answers
stop_broker
