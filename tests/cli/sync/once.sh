# --once: what is there goes out, what is on the bus comes in, in both formats; objectives apart.
start_broker
mkdir finds crashes go-finds
printf 'a\0b' >finds/nul
printf boom >crashes/c
printf 'go test fuzz v1\nstring("x\\ny")\n' >go-finds/s
printf 'go test fuzz v1\nint(7)\n' >go-finds/not-bytes
head -c 2000 /dev/zero >finds/large
llmp sync --port "$port" --once --finds finds --crashes crashes --max-size 1000
llmp sync --port "$port" --once --finds go-finds --format go
llmp send --port "$port" --tag 7 --quiet finds/nul
llmp sync --port "$port" --once --import in --import-crashes in-crashes
llmp sync --port "$port" --once --import go-in --format go
llmp sync --port "$port" --once --import in --quiet
for file in in/*; do od -A n -t x1 "$file"; done | sort
cat in-crashes/*
echo
sort go-in/*
stop_broker
