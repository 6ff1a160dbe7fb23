#!/usr/bin/env bash
# Runs every fuzz target of this module, one after the other, for the time given
# (default 5m each). Stops at the first that fails.
set -euo pipefail
time=${1:-5m}

# Lists are captured before the loops, so that a failure to make one ends the run.
packages=$(go list ./...)
count=0
for package in $packages; do
    listed=$(go test -list '^Fuzz' "$package")
    for target in $(grep '^Fuzz' <<<"$listed" || true); do
        echo "fuzz $package $target $time"
        go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package"
        count=$((count + 1))
    done
done
echo "fuzz: $count targets passed"
