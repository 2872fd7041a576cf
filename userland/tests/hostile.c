/*
 * hostile.c - programs that mean harm, or are hopelessly broken.
 * Owns: what several parts share. The cases are in hostile_*.c, a table in each.
 * Expected: every case ok. Whatever a program does, it is the only one to suffer: the kernel goes on and loses nothing.
 *
 * Usage: hostile [-l] [NAME...]
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/wait.h>

#include <faultline.h>

#include "hostile.h"

int wait_or_kill(pid_t pid, unsigned ms, bool *late)
{
    int status = 0;
    uint64_t nap_us = 0;

    if (late)
        *late = false;
    for (uint64_t waited_us = 0; waited_us < ms * 1000ull; waited_us += nap_us) {
        pid_t reaped = waitpid(pid, &status, WNOHANG);
        if (reaped == pid)
            return status;
        if (reaped < 0)
            fail("waitpid(%d): %s", (int)pid, strerror(errno));
        if (nap_us == 0) {
            raw_syscall(SYS_sched_yield);
            nap_us = 100;
        } else {
            struct timespec nap = { .tv_nsec = nap_us * 1000 };
            nanosleep(&nap, NULL);
            nap_us = nap_us < 10000 ? nap_us * 2 : nap_us;
        }
    }
    if (late)
        *late = true;
    kill(pid, SIGKILL);
    kill(-pid, SIGKILL);
    return child_wait(pid);
}

void kill_whole_group(pid_t group)
{
    while (kill(-group, SIGKILL) == 0)
        sleep_ms(1);
    check_eq(errno, ESRCH);
}

uint64_t dice_roll(struct dice *dice, uint64_t sides)
{
    dice->state = dice->state * 6364136223846793005 + 1442695040888963407;
    return (dice->state >> 33) % sides;
}

int main(int argc, char **argv)
{
    static const struct test_case *const tables[] = {
        cpu_cases, call_cases, exec_cases, file_cases, map_cases, signal_cases, crowd_cases, NULL,
    };
    static const struct test_program program = { "hostile", TEST_TAP, tables };

    return test_main(&program, argc, argv);
}
