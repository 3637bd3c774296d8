#!/usr/bin/env bash
# atheris takes a test case of others into its corpus, and sends what it finds.
set -euo pipefail
# shellcheck source=tests/engines/lib.sh
. "$(dirname "$0")/lib.sh"
python=$TREE/build/venv/bin/python
"$python" -c 'import atheris' 2>/dev/null || {
  echo "skipped: atheris is not here (scripts/setup.sh installs it where there is a wheel)"
  exit 77
}
start_bus "$1"
cp -r "$TREE/examples/atheris" "$scratch/example"
cd "$scratch/example"
export PYTHONPATH=$TREE/python/src LLMP_LIBRARY=$scratch/prefix/lib/libllmp.so.1 PYTHONDONTWRITEBYTECODE=1
"$python" - "$scratch/hello.zip" <<'END'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as archive:
    archive.writestr("hello", "world")
END
publish "$scratch/hello.zip"
# What was taken in shall stay, even if something shorter does as much.
in_background fuzzer "$python" fuzz.py -reduce_inputs=0 -max_total_time="$PATIENCE" corpus
wait_until has_content corpus "$scratch/hello.zip"
wait_until others_on_bus "$scratch/hello.zip"
