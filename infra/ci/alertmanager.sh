#!/usr/bin/env bash
# Runs COMMAND with ALERTMANAGER set to a real Prometheus Alertmanager: the one that is named so already, the one that is
# installed, or Debian's package, unpacked into a cache outside the checkout (TRIPLINE_CI_CACHE, else ~/.cache/tripline-ci).
# Needs no root. Without COMMAND it prints the path. Exit 77: there is none to be had here; the last line of stderr says why.
set -euo pipefail
cache="${TRIPLINE_CI_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tripline-ci}/alertmanager"

unpack() {
  mkdir -p "$cache"
  cd "$cache"
  { apt-get download prometheus-alertmanager || { apt-get update && apt-get download prometheus-alertmanager; }; } &&
    dpkg -x prometheus-alertmanager_*.deb .
}

find_one() {
  local name
  for name in "${ALERTMANAGER:-}" alertmanager prometheus-alertmanager "$cache/usr/bin/prometheus-alertmanager"; do
    if [ -n "$name" ] && command -v "$name"; then return; fi
  done
  return 1
}

if ! path="$(find_one)"; then
  if ! command -v apt-get >/dev/null 2>&1; then
    echo 'no Alertmanager is installed, and there is no apt-get to fetch it with' >&2
    exit 77
  fi
  if ! (unpack) >&2 || ! path="$(find_one)"; then
    echo 'no Alertmanager is installed, and the package prometheus-alertmanager cannot be fetched' >&2
    exit 77
  fi
fi
if ! "$path" --version >/dev/null 2>&1; then
  echo "the Alertmanager that was found does not run here" >&2
  exit 77
fi
if [ $# -eq 0 ]; then
  echo "$path"
else
  ALERTMANAGER="$path" exec "$@"
fi
