# What the scripts with the names of Kafka's share; they source it with `here` (their folder), `mode` (the program's command), `usage` (the arguments
# after the script's name) and `out` (the file of -daemon) set, and with their own arguments.

usage() {
    echo "USAGE: $0 [-daemon] $usage" >&2
    exit 1
}

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
    exec "$program" "$mode" "$@"
fi
logs=${LOG_DIR:-$here/../logs}
mkdir -p "$logs" || exit 2
nohup "$program" "$mode" "$@" >"$logs/$out" 2>&1 </dev/null &
