/*
 * stdio.h - picolibc's, with the calls of rename(2) that it does not know.
 */
#include_next <stdio.h>
#ifndef FAULTLINE_STDIO_H
#define FAULTLINE_STDIO_H

#define RENAME_NOREPLACE        1       /* EEXIST when the new name is there */
#define RENAME_EXCHANGE         2       /* both are there and change places */

int renameat(int old_dirfd, const char *old_path, int new_dirfd, const char *new_path);
int renameat2(int old_dirfd, const char *old_path, int new_dirfd, const char *new_path, unsigned flags);

#endif
