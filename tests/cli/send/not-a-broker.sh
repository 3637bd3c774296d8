# Something else listens on the port: no hang, and a sentence.
python3 -u - <<'END' >listener.out &
import socket
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1])
    while True:
        peer, _ = server.accept()
        peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        peer.close()
END
eventually test -s listener.out
port=$(<listener.out)
code llmp send --port "$port" --tag 1 /dev/null 2>&1
code llmp recv --port "$port" 2>&1
code llmp stat --port "$port" 2>&1
code llmp doctor --port "$port" 2>&1 | tail -n 3
