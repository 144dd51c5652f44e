#!/bin/sh
# Starts a worker that stands alone, with the arguments of Kafka's script of this name:
#   connect-standalone.sh [-daemon] connect-standalone.properties [connector1.properties connector2.json ...]
#
# AQUEDUCT_BIN  the program; else one beside this script, in target/, or on the PATH
# LOG_DIR       where -daemon writes connectStandalone.out; logs/ in the folder above this one by default
# RUST_LOG      log levels

set -u

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 2
mode=standalone
usage='connect-standalone.properties [connector1.properties connector2.json ...]'
out=connectStandalone.out
. "$here/aqueduct-worker.sh"
