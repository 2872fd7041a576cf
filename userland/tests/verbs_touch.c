/*
 * verbs_touch.c - the operations of verbs that touch bytes: by instructions, by calls, in files.
 * Owns: how contents become part of an answer.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "verbs_window.h"

#define LEN_MAX     PAGES(4)

/* ---- loads and stores ---- */

static volatile uint64_t *word_at(int page, int word) { return (volatile uint64_t *)address_of(page) + word; }

void do_load(const int32_t *arg)
{
    static volatile uint64_t word;

    if (TRY(word = *word_at(arg[0], arg[1])))
        say(" %llx", (unsigned long long)word);
}

void do_store(const int32_t *arg)
{
    if (TRY(*word_at(arg[0], arg[1]) = arg[2]))
        say(" done");
}

static uint32_t hash_words(const volatile uint64_t *words, int step)
{
    uint64_t hash = 0xcbf29ce484222325;

    for (int i = 0; i < CODE_WORD; i += step)
        hash = (hash ^ words[i]) * 0x100000001b3;
    return hash ^ hash >> 32;
}

/* Every step-th word of a page. */
static __attribute__((noinline)) bool read_page(int page, int step, volatile uint32_t *hash)
{
    if (sigsetjmp(away, 0) != 0)
        return false;
    *hash = hash_words(word_at(page, 0), step);
    return true;
}

/*
 * The contents of pages, every step-th word of them. Where there are none: _ nothing is mapped, x no right, b beyond the end
 * of a file.
 */
static void say_contents(int page, int npages, int step)
{
    volatile uint32_t hash;
    bool glue = false;

    for (int i = 0; i < npages; i++) {
        if (read_page(page + i, step, &hash)) {
            say(" %x", (unsigned)hash);
            glue = false;
        } else if (fault.address != address_of(page + i)) {
            say_fault();
        } else {
            say("%s%s", glue ? "" : " ", fault.number == SIGBUS ? "b" : fault.code == SEGV_MAPERR ? "_" : "x");
            glue = true;
        }
    }
}

void do_look(const int32_t *arg)
{
    say_contents(arg[0], clip(arg[0], arg[1]), 1);
}

/* ---- instructions ---- */

/* The same words everywhere, in each processor's language: return. */
static const uint64_t code[2] = { 0xc3, (uint64_t)0xd65f03c0 << 32 | 0x00008067 };

uintptr_t code_in(int page)
{
    uintptr_t start = (uintptr_t)word_at(page, CODE_WORD);

#if defined(__x86_64__)
    return start;
#elif defined(__riscv)
    return start + 8;
#elif defined(__aarch64__)
    return start + 12;
#else
    return (void)start, 0;
#endif
}

void code_put(uint64_t *words) { memcpy(words, code, sizeof(code)); }

static void write_code(int page)
{
    for (int i = 0; i < 2; i++)
        *word_at(page, CODE_WORD + i) = code[i];
}

static bool read_code(int page)
{
    return *word_at(page, CODE_WORD) == code[0] && *word_at(page, CODE_WORD + 1) == code[1];
}

void do_code(const int32_t *arg)
{
    if (TRY(write_code(arg[0])))
        say(" done");
}

/* What is called is looked at first, for whatever else may stand there. */
void do_call(const int32_t *arg)
{
    static volatile bool is_code;
    char *there = (char *)code_in(arg[0]);

    if (!TRY(is_code = read_code(arg[0])))
        return;
    if (!is_code) {
        say(" no code");
        return;
    }
    __builtin___clear_cache(there, there + 4);
    if (sigsetjmp(away, 0) == 0) {
        ((void (*)(void))there)();
        say(" done");
    } else {
        fault.address -= fault.address == (uintptr_t)there ? (uintptr_t)there % PAGE_BYTES : 0;
        say_fault();
    }
}

/* Every word of pages, with instructions at the end. */
static void fill(int page, uint64_t value)
{
    for (int word = 0; word < CODE_WORD; word++)
        *word_at(page, word) = value + word;
    write_code(page);
}

static __attribute__((noinline)) void fill_one(int page, uint64_t value)
{
    if (TRY(fill(page, value)))
        say(" done");
}

void do_fill(const int32_t *arg)
{
    int npages = clip(arg[0], arg[1]);

    for (int i = 0; i < npages; i++)
        fill_one(arg[0] + i, ((uint64_t)arg[2] << 32) + (i << 16));
}

/* A child that has no handler. */
void do_dies(const int32_t *arg)
{
    struct sigaction action = { .sa_handler = SIG_DFL };
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        sigaction(SIGSEGV, &action, NULL);
        sigaction(SIGBUS, &action, NULL);
        if (arg[1] == LOAD)
            (void)*word_at(arg[0], 1);
        else
            *word_at(arg[0], 1) = 99;
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        say_error();
    else if (WIFSIGNALED(status))
        say(" signal %d", WTERMSIG(status));
    else
        say(" status %d", WEXITSTATUS(status));
}

