/*
 * stats.h - mm's numbers as text, in the formats of Linux's /proc/vmstat and /proc/meminfo.
 * Each *_format writes at most size bytes with a NUL and returns the length without it.
 */
#pragma once

#include <stddef.h>

#include "mm/fault.h"

size_t mm_vmstat_format(char *buf, size_t size);
size_t mm_meminfo_format(char *buf, size_t size);
size_t fault_counts_format(const struct fault_counts *counts, char *buf, size_t size);
