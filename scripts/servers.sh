#!/usr/bin/env bash
# Prints the path of a server to give to the tests as REDIS_SERVER, and fetches it
# if it is not there yet: Debian's package and all that it depends on, unpacked
# into a folder of the user's and run with the libraries found there. Nothing is
# installed. Removing the folder removes everything.
set -euo pipefail

# name: Debian's release, package. Valkey 9 comes from the release in the making,
# so that its version moves on.
declare -A servers=(
    [redis-7.0]="bookworm redis-server"
    [redis-8.0]="trixie redis-server"
    [valkey-8.1]="trixie valkey-server"
    [valkey-9]="forky valkey-server"
)

cannot() {
    echo "servers: $1" >&2
    exit 1
}

name=${1:-}
[ -n "${servers[$name]:-}" ] || cannot "usage: servers.sh NAME, which is one of: ${!servers[*]}"
read -r release package <<<"${servers[$name]}"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/rediscluster-servers
root=$cache/$name
run=$root/run
if [ -x "$run" ]; then
    echo "$run"
    exit
fi

for tool in apt-get dpkg-deb; do
    command -v "$tool" >/dev/null || cannot "$name is taken from Debian's packages, and there is no $tool"
done
[ -f /etc/os-release ] || cannot "there is no /etc/os-release to tell what system this is"
codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk -v release="$codename" '$2 == release && $3 == "main" { print $1; exit }')
[ -n "$mirror" ] || cannot "apt's sources name no mirror for the main packages of this system ($codename)"

mkdir -p "$cache"
work=$(mktemp -d "$cache/.fetch-XXXXXX")
trap 'rm -rf "$work"' EXIT

# apt works on folders of its own here, as if nothing was installed, so that it
# needs no rights and fetches every library. The system's settings are read
# before these, for the sake of a proxy; what they would run afterwards is not.
keys=/usr/share/keyrings/debian-archive-keyring.gpg
[ -f "$keys" ] && signed="[signed-by=$keys]" || signed=
echo "deb $signed $mirror $release main" >"$work/sources.list"
mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial"
: >"$work/status"
cat >"$work/apt.conf" <<EOF
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$work/state";
Dir::State::status "$work/status";
Dir::Cache "$work/cache";
Dir::Log "$work";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
EOF
get() { apt-get -c "$work/apt.conf" -q "$@" >&2; }

echo "servers: fetching $package of Debian's $release" >&2
get update || cannot "apt-get could not read the lists of $release from $mirror"
get install --download-only --yes --no-install-recommends "$package" ||
    cannot "$mirror has no $package for $release, or not all that it needs"

mkdir "$work/root"
for deb in "$work"/cache/archives/*.deb; do
    dpkg-deb -x "$deb" "$work/root"
done

# The server needs the C library it was built with, and that library its own loader.
cd "$work/root"
loader=$(find . -name 'ld-linux*.so.*' -print -quit)
libc=$(find . -name libc.so.6 -print -quit)
[ -n "$loader" ] && [ -n "$libc" ] || cannot "$package came without a C library"
triplet=$(basename "$(dirname "$libc")")
cat >run <<EOF
#!/bin/sh
exec "$root/$loader" --library-path "$root/lib/$triplet:$root/usr/lib/$triplet" "$root/usr/bin/$package" "\$@"
EOF
chmod +x run

rm -rf "$root"
mv "$work/root" "$root"
"$run" --version >&2 || cannot "$name was fetched but does not run"
echo "$run"
