import sys

import llmp

port = int(sys.argv[1]) if len(sys.argv) > 1 else llmp.DEFAULT_PORT
with llmp.Client.connect(port) as bus:
    bus.send(0x1234, b"hello")
    message = bus.recv(timeout=5)
    if message is not None:
        print(f"tag {message.tag:#x}: {bytes(message.data).decode()}")
