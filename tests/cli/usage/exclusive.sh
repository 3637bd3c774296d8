# Flags that cannot be had together.
code llmp broker --json --quiet 2>&1
code llmp send --tag 1 --json --quiet 2>&1
code llmp recv --count 3 --follow 2>&1
code llmp recv --raw --json 2>&1
code llmp recv --lines --quiet 2>&1
code llmp recv --raw --output-dir here 2>&1
code llmp recv --lines --output-dir here 2>&1
code llmp clean --json --quiet 2>&1
[ ! -e here ]
