#!/bin/sh
# The environment's own names the folder it was made in, which a room does not have.
exec python3 -m pip "$@"
