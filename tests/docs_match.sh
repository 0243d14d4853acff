#!/bin/bash
# docs_match.sh -- what is generated from the tables is what stands in docs/.
set -eu
cd "$(dirname "$0")/.."
make -s build/gen/msg build/gen/conf
build/gen/msg | diff -u docs/MESSAGES.md -
build/gen/conf | diff -u docs/configuration.md -
