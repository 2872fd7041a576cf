/*
 * form.c - the form of sbrk when the program does not say: that of 2025. user.h has the other one.
 */
#include "user/user.h"

int xv6_sbrk_is_lazy = 0;
