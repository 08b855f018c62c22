#!/usr/bin/env bash
# A real Odoo from Debian's packages, in a chroot of its own, for tests. See README.md in this folder.
# shellcheck disable=SC2046  # odoo_options prints words without spaces
set -euo pipefail

usage() {
  cat <<'USAGE'
usage: bring-up.sh 19|14 VERB [ARG…]     (root, Debian host; every verb can be repeated)
  install               chroot, packages, PostgreSQL, template databases
  start                 install if needed, then the server, until `stop`; prints its URL
  create NAME KIND      a database from a template, with its own uuid; prints the URL. KIND is bare, demo or accounting
                        (Odoo 14 has bare only). A server that only `create` started ends when its last database is dropped
  drop NAME             drop a database made by `create`
  databases             the databases made by `create`
  shell NAME            `odoo shell`, Python on standard input
  psql NAME [ARG…]      psql in that database
  status                ports and processes
  stop                  the server and its PostgreSQL
  remove                stop, then delete the chroot
Environment: CUTOVER_TEST_HOME, CUTOVER_TEST_PORT_BASE, CUTOVER_TEST_MIRROR
USAGE
  exit 2
}

[ $# -ge 2 ] || usage
VERSION=$1 VERB=$2
shift 2
case $VERSION in
  19) SUITE=trixie TEMPLATES='bare demo' LATER=accounting NO_DEMO='' WITH_DEMO=--with-demo GEVENT_PORT=--gevent-port ;;
  14) SUITE=bullseye TEMPLATES='bare' LATER='' NO_DEMO=--without-demo=all WITH_DEMO='' GEVENT_PORT=--longpolling-port ;;
  *) usage ;;
esac

TEST_HOME=${CUTOVER_TEST_HOME:-/var/tmp/cutover-real-odoo}
PORT_BASE=${CUTOVER_TEST_PORT_BASE:-18000}
HTTP_PORT=$((PORT_BASE + VERSION * 10)) LIVE_PORT=$((HTTP_PORT + 1)) PG_PORT=$((HTTP_PORT + 2))
URL=http://127.0.0.1:$HTTP_PORT
MODULES=purchase,account,stock,purchase_stock
CHROOT=$TEST_HOME/odoo-$VERSION
LOGS=$TEST_HOME/logs
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
PG_DATA=/var/lib/cutover-test/pg
FILES=/var/lib/cutover-test/files
SERVER_PID=$FILES/server.pid
ON_DEMAND=$CHROOT/.server-on-demand

say() { printf '[odoo %s] %s\n' "$VERSION" "$*" >&2; }
die() { say "FAILED: $*"; exit 1; }

# Runs a step with its output in a log; on failure shows where it stopped.
logged() {
  local name=$1 log began=$SECONDS
  log=$LOGS/odoo-$VERSION-$name.log
  shift
  say "$name …"
  # In the background, because `set -e` is off inside anything tested by `if` or `||`.
  "$@" </dev/null >"$log" 2>&1 &
  wait $! || {
    tail -n 25 "$log" >&2
    die "$name after $((SECONDS - began)) s; whole log: $log"
  }
  say "$name done in $((SECONDS - began)) s"
}

# Verbs that change something take turns. What outlives this script must not hold descriptor 9.
locked() {
  [ "$(id -u)" = 0 ] || die 'must run as root'
  mkdir -p "$TEST_HOME" "$LOGS"
  chmod 700 "$LOGS"
  exec 9>"$TEST_HOME/odoo-$VERSION.lock"
  flock 9
}

as() {
  local user=$1
  shift
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TZ=UTC HOME="$FILES" \
    chroot --userspec="$user:$user" "$CHROOT" "$@" 9>&-
}

as_root() { DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 chroot "$CHROOT" "$@" 9>&-; }

sql() {
  local database=$1
  shift
  as postgres psql -X -q -A -t -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$PG_PORT" -U odoo -d "$database" "$@"
}

odoo_options() {
  printf '%s\n' -c /dev/null --db_host=127.0.0.1 --db_port="$PG_PORT" --db_user=odoo --data-dir="$FILES/data" "$@"
}

# --- install ---------------------------------------------------------------------------------------------------

# The Debian mirror this machine is configured with; its security mirror holds no whole release.
debian_mirror() {
  local mirror=${CUTOVER_TEST_MIRROR:-}
  [ -n "$mirror" ] || mirror=$(
    {
      sed -n 's/^URIs:[[:space:]]*//p' /etc/apt/sources.list.d/*.sources
      sed -nE 's/^deb[[:space:]]+(\[[^]]*\][[:space:]]+)?([^[:space:]]+).*/\2/p' /etc/apt/sources.list /etc/apt/sources.list.d/*.list
    } 2>/dev/null | tr ' ' '\n' | grep -E '/debian/?$' | head -n 1 || true
  )
  [ -n "$mirror" ] || die 'no Debian mirror in /etc/apt/sources*; set CUTOVER_TEST_MIRROR'
  printf '%s\n' "${mirror%/}"
}

