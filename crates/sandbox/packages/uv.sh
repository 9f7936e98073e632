#!/bin/sh
# uv speaks TCP alone, and a room has none: what it is to install pip installs, which
# asks the room's mirror. The rest it does itself, where every room has it.
own=/opt/room-python/bin/uv
if [ "$1" = pip ]; then
    shift
    # pip puts it where the room's own packages are in any case.
    for word; do
        shift
        [ "$word" = --system ] || set -- "$@" "$word"
    done
    exec python3 -m pip "$@"
fi
if [ -x "$own" ]; then
    exec env UV_OFFLINE=1 "$own" "$@"
fi
echo 'uv: a room has no network: packages are installed with `pip install` or `uv pip install`' >&2
exit 2
