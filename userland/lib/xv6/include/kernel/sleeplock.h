/*
 * kernel/sleeplock.h - empty: some programs of xv6 include it on the way to kernel/file.h.
 */
