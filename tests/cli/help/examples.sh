# The examples of the help are calls that the program understands: with --help
# in front of what follows the verb's flags it must get no further than that.
for verb in broker send recv stat clean doctor version; do
  llmp $verb --help | sed -n '/^Examples:/,/^$/p' | grep -o "llmp $verb"'[^#|>]*' | while read -r line; do
    # shellcheck disable=SC2086  # words as in a shell
    $line --help >/dev/null || echo "refused: $line"
  done
done
