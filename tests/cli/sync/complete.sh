# A file comes into the directory complete, by a rename; none is created there, not under a hidden name
# either: honggfuzz reads and deletes each that it sees.
start_broker
mkdir finds new
printf one >finds/1
printf two >finds/2
python3 - >events <<'END' &
import ctypes, os, struct

MOVED_TO, CREATE, DIRECTORY = 0x80, 0x100, 0x40000000  # inotify(7)
libc = ctypes.CDLL(None)
events = libc.inotify_init()
libc.inotify_add_watch(events, b"new", MOVED_TO | CREATE)
print("watching", flush=True)
files = 0
while files < 2:
    data = os.read(events, 65536)
    while data:
        _, mask, _, length = struct.unpack_from("iIII", data)
        data = data[16 + length :]
        if not mask & DIRECTORY:
            print("created" if mask & CREATE else "moved there", flush=True)
            files += 1
END
watcher=$!
eventually test -s events
llmp sync --port "$port" --once --quiet --finds finds
llmp sync --port "$port" --once --quiet --import new
wait $watcher
stop_broker
cat events
find new -mindepth 1 | wc -l
