#!/bin/sh
# Starts a worker that stands alone, with the arguments of Kafka's script of this name:
#   connect-standalone.sh [-daemon] connect-standalone.properties [connector1.properties connector2.json ...]
#
# AQUEDUCT_BIN  the program; else one beside this script, in target/, or on the PATH
# LOG_DIR       where -daemon writes connectStandalone.out; logs/ in the folder above this one by default
# RUST_LOG      log levels

set -u

usage() {
    echo "USAGE: $0 [-daemon] connect-standalone.properties [connector1.properties connector2.json ...]" >&2
    exit 1
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 2

find_program() {
    if [ -n "${AQUEDUCT_BIN:-}" ]; then
        echo "$AQUEDUCT_BIN"
        return
    fi
    for program in "$here/aqueduct" "$here/../target/release/aqueduct" "$here/../target/debug/aqueduct"; do
        if [ -x "$program" ]; then
            echo "$program"
            return
        fi
    done
    command -v aqueduct
}

daemon=
if [ "${1:-}" = "-daemon" ]; then
    daemon=yes
    shift
fi
[ $# -gt 0 ] || usage
for argument in "$@"; do
    [ "$argument" != "--help" ] || usage
done

program=$(find_program)
if [ -z "$program" ]; then
    echo "aqueduct was not found: set AQUEDUCT_BIN, or build it with cargo build --release" >&2
    exit 2
fi

if [ -z "$daemon" ]; then
    exec "$program" standalone "$@"
fi
logs=${LOG_DIR:-$here/../logs}
mkdir -p "$logs" || exit 2
nohup "$program" standalone "$@" >"$logs/connectStandalone.out" 2>&1 </dev/null &
