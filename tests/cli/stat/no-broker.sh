code llmp stat --port 1 2>&1
code llmp stat --port 1 --json 2>&1
code llmp stat --port 1 --watch 1s 2>&1
# Something that accepts and says nothing.
python3 -u - <<'END' >listener.out &
import socket, time
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1])
    time.sleep(600)
END
eventually test -s listener.out
code llmp stat --port "$(<listener.out)" 2>&1
