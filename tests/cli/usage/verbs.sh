# No verb, or none that is there: usage, and nothing on stdout.
code llmp 2>errors
tail -n 1 errors
code llmp frobnicate 2>&1
code llmp help frobnicate 2>&1
code llmp --frobnicate 2>&1
for verb in broker recv stat clean doctor; do
  code llmp $verb frobnicate 2>&1
done
for verb in broker send recv stat clean doctor version; do
  code llmp $verb --frobnicate 2>&1
done
