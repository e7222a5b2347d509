# Sourced by the benches: makes the site `$site` with the rules and settings that the peers' gen.py renders for Apache, from
# `$tools` (the peers' scripts), `$PEERS_STATE`, `$PL` and `$ENGINE`.
CRS=v4 PL=$PL ENGINE=$ENGINE python3 "$tools/gen.py" apache
site=$PEERS_STATE/site
rm -rf "$site"
mkdir -p "$site"/rules/{base_rules,optional_rules,activated_rules} "$site/data"
# A site names files below itself only.
sed -E "s,^SecUnicodeMapFile .*,SecUnicodeMapFile unicode.mapping 20127,;s,^SecDataDir .*,SecDataDir $site/data," \
  "$PEERS_STATE/apache/run/modsecurity.conf" >"$site/modsecurity.conf"
cp "$PEERS_STATE/apache/run/unicode.mapping" "$site/" 2>/dev/null || true
cp "$PEERS_STATE/apache/run/crs-setup.conf" "$site/rules/activated_rules/000-crs-setup.conf"
cp "$tools"/../conformance/crs-v4/rules/* "$site/rules/activated_rules/"
chmod -R u+w "$site"
