#!/usr/bin/env bash
# CPU per request of Portcullis beside Apache + mod_security2, nginx + libmodsecurity and plain nginx, measured in turn in
# one run, with argument values never seen before. Prints a table and the ratios.
#
# usage: benches/peers.sh [PL=1|4] [ENGINE=On|DetectionOnly] [SCENARIOS=get,form,…] [TURNS=5] [PEERS=apache,nginx,plain] [EVENTS=on|off]
#
# The peers' scripts and the CRS come from $PORTCULLIS_PEERS (default ../shared/peers). All settings are those that its
# gen.py renders for Apache, so all firewalls run the same configuration. EVENTS=off leaves out the event store, which has no
# counterpart in the peers, whose access logs are off, as ours is here. Everything listens on 127.0.0.1.
set -euo pipefail
cd "$(dirname "$0")/.."
PL=1 ENGINE=On SCENARIOS=get,form,json,jsonmany,multipart,attack,big TURNS=5 PEERS=apache,nginx,plain EVENTS=on
for pair in "$@"; do declare "$pair"; done
tools=$(cd "${PORTCULLIS_PEERS:-../shared/peers}" && pwd)
export PEERS_STATE=${PEERS_STATE:-$(mktemp -d -t portcullis-peers.XXXXXX)}
# The peers' worker user reads and writes below it.
chmod 755 "$PEERS_STATE"
cargo build --release --quiet --bin portcullis
binary=$PWD/target/release/portcullis

pid=
cleanup() {
  [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
  "$tools/down.sh" all >/dev/null 2>&1 || true
}
trap cleanup EXIT

"$tools/up.sh" backend
IFS=, read -ra peers <<<"$PEERS"
for peer in "${peers[@]}"; do "$tools/up.sh" "$peer" CRS=v4 PL="$PL" ENGINE="$ENGINE" WORKERS=1; done

. benches/site.sh
"$binary" run "$site" --listen 127.0.0.1:0 --upstream http://127.0.0.1:9000 --workers 1 \
  --no-console --events "$EVENTS" --error-log "$PEERS_STATE/portcullis-error.log" --access-log off >"$PEERS_STATE/portcullis.err" 2>&1 &
pid=$!
for _ in $(seq 200); do
  port=$(grep -o "127\.0\.0\.1:[0-9]*" "$PEERS_STATE/portcullis.err" | head -1 | cut -d: -f2 || true)
  [ -z "$port" ] || break
  sleep 0.05
done
[ -n "$port" ] || { cat "$PEERS_STATE/portcullis.err"; exit 1; }

out=$PEERS_STATE/counts.jsonl
: >"$out"
for turn in $(seq "$TURNS"); do
  for scenario in ${SCENARIOS//,/ }; do
    for peer in "${peers[@]}"; do
      "$tools/count.py" "$peer" -s "$scenario" --fresh --rounds 1 --round-s 0.5 --no-header --json "$out" >/dev/null
    done
    "$tools/count.py" --url "http://127.0.0.1:$port" --pid "$pid" --label portcullis -s "$scenario" --fresh --rounds 1 \
      --round-s 0.5 --no-header --json "$out" >/dev/null
  done
  echo "turn $turn of $TURNS done" >&2
done

echo "CRS 4.28.0, PL$PL, $ENGINE, events $EVENTS, $(date -u +%F), $(nproc) cores, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)"
python3 - "$out" <<'PY'
import collections, json, statistics, sys
rows = collections.OrderedDict()
for line in open(sys.argv[1]):
    r = json.loads(line)
    rows.setdefault(r["scenario"], collections.OrderedDict()).setdefault(r["label"], []).append(r)
labels = list(dict.fromkeys(l for s in rows.values() for l in s))
print("CPU ms per request, median of the turns\n")
print(f"{'scenario':<11}" + "".join(f"{l:>12}" for l in labels) + f"{'times less':>12}{'x plain':>9}   statuses")
for scenario, by in rows.items():
    cpu = {l: statistics.median(x for r in v for x in r["rounds"]) for l, v in by.items()}
    ours = cpu["portcullis"]
    best = min((cpu[p] for p in ("apache", "nginx") if p in cpu), default=float("nan"))
    plain = f"{ours / cpu['plain']:>9.2f}" if "plain" in cpu else f"{'':>9}"
    status = {l: sorted({s for r in v for s in r["status"]}) for l, v in by.items()}
    print(f"{scenario:<11}" + "".join(f"{cpu[l]:>12.4f}" for l in labels) + f"{best / ours:>12.1f}{plain}   {status}")
rss = {l: max(r["rss_mb"] for s in rows.values() for r in s.get(l, [])) for l in labels}
print("RSS MB     " + "".join(f"{rss[l]:>12.1f}" for l in labels))
PY
