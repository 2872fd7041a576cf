/*
 * sys/wait.h - wait(2), wait4(2), waitid(2).
 */
#ifndef FAULTLINE_SYS_WAIT_H
#define FAULTLINE_SYS_WAIT_H

#include <signal.h>
#include <sys/types.h>
#include <sys/resource.h>

#define WNOHANG         1
#define WUNTRACED       2
#define WSTOPPED        2               /* of waitid */
#define WEXITED         4
#define WCONTINUED      8
#define WNOWAIT         0x01000000      /* the child stays as it is and can be waited for again */

/* Newer versions of picolibc show theirs, which mean the same, in <stdlib.h>. */
#undef WIFEXITED
#undef WEXITSTATUS
#undef WIFSIGNALED
#undef WTERMSIG
#undef WIFSTOPPED
#undef WSTOPSIG
#undef WIFCONTINUED

/* A status is (exit status << 8), the number of the signal that ended the process, or says that it has stopped or gone on. */
#define WIFEXITED(status)       (((status) & 0x7f) == 0)
#define WEXITSTATUS(status)     (((status) >> 8) & 0xff)
#define WIFSIGNALED(status)     (((status) & 0x7f) != 0 && ((status) & 0x7f) != 0x7f)
#define WTERMSIG(status)        ((status) & 0x7f)
#define WIFSTOPPED(status)      (((status) & 0xff) == 0x7f)
#define WSTOPSIG(status)        WEXITSTATUS(status)
#define WIFCONTINUED(status)    ((status) == 0xffff)

typedef enum { P_ALL, P_PID, P_PGID } idtype_t;

pid_t wait(int *status);
pid_t waitpid(pid_t pid, int *status, int options);
pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage);

/* 0, also when WNOHANG finds nothing to report: info->si_pid is 0 then. */
int waitid(idtype_t type, id_t id, siginfo_t *info, int options);

#endif
