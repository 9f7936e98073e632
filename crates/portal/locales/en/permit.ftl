# Permit
permit = Permit
permit-allows = What it allows
permit-extract = Data
permit-rooms = Rooms
permit-signature = Signature
permit-signature-what = The access body’s Ed25519 signature over what the permit says. The machine checks it at every use.
permit-revoke = Revoke the permit
permit-revoke-what = Its rooms close at once. The reason stands in the open.
permit-not-yet-says = It is not good yet.
permit-ready-says = It is good, and its data are ready.
permit-no-extract-says = It is good. Its data have not been made ready yet.
permit-expired-says = Its last day is over. Apply anew to go on.
permit-revoked-says = It was revoked: { $value }
permit-enter-room = Enter the room
permit-open-room = Open a room
permit-build-extract = Make the data ready
state-permit-not-yet = Not yet
state-permit-active = Active
state-permit-expired = Expired
state-permit-revoked = Revoked
data-user = Data user
issued = Issued
issued-by = Issued by
extract = Extract
extract-what = Linked across the sources, with new person numbers that mean nothing elsewhere.
extract-built = Made ready
extract-none = No data have been made ready.
rooms-none = No room has been opened.
runs-count = { $n ->
    [one] { $count } run
   *[other] { $count } runs
}

# Register
register-title = What data are used for
register-lead = Every application, permit and refusal, in the open.
register-caption = Uses of data
register-empty = Nobody has applied yet.
use-public = This is what everyone can see. Those concerned see more when they sign in.
use-how = How
use-decision = Reason for the decision
releases-count = { $n ->
    [one] { $count } package out
   *[other] { $count } packages out
}

# Results
results-lead = Everything that has left the rooms, after a check.
results-caption = Packages
results-empty = Nothing has left yet.
released-at = Released
extract-making = The data are being made ready:
extract-failed = It failed:
phase-linking = people are found across the sources
phase-table = { $value } is written
permit-stand-in = Download a stand-in
permit-stand-in-what = Tables like the permit’s about 1,000 people who do not exist, made from what the catalogue publishes. Write and try your code on them at home; it runs on the data in a room.
calendar = What ends when
calendar-what = Days left until each date, the nearest first.
calendar-none = Nothing ends that is known of.
calendar-file = Put the dates into your calendar (iCalendar)
calendar-file-what = The file names permits and rooms by their ids, and no person and no study.
due-permit-begins = First day of the permit
due-permit-ends = Last day of the permit
due-room-shut = The room is shut
due-room-removed = The room is removed
due-versions-end = Earlier versions begin to go
