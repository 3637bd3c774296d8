# Standard input, by - or by default, alone or among files.
start_broker
echo file >file
printf 'by default' | llmp send --port "$port" --tag 1 --quiet
printf 'by name' | llmp send --port "$port" --tag 1 --quiet -
printf 'in between' | llmp send --port "$port" --tag 1 --quiet file - file
llmp send --port "$port" --tag 1 </dev/null
llmp recv --port "$port" --count 6
stop_broker
