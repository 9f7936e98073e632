# The display server of a room. It is the process that is minded: when it ends, so
# does the desktop. Nothing listens but two sockets of files: X11's in /tmp, and
# RFB's where the centre reaches it.
set -e
mkdir -p /tmp/.X11-unix
# What draws windows begins when there is something to draw on.
(
  until [ -S "/tmp/.X11-unix/X${DISPLAY#:}" ]; do sleep 0.05; done
  exec jwm -f /run/desktop/jwm.xml
) &
# The centre takes the room's clipboard out of what passes; it is not sent here
# either. No password: only the centre reaches the socket.
exec Xtigervnc "$DISPLAY" -nolisten tcp -nolisten local \
  -rfbport -1 -rfbunixpath "$DESKTOP_SOCKET" -rfbunixmode 0600 -SecurityTypes None \
  -geometry 1280x800 -depth 24 -AlwaysShared -AcceptSetDesktopSize=0 \
  -SendCutText=0 -SendPrimary=0 -AcceptCutText=1 -desktop room
