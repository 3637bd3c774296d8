# Two fuzzers with files: what one finds the other gets, each content once, and never its own.
start_broker
mkdir a-finds a-in b
printf one >a-finds/1
printf two >b/2
printf hidden >a-finds/.tmp
llmp sync --port "$port" --finds a-finds --import a-in >a.out &
a=$!
llmp sync --port "$port" --finds b --import b --json >b.out &
b=$!
content() { grep -s -l -r -x "$2" "$1" >/dev/null; }
eventually content a-in two
eventually content b one
printf three >a-finds/3
eventually content b three
cp a-finds/3 a-finds/again
printf four >b/4
eventually content a-in four
kill -INT $a
exits 0 wait $a
stop_broker
exits 0 wait $b
cat a.out b.out
for folder in a-in b; do
  for file in "$folder"/*; do echo "$folder: $(cat "$file")"; done | sort
done
