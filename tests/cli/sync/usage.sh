# Each says what is wrong, before it joins the bus.
code llmp sync 2>&1
code llmp sync --finds nowhere 2>&1
code llmp sync --import x --format xml 2>&1
code llmp sync --import x --max-size 0 2>&1
code llmp sync --import x --quiet --json 2>&1
start_broker
stop_broker
code llmp sync --port "$port" --once --import x --connect-timeout 0 2>&1