host_tools() {
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends debootstrap debian-archive-keyring curl
}

bootstrap() {
  rm -rf --one-file-system "$CHROOT"
  debootstrap --force-check-gpg --keyring="$KEYRING" --variant=minbase --include=ca-certificates "$SUITE" "$CHROOT" "$(debian_mirror)"
  touch "$CHROOT/.bootstrapped"
}

# Odoo 19 is in Debian sid only, whose own Python 3.14 breaks it: everything else comes from trixie.
# Signatures are checked as usual; only the age of the index is not, as mirrors keep old sid indexes.
configure_apt() {
  local mirror
  mirror=$(debian_mirror)
  cp /etc/resolv.conf "$CHROOT/etc/resolv.conf"
  printf '#!/bin/sh\nexit 101\n' >"$CHROOT/usr/sbin/policy-rc.d"
  chmod 755 "$CHROOT/usr/sbin/policy-rc.d"
  printf 'Acquire::Check-Valid-Until "false";\nAcquire::Languages "none";\n' >"$CHROOT/etc/apt/apt.conf.d/90cutover-test"
  printf 'deb %s %s main\n' "$mirror" "$SUITE" >"$CHROOT/etc/apt/sources.list"
  if [ "$VERSION" = 19 ]; then
    printf 'deb %s sid main\n' "$mirror" >>"$CHROOT/etc/apt/sources.list"
    cat >"$CHROOT/etc/apt/preferences.d/odoo" <<'PIN'
Package: *
Pin: release n=sid
Pin-Priority: 100

Package: odoo-19
Pin: release n=sid
Pin-Priority: 900
PIN
  fi
  # A PostgreSQL cluster of Debian's own would be made and never used.
  mkdir -p "$CHROOT/etc/postgresql-common"
  printf 'create_main_cluster = false\n' >"$CHROOT/etc/postgresql-common/createcluster.conf"
}

packages() {
  local extra=()
  as_root dpkg --configure -a # after an interrupted attempt
  [ "$VERSION" = 14 ] || extra=(tzdata-legacy) # without it Odoo 19 dies at import, in pytz
  as_root apt-get update
  as_root apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold "odoo-$VERSION" postgresql "${extra[@]}"
  as_root apt-get clean
  touch "$CHROOT/.packages"
}

cluster() {
  local bin
  bin=$(pg_bin)
  rm -rf "${CHROOT:?}$PG_DATA"
  mkdir -p "$CHROOT$PG_DATA" "$CHROOT$FILES"
  as_root chown postgres:postgres "$PG_DATA"
  as_root chown odoo:odoo "$FILES"
  as postgres "$bin/initdb" -A trust -U postgres -E UTF8 --locale=C.UTF-8 -N -D "$PG_DATA"
  # Speed over safety: these databases can be made again in a second.
  cat >>"$CHROOT$PG_DATA/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $PG_PORT
unix_socket_directories = ''
max_connections = 200
shared_buffers = 256MB
fsync = off
synchronous_commit = off
full_page_writes = off
lc_messages = 'C.UTF-8'
CONF
  touch "$CHROOT/.cluster"
}

