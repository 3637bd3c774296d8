# Where something is missing: which, what to do, and exit code 1.
space=(unshare --mount)
[ "$(id -u)" = 0 ] || space+=(--user --map-root-user)
"${space[@]}" true 2>/dev/null || {
  echo "no namespace to be had: unshare is not allowed here" >&2
  exit 77
}
cat >broken.bash <<'END'
mount -t tmpfs -o size=64k tmpfs /dev/shm
status=0
llmp doctor --port 1 >out 2>errors || status=$?
grep -A 1 -e 'memory posix' -e /dev/shm out
cat errors
echo "exit code $status"
ulimit -n 64
llmp doctor --port 1 2>/dev/null | grep -A 1 'open files'
END
"${space[@]}" bash broken.bash
