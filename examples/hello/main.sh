#!/bin/sh
set -eu
port=${1:-1337}
printf hello | llmp send --port "$port" --tag 0x1234 --quiet
text=$(llmp recv --port "$port" --tag 0x1234 --timeout 5s --raw)
printf 'tag 0x1234: %s\n' "$text"
