#!/bin/sh
# Starts a worker of a group, with the arguments of Kafka's script of this name:
#   connect-distributed.sh [-daemon] connect-distributed.properties
#
# AQUEDUCT_BIN  the program; else one beside this script, in target/, or on the PATH
# LOG_DIR       where -daemon writes connectDistributed.out; logs/ in the folder above this one by default
# RUST_LOG      log levels

set -u

usage() {
    echo "USAGE: $0 [-daemon] connect-distributed.properties" >&2
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
    exec "$program" distributed "$@"
fi
logs=${LOG_DIR:-$here/../logs}
mkdir -p "$logs" || exit 2
nohup "$program" distributed "$@" >"$logs/connectDistributed.out" 2>&1 </dev/null &
