/*
 * tree.h - glibc has no <sys/tree.h>. The build says where picolibc's is, which the kernel itself uses.
 */
#pragma once

#define __unused __attribute__((unused))
#include PICOLIBC_TREE_H