pg_bin() { (cd "$CHROOT" && printf '/%s\n' usr/lib/postgresql/*/bin | tail -n 1); }

# Odoo answers in EUR or USD according to its data files; hospitals that use cutover book in USD.
company_in_usd() {
  as odoo odoo shell $(odoo_options --no-http -d "$1" --log-level=warn) <<'PY'
usd = env.ref('base.USD')
company = env.ref('base.main_company')
if company.currency_id != usd:
    usd.active = True
    company.currency_id = usd
    env.cr.commit()
print('company currency', company.currency_id.name, 'chart', company.chart_template if 'chart_template' in company._fields else company.chart_template_id.name)
PY
}

init_template() {
  local kind=$1 building=building_$1 template=tmpl_$1 demo=$NO_DEMO
  [ "$kind" = bare ] || demo=$WITH_DEMO
  sql postgres -c "DROP DATABASE IF EXISTS $building"
  rm -rf "$CHROOT$FILES/data/filestore/$building"
  as odoo odoo $(odoo_options -d "$building" -i "$MODULES" $demo --stop-after-init --no-http --max-cron-threads=0)
  [ "$(sql "$building" -c "SELECT count(*) FROM ir_module_module WHERE state = 'installed' AND name IN ('${MODULES//,/\',\'}')")" = 4 ] ||
    { echo 'the modules are not installed'; return 1; }
  company_in_usd "$building"
  keep_template "$building" "$template"
}

# Two companies with charts of accounts: the first one, of the United States in USD with the generic chart, and one of Spain in EUR.
# Made from `bare` when it is first asked for; most machines never need it.
accounting_template() {
  local building=building_accounting template=tmpl_accounting
  sql postgres -c "DROP DATABASE IF EXISTS $building" -c "CREATE DATABASE $building TEMPLATE tmpl_bare"
  rm -rf "${CHROOT:?}$FILES/data/filestore/$building"
  [ ! -d "$CHROOT$FILES/data/filestore/tmpl_bare" ] || cp -al "$CHROOT$FILES/data/filestore/tmpl_bare" "$CHROOT$FILES/data/filestore/$building"
  as odoo odoo shell $(odoo_options --no-http -d "$building" --log-level=warn) <"${BASH_SOURCE[0]%/*}/accounting.py"
  keep_template "$building" "$template"
}

keep_template() {
  sql "$1" -c 'VACUUM ANALYZE'
  [ ! -d "$CHROOT$FILES/data/filestore/$1" ] || mv "$CHROOT$FILES/data/filestore/"{"$1","$2"}
  # Nobody can connect to a template, so `createdb -T` never waits for one who does.
  sql postgres -c "ALTER DATABASE $1 RENAME TO $2" -c "ALTER DATABASE $2 ALLOW_CONNECTIONS false"
}

templates() {
  local kind waiting=()
  for kind in $TEMPLATES; do
    database_exists "tmpl_$kind" && continue
    (logged "template-$kind" init_template "$kind") &
    waiting+=($!)
  done
  for kind in "${waiting[@]}"; do wait "$kind" || die 'a template database could not be made'; done
}

database_exists() { [ "$(sql postgres -c "SELECT 1 FROM pg_database WHERE datname = '$1'")" = 1 ]; }

install_all() {
  if [ ! -e "$CHROOT/.bootstrapped" ]; then
    { command -v debootstrap && command -v curl && [ -e "$KEYRING" ]; } >/dev/null || logged host-tools host_tools
    logged debootstrap bootstrap
  fi
  [ -c "$CHROOT/dev/null" ] || die "no device files in $CHROOT/dev: this container may not run mknod"
  chmod 1777 "$CHROOT/dev/shm"
  mountpoint -q "$CHROOT/proc" || mount -t proc proc "$CHROOT/proc" || die 'cannot mount proc: the container needs CAP_SYS_ADMIN'
  if [ ! -e "$CHROOT/.packages" ]; then
    configure_apt
    logged packages packages
  fi
  [ -e "$CHROOT/.cluster" ] || logged cluster cluster
  postgres_up
  templates
}

# --- processes -------------------------------------------------------------------------------------------------

# Prints the id in a pid file, if that process lives and runs in our chroot (ids are reused after a restart).
our_process() {
  local pid
  pid=$(head -n 1 "$CHROOT$1" 2>/dev/null) || return 1
  [ -n "$pid" ] && [ "$(readlink "/proc/$pid/root")" = "$(readlink -f "$CHROOT")" ] && printf '%s\n' "$pid"
}

end_process() {
  local pid
  pid=$(our_process "$2") || return 0
  kill "-$1" "$pid"
  for _ in $(seq 600); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
  die "process $pid did not end in 60 s"
}

postgres_up() {
  our_process "$PG_DATA/postmaster.pid" >/dev/null && return
  rm -f "$CHROOT$PG_DATA/postmaster.pid"
  : >"$LOGS/odoo-$VERSION-postgres.log"
  as postgres "$(pg_bin)/pg_ctl" start -w -t 60 -D "$PG_DATA" -o "-p $PG_PORT" </dev/null >>"$LOGS/odoo-$VERSION-postgres.log" 2>&1 ||
    { tail -n 15 "$LOGS/odoo-$VERSION-postgres.log" >&2; die 'PostgreSQL does not start'; }
  sql postgres -U postgres -c "DO \$\$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'odoo') THEN CREATE ROLE odoo SUPERUSER LOGIN; END IF; END \$\$"
}

answers() { curl -fsS -m 10 -o /dev/null -H 'Content-Type: application/json' -d '{"params":{}}' "$URL/web/webclient/version_info" 2>/dev/null; }

server_up() {
  local log=$LOGS/odoo-$VERSION-server.log
  ! curl -s -m 2 -o /dev/null "$URL" || die "something else answers at $URL; set CUTOVER_TEST_PORT_BASE"
  rm -f "$CHROOT$SERVER_PID"
  as odoo setsid odoo $(odoo_options --http-interface=127.0.0.1 --http-port="$HTTP_PORT" "$GEVENT_PORT=$LIVE_PORT" \
    --workers=2 --max-cron-threads=0 --no-database-list --pidfile="$SERVER_PID") </dev/null >"$log" 2>&1 9>&- &
  for _ in $(seq 300); do
    our_process "$SERVER_PID" >/dev/null && answers && return
    sleep 0.2
  done
  tail -n 25 "$log" >&2
  die "the server does not answer at $URL; whole log: $log"
}

start() {
  locked
  install_all
  our_process "$SERVER_PID" >/dev/null || server_up
  rm -f "$ON_DEMAND"
  printf '%s\n' "$URL"
}

stop_all() {
  end_process TERM "$SERVER_PID"
  end_process INT "$PG_DATA/postmaster.pid"
  rm -f "$ON_DEMAND"
}

# --- databases -------------------------------------------------------------------------------------------------

good_name() { [[ ${1:-} =~ ^[a-z][a-z0-9_]{0,40}$ && $1 != tmpl_* && $1 != building_* && $1 != postgres ]] || die "not a database name: '${1:-}'"; }

create() {
  local name=$1 kind=$2 store=$CHROOT$FILES/data/filestore
  good_name "$name"
  [[ " $TEMPLATES $LATER " = *" $kind "* ]] || die "Odoo $VERSION has no '$kind' template, only: $TEMPLATES $LATER"
  locked
  install_all
  [ "$kind" != accounting ] || database_exists tmpl_accounting || logged template-accounting accounting_template
  ! database_exists "$name" || die "database $name exists"
  if ! our_process "$SERVER_PID" >/dev/null; then
    server_up
    touch "$ON_DEMAND"
  fi
  sql postgres -c "CREATE DATABASE $name TEMPLATE tmpl_$kind"
  # Attachments are never changed in place, so hard links are enough.
  rm -rf "${store:?}/$name"
  [ ! -d "$store/tmpl_$kind" ] || cp -al "$store/tmpl_$kind" "$store/$name"
  own_identity "$name"
  printf '%s\n' "$URL"
}

# A copy must not pass for its template: own uuid and session secret. And a worker that knew an earlier database
# of this name must drop its caches: it compares signal numbers (14: sequences, 19: tables), so these jump ahead.
own_identity() {
  sql "$1" <<'SQL'
UPDATE ir_config_parameter SET value = gen_random_uuid() WHERE key = 'database.uuid';
UPDATE ir_config_parameter SET value = gen_random_uuid() WHERE key = 'database.secret';
DO $$
DECLARE
  signal text;
  ahead bigint := 1000 + (extract(epoch FROM clock_timestamp()) * 10)::bigint % 1000000000;
BEGIN
  FOR signal IN SELECT relname FROM pg_class WHERE relkind = 'S' AND relname ~ '^(base|orm)_.*signaling' LOOP
    PERFORM setval(signal::regclass, ahead);
  END LOOP;
  FOR signal IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^orm_signaling' LOOP
    EXECUTE format('INSERT INTO %I DEFAULT VALUES', signal);
  END LOOP;
END $$;
SQL
}

drop() {
  good_name "$1"
  locked
  postgres_up
  sql postgres -c "DROP DATABASE IF EXISTS $1 WITH (FORCE)"
  rm -rf "${CHROOT:?}$FILES/data/filestore/$1"
  [ ! -e "$ON_DEMAND" ] || [ -n "$(databases)" ] || stop_all
}

databases() {
  sql postgres -c "SELECT datname FROM pg_database WHERE datallowconn AND datname NOT IN ('postgres', 'template1') AND datname NOT LIKE 'building_%' ORDER BY 1"
}

status() {
  local server postgres
  server=$(our_process "$SERVER_PID" || echo stopped)
  postgres=$(our_process "$PG_DATA/postmaster.pid" || echo stopped)
  printf 'server      %s  %s\npostgresql  %s  port %s\n' "$server" "$URL" "$postgres" "$PG_PORT"
  [ "$postgres" = stopped ] || databases | sed 's/^/database    /'
}

remove() {
  locked
  stop_all
  ! mountpoint -q "$CHROOT/proc" || umount "$CHROOT/proc"
  rm -rf --one-file-system "$CHROOT"
}

case $VERB in
  install) locked; install_all ;;
  start) start ;;
  create) [ $# = 2 ] || usage; create "$@" ;;
  drop) [ $# = 1 ] || usage; drop "$1" ;;
  databases) databases ;;
  shell) [ $# = 1 ] || usage; as odoo odoo shell $(odoo_options --no-http -d "$1") ;;
  psql) [ $# -ge 1 ] || usage; sql "$@" ;;
  status) status ;;
  stop) locked; stop_all ;;
  remove) remove ;;
  *) usage ;;
esac