/* ---- files ---- */

void do_pread(const int32_t *arg)
{
    say_result(pread(file[arg[3]], (char *)address_of(arg[0]) + arg[1], arg[2], PAGES(arg[4]) + arg[1]));
}

/*
 * A file on a disk that becomes longer than at, or by a write there, does not show what has been stored behind its end, in
 * the rest of its last page; here no file does. tmpfs of Linux does, so there that is done away with.
 */
static void clear_rest(int fd, off_t at, int len)
{
#ifdef __linux__
    struct stat status;
    off_t size = fstat(fd, &status) == 0 ? status.st_size : 0;
    size_t in_page = size % PAGE_BYTES;

    if (at <= size || in_page == 0 || len == 0)
        return;
    char *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, size - in_page);
    if (page == MAP_FAILED)
        return;
    memset(page + in_page, 0, PAGE_BYTES - in_page);
    munmap(page, PAGE_BYTES);
#else
    (void)fd, (void)at, (void)len;
#endif
}

/*
 * pwrite, or write where the file is. Some Linux (6.18 is one) makes a page of the file, and the file longer up to there, before
 * it sees that a buffer cannot be read. So there each page of the buffer is tried before.
 */
static ssize_t write_file(int fd, const char *buffer, size_t len, off_t at, bool seeks)
{
#ifdef __linux__
    ssize_t done = 0, result = 0;
    int fds[2];

    if (len > 0 && fd != file[FILES - 1] && pipe(fds) == 0) {
        while ((size_t)done < len && write(fds[1], buffer + done, 1) == 1) {
            size_t n = PAGE_BYTES - (at + done) % PAGE_BYTES < len - done ? PAGE_BYTES - (at + done) % PAGE_BYTES : len - done;
            result = seeks ? write(fd, buffer + done, n) : pwrite(fd, buffer + done, n, at + done);
            if (result < 0)
                break;
            done += result;
        }
        int error = result < 0 ? errno : EFAULT;
        close(fds[0]);
        close(fds[1]);
        errno = error;
        return done > 0 ? done : -1;
    }
#endif
    return seeks ? write(fd, buffer, len) : pwrite(fd, buffer, len, at);
}

void do_pwrite(const int32_t *arg)
{
    off_t at = PAGES(arg[4]) + arg[1];

    clear_rest(file[arg[3]], at, arg[2]);
    say_result(write_file(file[arg[3]], (char *)address_of(arg[0]) + arg[1], arg[2], at, false));
}

/* Where the file is; not far, so that it does not grow for ever. */
static off_t position(int fd)
{
    off_t at = lseek(fd, 0, SEEK_CUR);

    return at < (off_t)PAGES(FILE_PAGES) ? at : lseek(fd, 0, SEEK_SET);
}

void do_read(const int32_t *arg)
{
    int fd = file[arg[2]];

    say_result(read(fd, (char *)address_of(arg[0]) + position(fd) % PAGE_BYTES, arg[1]));
}

void do_write(const int32_t *arg)
{
    int fd = file[arg[2]];
    off_t at = position(fd);

    clear_rest(fd, at, arg[1]);
    say_result(write_file(fd, (char *)address_of(arg[0]) + at % PAGE_BYTES, arg[1], at, true));
}

/* From one place to another through a pipe. */
void do_pipe(const int32_t *arg)
{
    static char rest[LEN_MAX];
    int fds[2];

    if (pipe(fds) != 0) {
        say_error();
        return;
    }
    ssize_t written = write(fds[1], (char *)address_of(arg[0]) + arg[1], arg[2]);
    say_result(written);
    if (written > 0) {
        say_result(read(fds[0], (char *)address_of(arg[3]) + arg[4], written));
        close(fds[1]);
        say_result(read(fds[0], rest, sizeof(rest)));
    } else {
        close(fds[1]);
    }
    close(fds[0]);
}

void do_lseek(const int32_t *arg)
{
    say_result(lseek(file[arg[0]], PAGES(arg[1]) + arg[2], SEEK_SET));
}

void do_ftruncate(const int32_t *arg)
{
    clear_rest(file[arg[0]], PAGES(arg[1]) + arg[2], 1);
    say_result(ftruncate(file[arg[0]], PAGES(arg[1]) + arg[2]));
}

static void say_file(int fd)
{
    static uint64_t page[PAGE_BYTES / sizeof(uint64_t)];
    struct stat status;

    if (fstat(fd, &status) != 0)
        say_error();
    say(" %ld:", (long)status.st_size);
    for (off_t at = 0; at < status.st_size; at += PAGE_BYTES) {
        memset(page, 0, sizeof(page));
        if (pread(fd, page, sizeof(page), at) <= 0)
            say_error();
        say(" %x", (unsigned)hash_words(page, 3));
    }
}

void do_sweep(const int32_t *arg)
{
    (void)arg;
    for (int i = 0; i < 2; i++)
        say_file(file[i]);
    say_contents(0, WINDOW_PAGES, 7);
}
