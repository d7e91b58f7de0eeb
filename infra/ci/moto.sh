#!/usr/bin/env bash
# Runs a command with MOTO_URL set: moto's server, an emulator of AWS that we did not write. It is installed from PyPI into a
# cache outside the checkout (TRIPLINE_CI_CACHE, else ~/.cache/tripline-ci): a minute the first time.
#   infra/ci/moto.sh npm test -- test/cloudwatch
# Exit 77 where it cannot be had here; the last line of stderr says why. Else the exit of the command.
set -euo pipefail
cd "$(dirname "$0")/../.."
cache="${TRIPLINE_CI_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tripline-ci}"
venv="$cache/moto-5.2"
work="$(mktemp -d)"
server=
finish() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT

# what was moved, or begun and not ended, is as good as none
if ! "$venv/bin/python" -c 'import moto.server' 2>/dev/null || [ ! -x "$venv/bin/moto_server" ]; then
  { mkdir -p "$cache" && rm -rf "$venv" && python3 -m venv "$venv" && "$venv/bin/pip" install -q 'moto[server]==5.2.*'; } >"$work/install.log" 2>&1 || {
    tail -n 5 "$work/install.log" >&2
    rm -rf "$venv"
    echo "moto cannot be installed from PyPI into $cache" >&2
    exit 77
  }
fi
port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
"$venv/bin/moto_server" -H 127.0.0.1 -p "$port" >"$work/moto.log" 2>&1 &
server=$!
for _ in $(seq 1 300); do
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
  kill -0 "$server" 2>/dev/null || {
    cat "$work/moto.log" >&2
    exit 1
  }
  sleep 0.2
done
MOTO_URL="http://127.0.0.1:$port" "$@"
