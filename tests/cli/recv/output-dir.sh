# One file a message, named by its number, tag and sender; none is overwritten.
start_broker
printf one | llmp send --port "$port" --tag 1 --quiet
printf two | llmp send --port "$port" --tag 2 --quiet
llmp recv --port "$port" --count 2 --output-dir out/in/there
llmp recv --port "$port" --count 2 --output-dir json --json
llmp recv --port "$port" --count 2 --output-dir quiet --quiet
for folder in out/in/there json quiet; do
  (cd $folder && for file in *; do echo "$file $(cat "$file")"; done && [ -z "$(find . -name '.*' -type f)" ])
done
code llmp recv --port "$port" --output-dir json 2>&1
: >file
code llmp recv --port "$port" --output-dir file 2>&1
stop_broker
