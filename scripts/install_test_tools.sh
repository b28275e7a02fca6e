#!/usr/bin/env bash
# What the tests want from Debian: a browser, MariaDB, an SSH server, ODBC, an MQTT broker. Tests whose tool cannot be had skip with a reason.
set -uo pipefail
missing=()
browser=chromium-headless-shell # the engine alone: a page costs a quarter of what it costs in a whole Chromium
apt-cache show "$browser" >/dev/null 2>&1 || browser=chromium
command -v "$browser" >/dev/null || missing+=("$browser")
[ -x /usr/sbin/mariadbd ] || missing+=(mariadb-server)
[ -x /usr/sbin/mosquitto ] || missing+=(mosquitto)
[ -x /usr/sbin/sshd ] || missing+=(openssh-server)
[ -e /usr/lib/x86_64-linux-gnu/odbc/libsqlite3odbc.so ] || [ -e /usr/lib/aarch64-linux-gnu/odbc/libsqlite3odbc.so ] || missing+=(unixodbc libsqliteodbc)
[ ${#missing[@]} -eq 0 ] && exit 0
root=""
[ "$(id -u)" = 0 ] || { sudo -n true 2>/dev/null && root="sudo -n"; }
if { [ "$(id -u)" = 0 ] || [ -n "$root" ]; } && command -v apt-get >/dev/null; then
  echo "Installing for the tests: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  $root apt-get update -qq && $root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
  echo "Not here and not installable without root: ${missing[*]}. Install them with: sudo apt-get install ${missing[*]}" >&2
fi
command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || { echo "The browser tests need Debian's chromium." >&2; exit 1; }
