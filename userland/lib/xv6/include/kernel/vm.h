/*
 * kernel/vm.h - the two kinds of sbrk of xv6 since 2025.
 */
#ifndef XV6_KERNEL_VM_H
#define XV6_KERNEL_VM_H

#define SBRK_EAGER 1
#define SBRK_LAZY  2

#endif
