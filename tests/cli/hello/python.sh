# examples/hello in Python.
start_broker
export LLMP_LIBRARY=$BUILD/libllmp.so PYTHONPATH=$ROOT/python/src
python3 "$ROOT/examples/hello/main.py" "$port" | cmp - "$ROOT/examples/hello/expected.txt"
stop_broker
