/*
 * sh_jobs.c - processes in groups: who is in the foreground, who has ended.
 * Owns: the list of background jobs, fork, wait.
 *
 * An interactive shell puts each job in a process group of its own and gives it the terminal, so that ^C ends the job, and ^Z
 * stops it, and not the shell. A script leaves groups alone: it and what it runs are one job.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>
#include "sh.h"

#define MAX_REMEMBERED 64               /* jobs that have ended and that nobody has asked for */

struct job {
    struct job *next;                   /* older */
    int number;
    pid_t group;                        /* the first process */
    pid_t *pids;                        /* 0: has ended */
    int npids, nrunning;
    bool stopped;                       /* and not yet sent on by fg or bg */
    pid_t last_pid;                     /* whose status is the job's */
    int status;
    char *text;
};

static struct job *jobs;                /* newest first */
pid_t shell_pid, last_background;

struct job *job_new(const char *text)
{
    struct job *job = calloc(1, sizeof(*job));

    if (!job || !(job->text = strdup(text ? text : ""))) {
        free(job);
        shell_fail(STATUS_NOT_RUN, "out of memory");
    }
    return job;
}

static void job_free(struct job *job)
{
    free(job->pids);
    free(job->text);
    free(job);
}

static void job_unlink(struct job *job)
{
    for (struct job **link = &jobs; *link; link = &(*link)->next)
        if (*link == job) {
            *link = job->next;
            return;
        }
}

void jobs_forget_all(void)
{
    while (jobs) {
        struct job *job = jobs;
        jobs = job->next;
        job_free(job);
    }
}

/* Parent and child both set the group: whoever is first, it is set before either goes on. */
static void join_group(struct job *job, pid_t pid, bool background)
{
    pid_t group = job->group ? job->group : pid ? pid : getpid();

    if (!interactive)
        return;
    setpgid(pid, group);
    if (!background)
        tcsetpgrp(STDIN_FILENO, group);
}

pid_t job_fork(struct job *job, bool background)
{
    pid_t *grown = realloc(job->pids, (job->npids + 1) * sizeof(*grown));

    if (!grown) {
        warnx("out of memory");
        return -1;
    }
    job->pids = grown;
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0) {
        warn("fork");
        return -1;
    }
    join_group(job, pid, background);
    if (pid == 0) {
        if (interactive && !background)
            terminal_set(TERMINAL_COOKED);
        interactive = false;
        jobs_forget_all();
        return 0;
    }
    job->pids[job->npids++] = pid;
    job->nrunning++;
    job->last_pid = pid;
    if (!job->group)
        job->group = pid;
    return pid;
}

/* ---- waiting ---- */

int wait_status_code(int status)
{
    return WIFSTOPPED(status) ? STATUS_SIGNAL + WSTOPSIG(status) :
           WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The process has ended, stopped or gone on. False when it is not of this job. */
static bool job_note(struct job *job, pid_t pid, int status)
{
    for (int i = 0; i < job->npids; i++) {
        if (job->pids[i] != pid)
            continue;
        job->stopped = WIFSTOPPED(status);
        if (!WIFSTOPPED(status) && !WIFCONTINUED(status)) {
            job->pids[i] = 0;
            job->nrunning--;
        }
        if (pid == job->last_pid || job->stopped)
            job->status = status;
        return true;
    }
    return false;
}

static void jobs_note(pid_t pid, int status)
{
    for (struct job *job = jobs; job; job = job->next)
        if (job_note(job, pid, status))
            return;
}

void jobs_reap(void)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0)
        jobs_note(pid, status);
}

/* Wait until all of the job have ended; options WUNTRACED: or one has stopped. */
static void job_wait(struct job *job, int options)
{
    for (int i = 0; i < job->npids && !(options && job->stopped); i++) {
        int status;
        pid_t pid = job->pids[i];
        if (pid == 0)
            continue;
        while (waitpid(pid, &status, options) < 0)
            if (errno != EINTR) {
                status = STATUS_NOT_FOUND << 8;
                break;
            }
        job_note(job, pid, status);
    }
}

static void take_terminal_back(void)
{
    if (!interactive)
        return;
    terminal_set(TERMINAL_EDITING);     /* first: then ^C is a character while the shell is in the foreground */
    tcsetpgrp(STDIN_FILENO, getpgrp());
}

static void job_remember(struct job *job);
static void job_print(const struct job *job, FILE *out);

