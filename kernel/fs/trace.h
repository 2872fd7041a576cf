/*
 * trace.h - the trace as a file: /proc/trace.
 */
#pragma once

struct text;

/*
 * A line for each record, hart after hart: `sort -n` puts them into one order. The first line names
 * the fields; lines that begin with # tell how many records a hart has made, and how many of them
 * were lost because newer ones needed the room.
 */
void trace_text(struct text *text);

/*
 * What writing a number does. n > 0: record from now on, the last n records of each hart; what was
 * there goes. 0: stop; once stopped, 0 again gives the records' memory back. Returns 0; -EINVAL: n
 * < 0; -ENOMEM: nothing is recorded any more.
 */
int trace_command(int unused, long n);

void trace_boot(void);                  /* the boot line says trace=N */
