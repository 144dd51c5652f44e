#!/bin/sh
# Starts a worker of a group, with the arguments of Kafka's script of this name:
#   connect-distributed.sh [-daemon] connect-distributed.properties
#
# AQUEDUCT_BIN  the program; else one beside this script, in target/, or on the PATH
# LOG_DIR       where -daemon writes connectDistributed.out; logs/ in the folder above this one by default
# RUST_LOG      log levels

set -u

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 2
mode=distributed
usage='connect-distributed.properties'
out=connectDistributed.out
. "$here/aqueduct-worker.sh"
