#!/usr/bin/env bash
# Instructions per request of the whole proxy, counted by valgrind: the same on a busy machine as on a quiet one, to within
# a few per cent, so it tells whether a change to the code pays. What the kernel does is not counted.
#
# usage: benches/instructions.sh [PL=1|4] [ENGINE=On|DetectionOnly] [SCENARIOS=get,form,…] [REQUESTS=300] [BINARY=…] [KEEP=DIR]
#
# The requests are those of benches/peers.sh, on one connection, with argument values never seen before. Twice as many come
# first and are not counted: they build the expressions that this traffic needs. KEEP names a folder for the profiles, which
# callgrind_annotate reads.
set -euo pipefail
cd "$(dirname "$0")/.."
PL=1 ENGINE=On SCENARIOS=get,form,json,jsonmany,multipart,attack,big REQUESTS=300 BINARY=target/release/portcullis KEEP=
for pair in "$@"; do declare "$pair"; done
command -v valgrind >/dev/null || { echo "valgrind is not installed" >&2; exit 1; }
tools=$(cd "${PORTCULLIS_PEERS:-../shared/peers}" && pwd)
export PEERS_STATE=${PEERS_STATE:-$(mktemp -d -t portcullis-instructions.XXXXXX)}
chmod 755 "$PEERS_STATE"
binary=$(realpath "$BINARY")

pid=
cleanup() {
  [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
  "$tools/down.sh" backend >/dev/null 2>&1 || true
}
trap cleanup EXIT
"$tools/up.sh" backend >/dev/null
. benches/site.sh

drive() { # port scenario number
  python3 - "$tools/count.py" "$@" <<'PY'
import random, sys
path, port, scenario, number = sys.argv[1:]
source = open(path).read().split("a = argparse")[0]
space = {"__file__": path}
exec(compile(source, path, "exec"), space)
random.seed(int(number))
requests, connection, statuses = space["requests"](scenario), space["Conn"](int(port)), {}
for i in range(int(number)):
    status = connection.go(space["fresh"](requests[i % len(requests)]))
    statuses[status] = statuses.get(status, 0) + 1
print(statuses)
PY
}

echo "CRS 4.28.0, PL$PL, $ENGINE, instructions per request in user space"
for scenario in ${SCENARIOS//,/ }; do
  profile=${KEEP:-$PEERS_STATE}/callgrind.$scenario
  rm -f "$profile"*
  valgrind --tool=callgrind --callgrind-out-file="$profile" "$binary" run "$site" --listen 127.0.0.1:0 \
    --upstream http://127.0.0.1:9000 --workers 1 --error-log "$PEERS_STATE/error.log" --access-log /dev/null \
    >"$PEERS_STATE/callgrind.err" 2>&1 &
  pid=$!
  port=
  for _ in $(seq 600); do
    port=$(sed -n 's,^listening on http://127\.0\.0\.1:\([0-9]*\) .*,\1,p' "$PEERS_STATE/callgrind.err" | head -1)
    [ -z "$port" ] || break
    sleep 0.2
  done
  [ -n "$port" ] || { cat "$PEERS_STATE/callgrind.err"; exit 1; }
  drive "$port" "$scenario" $((REQUESTS * 2)) >/dev/null
  callgrind_control -z "$pid" >/dev/null 2>&1
  statuses=$(drive "$port" "$scenario" "$REQUESTS")
  callgrind_control -d "$pid" >/dev/null 2>&1
  for _ in $(seq 100); do grep -qs ^totals: "$profile.1" && break; sleep 0.1; done
  total=$(sed -n 's/^\(totals\|summary\): //p' "$profile.1" | tail -1)
  printf '%-10s %10d   %s\n' "$scenario" $((total / REQUESTS)) "$statuses"
  kill "$pid"; wait "$pid" 2>/dev/null || true
  pid=
done
