# SPDX-License-Identifier: PostgreSQL
#
# lib.sh: what the benchmarks have in common.  Sourced first by each of them.
#
# A benchmark prints Markdown: what was measured, on which machine, when, by which
# command, then a table of ratios.  A ratio compares two things that ran by turns
# in the same minutes on the same machine; the figure is the median over the rounds.
#
# Everything runs on private servers in a temporary folder, as an unprivileged
# user (BENCH_USER, default postgres) when the caller is root; loopback and Unix
# sockets only.  The library of the extension has to be installed (make install).
#
#	BENCH_SECONDS	how long one measurement takes (each benchmark has a default)
#	BENCH_ROUNDS	how many times everything is measured
#	PG_CONFIG		the server to measure

# shellcheck shell=bash disable=SC2034,SC2154
set -euo pipefail

bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$bench/build
top=$(dirname "$bench")

if [ "$(id -u)" = 0 ]
then
	make -s -C "$bench"
	# nginx with nchan wants its own folders, whatever its configuration says.
	[ ! -d /var/lib/nginx ] || mkdir -p /var/lib/nginx/{body,fastcgi,proxy,scgi,uwsgi}
	user=${BENCH_USER:-postgres}
	exec setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups -- "$0" "$@"
fi
[ -x "$build/fanout" ] || make -s -C "$bench"

command_line="bench/$(basename "$0")${*:+ $*}"
pg_bin=$("${PG_CONFIG:-pg_config}" --bindir)
folder=$(mktemp -d "${TMPDIR:-/tmp}/events-bench.XXXXXX")
pids=()						# started by us, ended by us
pin_relay=					# commands that pin to cores, see pin
pin_others=

unset PGDATABASE PGSERVICE PGSERVICEFILE PGHOSTADDR PGPASSFILE
export PGHOST=$folder PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
export PATH=$pg_bin:$PATH LC_ALL=C

finish()
{
	local status=$? pid
	trap - EXIT
	for pid in "${pids[@]+"${pids[@]}"}"
	do
		kill "$pid" 2> /dev/null && wait "$pid" 2> /dev/null || true
	done
	[ ! -f "$folder/data/postmaster.pid" ] ||
		pg_ctl -D "$folder/data" -m immediate -s stop > /dev/null 2>&1
	if [ $status != 0 ] && [ $status != 130 ]
	then
		tail -n 20 "$folder"/*.log >&2 2> /dev/null
	fi
	rm -rf "$folder"
	exit $status
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# pin: relays get the first core, everything else the second, if there are two
pin()
{
	[ "$(nproc)" -gt 1 ] || return 0
	pin_relay="taskset -c 0"
	pin_others="taskset -c 1"
}

# start_server NAME=VALUE...: a private cluster, durable, the library preloaded
start_server()
{
	local setting
	initdb -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 \
		> "$folder/initdb.log" 2>&1
	{
		echo "listen_addresses = ''"
		echo "unix_socket_directories = '$folder'"
		echo "shared_preload_libraries = 'events'"
		echo "max_connections = 200"
		echo "shared_buffers = 256MB"
		echo "max_wal_size = 8GB"
		echo "checkpoint_timeout = 1h"
		for setting
		do
			echo "${setting%%=*} = '${setting#*=}'"
		done
	} >> "$folder/data/postgresql.conf"
	run_server
	sql "CREATE EXTENSION events" > /dev/null
}

# run_server [NAME=VALUE...]: the cluster's postmaster, with these in its environment
run_server()
{
	$pin_others env "$@" pg_ctl -D "$folder/data" -l "$folder/server.log" -w -s start
}

# slow_disk MILLISECONDS: the server again, on a disk that takes so long to flush
slow_disk()
{
	cp "$build/slow_flush.so" "$folder"
	pg_ctl -D "$folder/data" -m fast -w -s stop
	run_server LD_PRELOAD="$folder/slow_flush.so" BENCH_FLUSH_MS="$1"
}

# sql COMMAND...: one session, bare output
sql()
{
	printf '%s;\n' "$@" | psql -XqAt -v ON_ERROR_STOP=1
}

# wait_until SECONDS COMMAND...: until the command succeeds
wait_until()
{
	local deadline=$((SECONDS + $1))
	shift
	until "$@"
	do
		[ $SECONDS -lt $deadline ] || { echo "gave up waiting for: $*" >&2; return 1; }
		sleep 0.05
	done
}

worker_runs()
{
	[ "$(sql "SELECT worker FROM events._relay_state()")" = t ]
}

free_port()
{
	local port
	while :
	do
		port=$((20000 + RANDOM % 10000))
		(exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null || break
	done
	echo "$port"
}

# start_eventsd FLAG...: sets relay (pid), relay_pids (of all its processes), port
start_eventsd()
{
	ulimit -n "$(ulimit -Hn)"
	[ -x "$folder/eventsd" ] || cp "$top/sidecar/eventsd" "$folder/eventsd"
	: > "$folder/eventsd.log"		# the last one's ready line is not this one's
	$pin_relay "$folder/eventsd" serve --database "host=$folder user=postgres dbname=postgres" \
		--listen 127.0.0.1:0 --admin-listen off --drain-time 100ms "$@" 2> "$folder/eventsd.log" &
	relay=$!
	pids+=("$relay")
	wait_until 20 grep -q '"event":"ready"' "$folder/eventsd.log"
	port=$(sed -n 's/.*"event":"ready".*"listen":\["[^"]*:\([0-9]*\)".*/\1/p' "$folder/eventsd.log" | head -1)
	relay_pids=$(echo $relay $(pgrep -P $relay) | tr ' ' ',')
}

