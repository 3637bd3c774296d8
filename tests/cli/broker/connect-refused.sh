# The other broker is not there, or is none.
code llmp broker --port 0 --connect 127.0.0.1:1 --connect-timeout 0 2>&1
code llmp broker --port 0 --connect 127.0.0.1:1 --connect-timeout 0.3 --json 2>&1
python3 -u - <<'END' >listener.out &
import socket
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1])
    while True:
        peer, _ = server.accept()
        peer.sendall(b"220 mail.example ESMTP\r\n")
        peer.close()
END
eventually test -s listener.out
code llmp broker --port 0 --connect "127.0.0.1:$(<listener.out)" 2>&1
