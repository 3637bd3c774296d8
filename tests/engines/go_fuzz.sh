#!/usr/bin/env bash
# Go's fuzzer starts from the test cases of others, and what it finds reaches the bus.
set -euo pipefail
# shellcheck source=tests/engines/lib.sh
. "$(dirname "$0")/lib.sh"
need_engine go "https://go.dev/dl"
start_bus "$1"
write_png "$scratch/pixel.png"
publish "$scratch/pixel.png"

# Not in the build cache, as with `go test -fuzz`, but in a corpus of its own:
# what was found in an earlier run would be no find.
corpus=$scratch/corpus/FuzzImage
mkdir -p "$corpus"
(cd "$TREE/examples/go-fuzz" && go test -c -fuzz=FuzzImage -o "$scratch/fuzz.test" .)
in_background sync llmp sync --port "$LLMP_PORT" --format go --finds "$corpus" --import "$corpus"
imported() { [ -n "$(ls "$corpus")" ]; }
wait_until imported
in_background fuzzer "$scratch/fuzz.test" -test.fuzz=FuzzImage -test.run='^$' -test.parallel=1 \
  -test.fuzzcachedir="$scratch/corpus" -test.fuzztime="${PATIENCE}s"
# Its own seed and the PNG.
wait_until grep -q 'gathering baseline coverage: 2/2 completed' "$scratch/fuzzer.log"
wait_until others_on_bus "$scratch/pixel.png"