# start_nginx: nchan behind nginx.conf; sets the same
start_nginx()
{
	ulimit -n "$(ulimit -Hn)"
	port=$(free_port)
	sed "s,FOLDER,$folder,; s,PORT,$port," "$bench/nginx.conf" > "$folder/nginx.conf"
	$pin_relay nginx -e "$folder/nginx.log" -p "$folder" -c "$folder/nginx.conf" 2> /dev/null &
	relay=$!
	pids+=("$relay")
	wait_until 20 eval "(exec 3<> /dev/tcp/127.0.0.1/$port) 2> /dev/null"
	relay_pids=$(pgrep -P $relay | paste -sd,)
}

# start_floor: src/floor.c; sets the same
start_floor()
{
	ulimit -n "$(ulimit -Hn)"
	port=$(free_port)
	$pin_relay "$build/floor" "$port" 2> "$folder/floor.log" &
	relay=$!
	pids+=("$relay")
	wait_until 20 eval "(exec 3<> /dev/tcp/127.0.0.1/$port) 2> /dev/null"
	relay_pids=$relay
}

stop_relay()
{
	kill $relay
	wait $relay 2> /dev/null || true
	pids=()
}

# median: of the numbers on standard input, one a line
median()
{
	sort -g | awk '{ v[NR] = $1 }
		END { if (NR == 0) print "-"
			  else if (NR % 2) print v[(NR + 1) / 2]
			  else print (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# round FORMAT NUMBER
round()
{
	awk -v f="$1" -v n="$2" 'BEGIN { if (n == "-") print n; else printf f, n }'
}

# quotient A B
quotient()
{
	awk -v a="$1" -v b="$2" 'BEGIN { if (b + 0 == 0) print "-"; else print a / b }'
}

# verdict FIGURE at-least|at-most MARK
verdict()
{
	awk -v f="$1" -v how="$2" -v m="$3" 'BEGIN {
		if (f == "-") print "not measured"
		else if (how == "at-least" ? f >= m : f <= m) print "yes"
		else print "**no**" }'
}

# heading TITLE
heading()
{
	echo "# $1"
	echo
	echo "- Machine: $(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)," \
		"$(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)," \
		"Linux $(uname -r), $(postgres --version | sed 's/ (.*) / /; s/postgres //')"
	echo "- Date: $(date -u '+%Y-%m-%d %H:%M UTC'), load average at the start $(cut -d' ' -f1 /proc/loadavg)"
	echo "- Commit: $(git -c safe.directory="$top" -C "$top" log -1 --format=%h 2> /dev/null || echo unknown)"
	echo "- Command: \`$command_line\` (BENCH_ROUNDS=$rounds BENCH_SECONDS=$seconds)"
	echo
}