int job_wait_foreground(struct job *job)
{
    job_wait(job, interactive ? WUNTRACED : 0);
    take_terminal_back();
    int status = job->status;
    if (interactive && job->stopped) {
        job_remember(job);
        job_print(job, stderr);
        shell_abandon(wait_status_code(status));        /* what it stood in does not go on without it */
    }
    bool none = job->npids == 0;
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGINT && WTERMSIG(status) != SIGPIPE)
        warnx("%s: %s", job->text, strsignal(WTERMSIG(status)));
    job_free(job);
    if (none)
        return STATUS_NOT_RUN;
    if (interactive && WIFSIGNALED(status) && WTERMSIG(status) == SIGINT)
        shell_abandon(wait_status_code(status));        /* ^C ends the loop around it too */
    return wait_status_code(status);
}

/* ---- the list ---- */

static void forget_oldest_ended(void)
{
    struct job *oldest = NULL;
    int nended = 0;

    for (struct job *job = jobs; job; job = job->next)
        if (job->nrunning == 0) {
            oldest = job;
            nended++;
        }
    if (nended > MAX_REMEMBERED) {
        job_unlink(oldest);
        job_free(oldest);
    }
}

static void job_remember(struct job *job)
{
    job->number = jobs ? jobs->number + 1 : 1;
    job->next = jobs;
    jobs = job;
}

void job_to_background(struct job *job)
{
    if (job->npids == 0) {
        job_free(job);
        return;
    }
    job_remember(job);
    jobs_reap();                        /* not before: it may have ended already, and would be nobody's */
    forget_oldest_ended();
    last_background = job->last_pid;
    if (interactive)
        fprintf(stderr, "[%d] %d\n", job->number, (int)job->last_pid);
}

static void job_print(const struct job *job, FILE *out)
{
    int status = job->status;

    fprintf(out, "[%d] ", job->number);
    if (job->nrunning > 0)
        fprintf(out, job->stopped ? "Stopped" : "Running");
    else if (WIFSIGNALED(status))
        fprintf(out, "%s", strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status))
        fprintf(out, "Done(%d)", WEXITSTATUS(status));
    else
        fprintf(out, "Done");
    fprintf(out, "\t%s\n", job->text);
}

/* Print those that ask for it, oldest first, and forget those that have ended. */
static void print_and_forget(bool running_too, FILE *out)
{
    struct job *in_order = NULL;

    while (jobs) {                      /* turn the list around */
        struct job *job = jobs;
        jobs = job->next;
        job->next = in_order;
        in_order = job;
    }
    while (in_order) {
        struct job *job = in_order;
        in_order = job->next;
        if (running_too || job->nrunning == 0)
            job_print(job, out);
        if (job->nrunning > 0) {
            job->next = jobs;
            jobs = job;
        } else {
            job_free(job);
        }
    }
}

void jobs_report(void)
{
    print_and_forget(false, stderr);
}

int jobs_list(void)
{
    jobs_reap();
    print_and_forget(true, stdout);
    return 0;
}

/* "%2": job 2; "%", "%%", "%+" or NULL: the newest; a number: the job with that process. NULL when there is none. */
static struct job *job_find(const char *which)
{
    if (!which || (which[0] == '%' && (!which[1] || strchr("%+", which[1]))))
        return jobs;
    long number = atol(which + (which[0] == '%'));
    for (struct job *job = jobs; job; job = job->next)
        if (which[0] == '%' ? job->number == number : job->last_pid == number)
            return job;
    return NULL;
}

void jobs_to_processes(struct strings *words)
{
    struct strings named = { .arena = words->arena };

    for (size_t i = 0; i < words->count; i++) {
        char *word = words->items[i];
        struct job *job = word[0] == '%' ? job_find(word) : NULL;
        if (job && job->nrunning > 0) {
            if (i == 1)
                strings_add(&named, "--");      /* it would be taken for a signal */
            sprintf(word = arena_alloc(named.arena, 16), "%d", (int)(interactive ? -job->group : job->last_pid));
        }
        strings_add(&named, word);
    }
    *words = named;
}

int jobs_wait(const char *which)
{
    struct job *job;

    if (which) {
        job = job_find(which);
        if (!job)
            return STATUS_NOT_FOUND;
        job_wait(job, 0);
        int status = wait_status_code(job->status);
        job_unlink(job);
        job_free(job);
        return status;
    }
    for (job = jobs; job; job = job->next)
        job_wait(job, 0);
    if (!interactive)
        jobs_forget_all();              /* at a prompt they are still reported */
    return 0;
}

int jobs_go_on(const char *which, bool background)
{
    struct job *job = job_find(which);

    if (!interactive || !job) {
        warnx("%s: %s", background ? "bg" : "fg", interactive ? "no such job" : "no job control");
        return 1;
    }
    printf("%s%s\n", job->text, background ? " &" : "");
    fflush(stdout);
    if (!background) {
        job_unlink(job);
        terminal_set(TERMINAL_COOKED);
        tcsetpgrp(STDIN_FILENO, job->group);
    }
    job->stopped = false;
    killpg(job->group, SIGCONT);
    return background ? 0 : job_wait_foreground(job);
}
