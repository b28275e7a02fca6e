#!/usr/bin/env bash
# Make .venv; Debian keeps venv in a package of its own, which root may install and others are told about.
set -euo pipefail
python=${1:-}
if [ -z "$python" ]; then # the system's own first: distributions build theirs with profiles, pyenv does not, and that makes it faster
  for python in /usr/bin/python3 python3; do
    "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break
  done
fi
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Nhịp needs Python 3.11 or later; $("$python" --version) is here." >&2; exit 1; }
if "$python" -m venv .venv 2>/dev/null; then exit 0; fi
rm -rf .venv
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing python3-venv ..."
  apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
  exec "$python" -m venv .venv
fi
echo "Python's venv is missing. Install it first: sudo apt-get install python3-venv" >&2
exit 1
