#!/usr/bin/env bash
# Makes sure that there is a Redis server for the tests to start: the one that
# REDIS_SERVER names, or redis-server on the PATH, installed if it is missing.
set -euo pipefail

if [ -n "${REDIS_SERVER:-}" ]; then
    command -v "$REDIS_SERVER" >/dev/null && exit 0
    echo "need-redis: REDIS_SERVER is $REDIS_SERVER, which cannot be run" >&2
    exit 1
fi
command -v redis-server >/dev/null && exit 0

cannot() {
    echo "need-redis: the tests start real Redis servers, and redis-server is missing." >&2
    echo "need-redis: $1" >&2
    echo "need-redis: install it (Debian, Ubuntu: apt-get install redis-server)," >&2
    echo "need-redis: or set REDIS_SERVER to the path of one." >&2
    exit 1
}

command -v apt-get >/dev/null || cannot "It cannot be installed from here: there is no apt-get."
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || cannot "It cannot be installed from here: this is not root, and there is no sudo."
    as_root=(sudo -n)
fi

echo "need-redis: installing redis-server"
"${as_root[@]}" apt-get update -q ||
    echo "need-redis: apt-get update failed; trying with the package lists at hand" >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends redis-server ||
    cannot "apt-get could not install it; its own message is above."
command -v redis-server >/dev/null || cannot "apt-get installed it, but it is not on the PATH."
