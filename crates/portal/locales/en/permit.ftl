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
permit-revoked-says = The permit was revoked: { $value }
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
found = How people were found
found-threshold = Two records became one person from a probability of { $value } on.
found-exact = { $first } of { $second } records were found elsewhere by an identity number that holds and is equal.
found-own-number = { $value } more by the register's own number of the person.
found-near = { $value } more by an identity number with one slip of the pen, where name and birth date agree.
found-likely = { $value } more by names, birth date, sex and place together.
found-doubt = Of the links that do not rest on equal numbers, { $first } are expected to be wrong; { $second } are expected to be missed.
found-what-doubt = The expectations are the model's own. People whom nothing tells apart, and records that share nothing that was compared, are not in them.
found-smallest = No count below { $value } is shown, nor one that would give it away.
found-few = <{ $value }
found-withheld = –
found-by-source = By source
found-by-sex = By sex
found-by-age = By age
found-by-country = By country of birth
found-all = All
found-unknown = Not known
found-female = Women
found-male = Men
found-others = Others
found-stage-exact = Equal number
found-stage-own-number = Register's own number
found-stage-near = Number with a slip
found-stage-likely = Names and more
found-stage-alone = Not found elsewhere
found-false = Wrong links
found-missed = Missed links
found-links = Links
found-tables = The figures as tables
found-thresholds = What other thresholds would come to
found-thresholds-what = Links expected to be wrong and to be missed, by threshold. The upright line is this permit's.
found-threshold-word = Threshold
found-weights = Pairs by weight
found-weights-what = How many pairs of people have which weight, in bits: to the left two people, to the right one.
found-bits = From bits
found-pairs = Pairs
found-narrowed = { $first } records share one value under the rule “{ $second }”: they were compared only where something else agrees too.
found-rule-narrowed = The rule “{ $second }” would compare { $first } pairs: they were compared only where something else agrees too.
found-not-compared = { $first } records share one value under the rule “{ $second }” and were not compared by it.
changed-since = Since the last time
changed-kept = { $value } people have the number that they had.
changed-new = { $value } people are new.
changed-merged = { $value } numbers are no longer used: their people turned out to be others who have a number too.
changed-split = { $value } numbers turned out to be several people: one keeps the number, the others have new ones.
changed-file = Which ones is in moved_numbers.csv, beside the tables in the room.
