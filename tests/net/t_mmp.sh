#!/bin/bash
# t_mmp.sh -- links and sessions are measured: round trip, loss, and how quiet
# a node is that has nothing to say.
. "$(dirname "$0")/lib.sh"
