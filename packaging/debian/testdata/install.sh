# Walks the path of somebody who installs the package, in a root of their own that is like this
# machine's and gone at the end: installs it, sets it up, starts what its unit starts, asks for a
# report, watches it with Prometheus until there is an alert, upgrades it, and removes it. Run by package_test.go in a mount namespace of its own:
#   sh install.sh PACKAGE DSN
set -eu
package="$1" dsn="$2"

fail() { echo "FAILED: $*" >&2; exit 1; }

base="$(mktemp -d)"
mount -t tmpfs tmpfs "$base"
mkdir "$base/upper" "$base/work" "$base/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$base/upper,workdir=$base/work" "$base/root"
root="$base/root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs tmpfs "$root/run"
cp "$package" "$root/tmp/aiusage.deb"
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"; }

: >"$base/log" >"$base/prometheus" # there before who writes to them is started, as they are read at once

echo "--- installing"
inside dpkg --install /tmp/aiusage.deb >"$base/said" 2>&1 || { cat "$base/said"; fail "it cannot be installed"; }
grep -q 'systemctl enable --now aiusage' "$base/said" || fail "nothing says what to do next: $(cat "$base/said")"
[ "$(stat -c '%a %U' "$root/etc/aiusage/dsn")" = "600 root" ] || fail "others can read the DSN"
[ "$(inside dpkg --status aiusage | sed -n 's/^Status: //p')" = "install ok installed" ] || fail "it is not installed"
inside dpkg --verify aiusage
[ "$(inside bash -c '. /usr/share/bash-completion/completions/aiusage; complete -p aiusage' | sed 's/.* -C //')" = "'/usr/bin/aiusage' aiusage" ] || fail "bash does not ask it"
[ "$(inside env COMP_LINE='aiusage rollup ver' aiusage)" = verify ] || fail "it does not complete what bash asks"

echo "--- setting it up as the package says"
printf '%s\n' "$dsn" >"$root/etc/aiusage/dsn"
grep -o 'aiusage migrate\|aiusage doctor --config [^ ]*' "$base/said" | while read -r command; do
	inside env MYSQL_DSN_FILE=/etc/aiusage/dsn $command >"$base/out" 2>&1 || { cat "$base/out"; fail "$command"; }
done
echo 'correct horse battery' | inside env MYSQL_DSN_FILE=/etc/aiusage/dsn aiusage user add ada --role SystemAdministrator >/dev/null

echo "--- starting what the unit starts"
command="$(sed -n 's/^ExecStart=//p' "$root/usr/lib/systemd/system/aiusage.service")"
sed -i 's/^\(metrics-\)\{0,1\}listen: .*/\1listen: 127.0.0.1:0/; s/^drain: .*/drain: 0s/' "$root/etc/aiusage/aiusage.yml"
install -m 0644 "$root/etc/aiusage/dsn" "$root/tmp/dsn" # as LoadCredential hands it to the service
chroot --userspec=nobody:nogroup "$root" env -i MYSQL_DSN_FILE=/tmp/dsn $command 2>>"$base/log" &
gateway=$!
trap 'kill "$gateway" 2>/dev/null || true' EXIT
# The address that the log says after a message, once it does.
logged() {
	for _ in $(seq 600); do
		said="$(sed -n "s/.*\"msg\":\"$1\",\"address\":\"\([^\"]*\)\".*/\1/p" "$base/log" | head -1)"
		[ -z "$said" ] && kill -0 "$gateway" 2>/dev/null || break
		sleep 0.1
	done
	[ -n "$said" ] || { cat "$base/log" >&2; fail "it does not say: $1"; }
	echo "$said"
}
address="$(logged listening)"
metrics="$(logged 'listening for metrics')"
printf 'session_id,account_id,customer_id,started_at,duration_seconds\none,acc,cus,2026-03-01T12:00:00Z,61\n' >"$root/tmp/sessions.csv"
inside env MYSQL_DSN_FILE=/etc/aiusage/dsn aiusage import /tmp/sessions.csv >"$base/out" 2>&1 || fail "nothing can be imported: $(cat "$base/out")"
report="$(curl --silent --fail --max-time 60 --user 'ada:correct horse battery' --header 'Content-Type: application/json' \
	--data '{"query":"{ aiUsage { totals { aiMinutes sessions } } }"}' "http://$address/graphql")" || fail "no report: $(cat "$base/log")"
[ "$report" = '{"data":{"aiUsage":{"totals":{"aiMinutes":2,"sessions":1}}}}' ] || fail "the first report is $report"

echo "--- watching it as the package's example says, only oftener"
mkdir "$root/tmp/prometheus"
cp "$root/usr/share/doc/aiusage/prometheus"*.yml "$root/tmp/prometheus"
sed -i "s/127.0.0.1:9090/$metrics/; 1i global: { scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms }" "$root/tmp/prometheus/prometheus.yml"
sed -i 's/for: 2m/for: 1s/' "$root/tmp/prometheus/prometheus-rules.yml"
chroot "$root" env -i PATH=/usr/bin prometheus --config.file=/tmp/prometheus/prometheus.yml --storage.tsdb.path=/tmp/prometheus/data --web.listen-address=127.0.0.1:0 >>"$base/prometheus" 2>&1 &
prometheus=$!
trap 'kill "$gateway" "$prometheus" 2>/dev/null || true' EXIT
# Waits until a query has an answer, a minute at most.
answered() {
	for _ in $(seq 300); do
		watching="$(sed -n 's/.*msg="Listening on" address=//p' "$base/prometheus")"
		curl --silent --max-time 5 --data-urlencode "query=$1" "http://$watching/api/v1/query" | grep -q '"metric"' && return
		kill -0 "$prometheus" 2>/dev/null || break
		sleep 0.2
	done
	cat "$base/prometheus" >&2
	fail "Prometheus has no answer to $1"
}
answered 'up{job="aiusage"} == 1'
answered 'aiusage_requests_total{job="aiusage", door="graphql"} > 0'
kill "$gateway"
wait "$gateway" || fail "it does not end in good order: $(cat "$base/log")"
answered 'ALERTS{alertname="AIUsageAway", alertstate="firing"}'
kill "$prometheus"
wait "$prometheus" || true
trap - EXIT

echo "--- upgrading"
inside dpkg --force-confold --install /tmp/aiusage.deb >"$base/said" 2>&1 || { cat "$base/said"; fail "it cannot be upgraded"; }
grep -q '^drain: 0s' "$root/etc/aiusage/aiusage.yml" || fail "the configuration was lost"
[ "$(cat "$root/etc/aiusage/dsn")" = "$dsn" ] || fail "the DSN was lost"
! grep -q 'not started yet' "$base/said" || fail "an upgrade says what to do first: $(cat "$base/said")"

echo "--- removing"
inside dpkg --remove aiusage >/dev/null 2>&1 || fail "it cannot be removed"
[ -e "$root/etc/aiusage/dsn" ] && [ -e "$root/etc/aiusage/aiusage.yml" ] || fail "the configuration went with the program"
inside dpkg --purge aiusage >/dev/null 2>&1 || fail "it cannot be purged"
for left in /usr/bin/aiusage /etc/aiusage /usr/lib/systemd/system/aiusage.service /usr/share/doc/aiusage /usr/share/bash-completion/completions/aiusage; do
	[ ! -e "$root$left" ] || fail "$left is left"
done
echo "--- done"
