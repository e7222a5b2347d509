#!/bin/sh
# Validates a configuration directory.
#
#   validate.sh [DIRECTORY]     default: /opt/proxy_config
#
# Exit status 0 and no output when it is valid; else non-zero, and the reasons on standard error. It reads the directory
# and nothing else, writes nothing, and uses no network.
set -eu
exec "${PORTCULLIS:-portcullis}" check "${1:-/opt/proxy_config}" </dev/null
