# shellcheck shell=bash
# Sourced by run.sh: what is checked. `holds` must hold; `mistake` must be found.

ours=-DFIRST=OURS
libafl=-DFIRST=LIBAFL
and_ours=-DSECOND=OURS
and_libafl=-DSECOND=LIBAFL
described=-DDESCRIBED=1
killed=-DKILLS=1
impatient=-DPATIENT=0

# ------------------------------------------------------ a sender's own pages

for first in $ours $libafl; do
  holds own_pages "$first" $killed -DPAGES=6
  holds own_pages "$first" $and_ours
  holds own_pages "$first" $and_libafl
done
holds own_pages $libafl $and_libafl $killed
holds own_pages $libafl $and_ours $killed

mistake own_pages $libafl $and_libafl -DBUG_ATTACHED_ONLY
mistake own_pages $libafl $and_ours -DBUG_LEFT_EARLY
mistake own_pages $ours $and_libafl -DBUG_CLAIM_FIRST
mistake own_pages $libafl $and_ours $killed -DBUG_EXITING

# --------------------------------------------------------- the broadcast pages

# Nobody is killed or given up: nobody sees an error, and all get everything.
for first in $ours $libafl; do
  holds broadcast "$first"
  holds broadcast "$first" $and_libafl
  holds broadcast "$first" $and_ours $described
  holds broadcast "$first" $and_libafl $described
done
holds broadcast $ours $and_ours
holds broadcast $ours $and_libafl -DBUDGET=2
holds broadcast $ours $and_ours $described -DUNCOUNTED

# More reuse, and a third reader.
holds broadcast $libafl $and_libafl -DPAGES=7
holds broadcast $libafl $and_libafl -DTHIRD=OURS -DPAGES=3
holds broadcast $ours $and_libafl $described -DTHIRD=LIBAFL -DPAGES=3

# Somebody is killed: the others get everything.
holds broadcast $ours $killed
holds broadcast $libafl $killed
holds broadcast $ours $and_libafl $described $killed
holds broadcast $ours $and_libafl $described -DKILLS=2
holds broadcast $libafl $and_libafl $described $killed

# The broker gives up whom it likes: they see an error and nothing else.
holds broadcast $ours $and_ours $impatient
holds broadcast $libafl $and_libafl $impatient
holds broadcast $ours $and_libafl $described $impatient
holds broadcast $libafl $and_ours $described $impatient

mistake broadcast $libafl -DBUG_NO_LOOK_AT_DOOR
mistake broadcast $libafl -DBUG_SECOND_LOOK_AT_ENTRY
mistake broadcast $libafl $and_libafl $impatient -DBUG_LEFT_BEFORE_ATTACHED
mistake broadcast $ours $and_libafl $described -DBUG_NO_EXPECTED
mistake broadcast $ours $and_ours $described -DTHIRD=LIBAFL -DPAGES=3 -DBUG_NO_EXPECTED
mistake broadcast $libafl $and_libafl $impatient -DBUG_ATTACHED_ONLY
mistake broadcast $ours $and_libafl $described -DUNCOUNTED
mistake broadcast $ours $and_ours $described -DUNCOUNTED -DBUG_LOOK_FIRST
mistake broadcast $ours $and_ours $described -DUNCOUNTED -DBUG_NUMBER_FIRST
mistake broadcast $ours $and_libafl $described -DBUDGET=2 -DBUG_MAPPED_FIRST
mistake broadcast $ours $and_libafl $described $killed -DBUG_EXITING

# --------------------------------------------------------- sleeping and waking

# With the asymmetric barrier, and with a fence of the sender's own.
holds sleep
holds sleep -DFENCE

mistake sleep -DBUG_NO_BARRIER
mistake sleep -DBUG_NO_LAST_LOOK
mistake sleep -DBUG_SEQ_LATE
mistake sleep -DBUG_SLEEPING_LATE
mistake sleep -DBUG_SEQ_FIRST
