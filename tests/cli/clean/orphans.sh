# Only what dead processes left: not what is in use, nor what was made to be
# found again. In namespaces of its own, for it removes what it finds.
unshare --user --map-root-user --ipc --mount true 2>/dev/null || unshare --ipc --mount true 2>/dev/null || {
  echo "no namespace to be had: unshare is not allowed here" >&2
  exit 77
}
cat >orphans.bash <<'END'
set -eu
mount -t tmpfs tmpfs /dev/shm
# Left by the dead: a segment, and a file of a broker that was killed.
orphan=$(ipcmk -M 8192 >/dev/null; python3 - <<'PYTHON'
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(libc.shmget(0, 12288, 0o1600))
PYTHON
)
llmp broker --port 0 --json --provider posix >killed.out &
killed=$!
while ! [ -s killed.out ]; do sleep 0.05; done
{ kill -KILL $killed && wait $killed || true; } 2>/dev/null # it says "Killed"
# In use: a broker's memory of each kind. To be found again: what ipcmk made, with a key.
for provider in sysv posix; do
  llmp broker --port 0 --json --provider $provider >$provider.out &
  while ! [ -s $provider.out ]; do sleep 0.05; done
done
: >/dev/shm/of-another-program
llmp clean --dry-run
echo --- json
llmp clean --dry-run --json
llmp doctor --port 1 | grep -A 1 left-overs
echo --- clean
llmp clean
llmp clean
llmp clean --json
llmp clean --quiet
awk 'NR > 1 && $2 == '"$orphan" /proc/sysvipc/shm
echo "a broker's own and a segment with a key: $(awk 'NR > 1' /proc/sysvipc/shm | wc -l) segments; $(find /dev/shm -type f | wc -l) files"
for provider in sysv posix; do
  port=$(sed 's/.*"port":\([0-9]*\).*/\1/' $provider.out)
  echo alive | llmp send --port "$port" --provider $provider --tag 1 --quiet
done
kill $(jobs -p)
wait
END
space=(unshare --ipc --mount)
[ "$(id -u)" = 0 ] || space+=(--user --map-root-user)
"${space[@]}" bash orphans.bash
