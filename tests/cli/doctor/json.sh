llmp doctor --port 1 --json >findings
fields <findings | sed 's/ remedy$//' | sort -u
while read -r line; do
  field check <<<"$line"
done <findings
grep -c '"verdict":"FAIL"' findings || true
