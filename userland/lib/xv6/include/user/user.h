/*
 * user/user.h - everything that a program written for xv6 may call.
 * The functions behave as on xv6, also where this system's own calls differ; docs/xv6.md lists how. Each returns -1 when it
 * fails, and there is no errno.
 *
 * sbrk has two forms, and malloc grows by the same:
 *   as of 2025     sbrk(n) fetches the pages at once and fails when there are too few; sbrklazy(n) only moves the end
 *   as of 2020     sbrk(n) only moves the end, as the lazy-allocation lab builds it. Compile the program with -DXV6_2020.
 */
#ifndef XV6_USER_USER_H
#define XV6_USER_USER_H

#include "kernel/types.h"

#define SBRK_ERROR ((char *)-1)

struct stat;
struct sysinfo;

/* What sbrk and malloc of this program do. */
extern int xv6_sbrk_is_lazy;
#ifdef XV6_2020
__attribute__((weak)) int xv6_sbrk_is_lazy = 1;
#define XV6_FORMAT(string, first)       /* %l is nothing that the compiler knows */
#else
#define XV6_FORMAT(string, first) __attribute__((format(printf, string, first)))
#endif

/* ---- system calls ---- */

int fork(void);
int exit(int status) __attribute__((noreturn));
int wait(int *status);                  /* all 32 bits that exit got; -1 for a child that was killed */
int pipe(int *fds);
int write(int fd, const void *buffer, int bytes);
int read(int fd, void *buffer, int bytes);
int close(int fd);
int kill(int pid);
int exec(const char *path, char **argv);
int open(const char *path, int flags);
int mknod(const char *path, short major, short minor);
int unlink(const char *path);           /* empty directories too */
int fstat(int fd, struct stat *st);
int link(const char *old, const char *new);
int mkdir(const char *path);
int chdir(const char *path);
int dup(int fd);
int getpid(void);
char *sbrk(int increment);
char *sbrklazy(int increment);
char *sys_sbrk(int increment, int kind);
int pause(int ticks);
int sleep(int ticks);                   /* the older name of pause */
int uptime(void);                       /* in ticks, ten in a second */

/* The calls that the labs add. */
int symlink(const char *target, const char *path);
int sysinfo(struct sysinfo *info);
int sigalarm(int ticks, void (*handler)());     /* call it whenever so much processor time has been used; 0: no more */
int sigreturn(void);                    /* from the handler, to where it was called */
int trace(int mask);                    /* 1 << SYS_NAME: prints a line for each such call, also those of children */
void *mmap(void *wish, size_t bytes, int prot, int flags, int fd, off_t offset);    /* (void *)-1: failed; wish is not heard */
int munmap(void *start, size_t bytes);

/* ---- the library proper ---- */

int stat(const char *path, struct stat *st);
char *strcpy(char *to, const char *from);
void *memmove(void *to, const void *from, int bytes);
char *strchr(const char *string, char c);
int strcmp(const char *a, const char *b);
char *gets(char *line, int max);
uint strlen(const char *string);
void *memset(void *to, int value, uint bytes);
int atoi(const char *string);
int memcmp(const void *a, const void *b, uint bytes);
void *memcpy(void *to, const void *from, uint bytes);

/* %d %u %x %p %s %c %%, with l or ll before d, u or x; %l alone is a long in decimal, as in 2020. %x is in capitals. */
void printf(const char *format, ...) XV6_FORMAT(1, 2);
void fprintf(int fd, const char *format, ...) XV6_FORMAT(2, 3);

void *malloc(uint bytes);
void free(void *block);

#endif
