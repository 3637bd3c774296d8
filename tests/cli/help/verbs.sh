# Each verb explains itself: what it does, its exit codes, examples and flags.
for verb in broker send recv stat clean doctor; do
  llmp $verb --help >text 2>errors
  [ ! -s errors ]
  for heading in "Exit codes: 0 " Usage: Examples: Flags:; do
    grep -q "^ *$heading" text || echo "$verb: no $heading"
  done
  cmp text <(llmp $verb -h)
  cmp text <(llmp help $verb)
  grep -q "^  llmp $verb" text || echo "$verb: no example"
  # Every line fits a terminal.
  awk -v verb=$verb 'length > 132 { print verb ": long line: " $0 }' text
done
