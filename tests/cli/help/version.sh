llmp version
llmp version --json | fields
[ "$(llmp version --json | field version)" = "$(awk '$2 == "LLMP_VERSION_STRING" { gsub("\"", "", $3); print $3 }' "$ROOT/include/llmp.h")" ]
