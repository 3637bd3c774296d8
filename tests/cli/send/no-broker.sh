# Nobody listens: after the time-out, what to do.
code llmp send --port 1 --tag 1 --connect-timeout 0 /dev/null 2>&1
code llmp send --port 1 --tag 1 --connect-timeout 0.2 /dev/null 2>&1
code llmp send --port 1 --tag 1 --connect-timeout 200ms --json /dev/null 2>&1
