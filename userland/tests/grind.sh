#!/bin/sh
# grind.sh ARGS: xv6's random walk over fork, exec, pipes, files and heap, and what the kernel holds before and after it.
# Expected: grind's own status 0, and as many inodes, names, files, pipes and processes as before; of frames a few may stay with
# the shell. The checked kernel looks at every invariant whenever the caches are dropped.

counts() {
    echo 1 > /proc/sys/vm/drop_caches
    grep -E '^(inodes|short_entries|long_entries|vm_objects|files|pipes|procs|addrspaces) ' /proc/vmstat
}

free_pages() { grep '^nr_free_pages ' /proc/vmstat | { read -r name pages; echo "$pages"; }; }

/xv6/echo > /dev/null                   # the first xv6 program makes /xv6/console
counts > /dev/null                      # and what is used for the first time is there now
before=$(counts)
pages=$(free_pages)
/xv6/grind "$@" || exit 1
after=$(counts)
lost=$((pages - $(free_pages)))
if [ "$before" != "$after" ]; then
    echo "grind: before:" $before
    echo "grind: after: " $after
    exit 1
fi
echo "grind: $lost pages fewer are free, of at most 64"
[ "$lost" -le 64 ]
