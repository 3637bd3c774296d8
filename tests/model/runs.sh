# shellcheck shell=bash
# Sourced by run.sh: what is checked. `holds` must hold; `mistake` must be found.

ours=-DFIRST=OURS
libafl=-DFIRST=LIBAFL
and_ours=-DSECOND=OURS
and_libafl=-DSECOND=LIBAFL

# One reader, killed wherever it is; two, who know nothing of each other.
for first in $ours $libafl; do
  holds own_pages "$first" -DKILLS=1 -DPAGES=6
  holds own_pages "$first" $and_ours
  holds own_pages "$first" $and_libafl
done
holds own_pages $libafl $and_libafl -DKILLS=1
holds own_pages $libafl $and_ours -DKILLS=1

mistake own_pages $libafl $and_libafl -DBUG_ATTACHED_ONLY
mistake own_pages $libafl $and_ours -DBUG_LEFT_EARLY
mistake own_pages $ours $and_libafl -DBUG_CLAIM_FIRST
mistake own_pages $libafl $and_ours -DKILLS=1 -DBUG_EXITING

# No wake-up is lost, with the asymmetric barrier and with the sender's fence.
holds sleep
holds sleep -DFENCE
mistake sleep -DBUG_NO_BARRIER
mistake sleep -DBUG_NO_LAST_LOOK
mistake sleep -DBUG_SEQ_LATE
mistake sleep -DBUG_SLEEPING_LATE
mistake sleep -DBUG_SEQ_FIRST
