llmp --help | grep -e '^  [a-z]* *[A-Z]'
cmp <(llmp --help) <(llmp help)
