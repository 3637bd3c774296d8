# What a shell is given to complete words is a script that it can read.
llmp completion bash | bash -n
llmp __complete recv --out 2>/dev/null
