/*
 * procfs.c - /proc: what the kernel tells about itself, as text.
 * Owns: the files below /proc, in the formats that proc(5) documents for Linux.
 * Does not own: the numbers (mm, kernel/proc.c); the window on a long text (text.c).
 *
 * /proc itself is a directory of tmpfs; what comes and goes with processes is made when it is
 * looked up. A text is made when its file is opened, as much of it as fits a page, so that a reader
 * sees one moment; of a longer one the next window is made when reading gets there.
 */
#include <stdio.h>
#include <string.h>

#include "arch/context.h"
#include "arch/machine.h"
#include "kernel/core/boot.h"
#include "kernel/core/errno.h"
#include "kernel/fs/block.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/text.h"
#include "kernel/fs/trace.h"
#include "kernel/handler.h"
#include "kernel/core/inject.h"
#include "kernel/core/number.h"
#include "kernel/oom.h"
#include "kernel/proc.h"
#include "kernel/check/quiesce.h"
#include "kernel/core/time.h"
#include "kernel/swapon.h"
#include "kernel/trap.h"
#include "mm/addrspace.h"
#include "mm/chaos.h"
#include "mm/commit.h"
#include "mm/object.h"
#include "mm/page.h"
#include "mm/queue.h"

/* ---- processes, seen from outside ---- */

/* What /proc/PID tells, copied under proc_lock. */
struct snapshot {
    int pid;                            /* asked for; 0: not found */
    int parent, pgid, sid;
    char state;
    bool traced;
    int oom_score_adj;
    char name[PROC_NAME_SIZE];
    uint64_t sent_thread, sent_process, blocked, ignored, caught;       /* signals */
    uint64_t signals_max;
    struct fault_counts faults, child_faults;
    uint64_t run_ticks, child_ticks;
    size_t resident_pages;
    uint64_t size_bytes;                /* of address space */
    uint64_t start_ticks;
    uint32_t umask;
    vaddr_t args_start, args_end;
    struct addrspace *as;               /* stays until leave_addrspace; NULL: it has none any more */
    struct proc *proc;                  /* whose memory that is: a looker of it is counted */
};

static bool visit_snapshot(struct proc *p, void *arg)
{
    struct snapshot *s = arg;
    if (p->pid != s->pid)
        return true;
    *s = (struct snapshot){
        .start_ticks = p->start_ticks,
        .umask = p->umask,
        .args_start = p->args_start,
        .args_end = p->args_end,
        .pid = p->pid,
        .parent = p->parent != NULL ? p->parent->pid : 0,
        .pgid = p->pgid,
        .sid = p->sid,
        .state = p->exited ? 'Z' : p->stopped ? 'T' : p->thread.state == THREAD_SLEEPING ? 'S' : 'R',
        .sent_thread = p->signals.own.set,
        .sent_process = p->signals.shared.set,
        .blocked = p->signals.blocked,
        .ignored = p->signals.ignored,
        .caught = p->signals.caught,
        .signals_max = p->limits[RLIMIT_SIGPENDING].soft,
        .traced = p->traced,
        .oom_score_adj = p->oom_score_adj,
        .child_faults = p->child_faults,
        .run_ticks = p->thread.run_ticks,
        .child_ticks = p->child_ticks,
    };
    memcpy(s->name, p->name, sizeof(s->name));
    s->name[sizeof(s->name) - 1] = '\0';
    fault_counts_of(&p->thread, &s->faults);
    if (p->as != NULL) {                /* it is good: changed only under proc_lock, before as_put */
        s->resident_pages = p->as->pmap.resident;
        s->size_bytes = p->as->vmas.npages * PAGE_SIZE;
        s->as = p->as;
        s->proc = p;
        p->lookers++;
    }
    return false;
}

/* Returns 0, and leave_addrspace is due; or -ESRCH when there is no such process any more. */
static int take_snapshot(int pid, struct snapshot *s)
{
    *s = (struct snapshot){ .pid = pid };
    proc_for_each(visit_snapshot, s);
    return s->state != '\0' ? 0 : -ESRCH;
}

static void leave_addrspace(const struct snapshot *s)
{
    if (s->as != NULL)
        proc_looked(s->proc);
}

struct pid_search {
    int first, found;
};

static bool visit_search(struct proc *p, void *arg)
{
    struct pid_search *search = arg;
    if (p->pid >= search->first && (search->found == 0 || p->pid < search->found))
        search->found = p->pid;
    return true;
}

/* The smallest pid >= first, or 0. */
static int pid_next(int first)
{
    struct pid_search search = { .first = first };
    proc_for_each(visit_search, &search);
    return search.found;
}

static bool pid_exists(int pid) { return pid_next(pid) == pid; }

/* ---- texts of processes ---- */

static uint64_t ticks_to_clock(uint64_t ticks) { return time_ticks_to_ns(ticks) / (NSEC_PER_SEC / USER_HZ); }

/* proc_pid_stat(5): the 52 fields; what this kernel does not know is 0. */
static int pid_stat_text(const struct snapshot *s, struct text *text)
{
    text_add(text, "%d (%s) %c %d %d %d 0 -1 0 %lu %lu %lu %lu 0 %lu 0 %lu 20 0 1 0 %lu %lu %lu", s->pid, s->name, s->state,
             s->parent, s->pgid, s->sid, fault_counts_minor(&s->faults), fault_counts_minor(&s->child_faults),
             s->faults.n[FAULT_MAJOR], s->child_faults.n[FAULT_MAJOR],
             ticks_to_clock(s->run_ticks), ticks_to_clock(s->child_ticks), ticks_to_clock(s->start_ticks), s->size_bytes,
             (uint64_t)s->resident_pages);
    text_add(text, " %lu 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n", RLIM_INFINITY);
    return 0;
}

static int pid_vmstat_text(const struct snapshot *s, struct text *text)
{
    text_faults(text, &s->faults);
    text_add(text, "nr_resident_pages %zu\n", s->resident_pages);
    return 0;
}

static int pid_strace_text(const struct snapshot *s, struct text *text)
{
    text_add(text, "%d\n", s->traced);
    return 0;
}

static int pid_oom_score_text(const struct snapshot *s, struct text *text)
{
    struct as_size size = { 0 };
    if (s->as != NULL)
        as_measure(s->as, &size);
    text_add(text, "%ld\n", s->as != NULL ? oom_score(&size, s->oom_score_adj) : 0);
    return 0;
}

static int pid_oom_score_adj_text(const struct snapshot *s, struct text *text)
{
    text_add(text, "%d\n", s->oom_score_adj);
    return 0;
}

static bool visit_trace(struct proc *p, void *arg)
{
    const struct snapshot *s = arg;
    if (p->pid == s->pid)
        p->traced = s->traced;
    return p->pid != s->pid;
}

static int pid_strace_command(int pid, long number)
{
    struct snapshot s = { .pid = pid, .traced = number != 0 };
    proc_for_each(visit_trace, &s);
    return 0;
}

/* argv, NUL after each, from the program's own memory; empty for a zombie, and as far as the program has left it there. */
static int pid_cmdline_text(const struct snapshot *s, struct text *text)
{
    size_t skipped = text->skip < s->args_end - s->args_start ? text->skip : s->args_end - s->args_start;
    int err = 0;
    text->skip -= skipped;
    for (vaddr_t at = s->args_start + skipped; err == 0 && s->as != NULL && at < s->args_end && text->left > 0;) {
        char piece[128];
        size_t n = s->args_end - at < sizeof piece ? s->args_end - at : sizeof piece, done;
        err = copy_from_other(s->as, piece, at, n, &done);
        text_bytes(text, piece, done);
        at += done;
    }
    return err == -EFAULT ? 0 : err;
}

/* What is shown that has no path. */
static const char *vma_purpose(const struct vma *vma)
{
    if (vma->object != NULL)            /* memory without a file has the name that Linux gives it */
        return is_trampoline(vma->object) ? "[vdso]" : vma->object->limited ? "(deleted)" : "/dev/zero (deleted)";
    return vma->kind == VMA_HEAP ? "[heap]" : vma->kind == VMA_STACK ? "[stack]" : "";
}

/* The path of what vma shows, as seen by the reader. [names_lock] */
static void vma_name(struct vma *vma, char *page, struct text *text)
{
    struct inode *inode = vma->object != NULL ? inode_of(vma->object) : NULL;
    const char *path = inode != NULL ? path_of(inode, current()->root, page, PAGE_SIZE) : NULL;
    if (path == NULL)
        path = vma_purpose(vma);
    text_bytes(text, path, strlen(path));
    inode_put(inode);
}

/* proc_pid_maps(5): a line for each VMA, the name from column 73 on. */
static void vma_line(struct vma *vma, char *page, struct text *text)
{
    char line[128];
    struct inode *inode = vma->object != NULL ? inode_of(vma->object) : NULL;
    unsigned dev = inode != NULL ? inode->dev : 0;
    uint64_t ino = inode != NULL ? inode->ino : 0;
    inode_put(inode);
    snprintf(line, sizeof line, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu", vma->start, vma->end,
             vma->prot & PROT_READ ? 'r' : '-', vma->prot & PROT_WRITE ? 'w' : '-', vma->prot & PROT_EXEC ? 'x' : '-',
             vma->shared ? 's' : 'p', vma->object_index * PAGE_SIZE, dev >> 8, dev & 0xff, ino);
    bool named = vma->object != NULL || vma->kind != VMA_PLAIN;
    text_add(text, named ? "%-72s " : "%s", line);
    vma_name(vma, page, text);
    text_add(text, "\n");
}

/* Walk the VMAs of a process, with their pages counted or not. */
enum detail { LINES, USAGE };

static int maps_text(const struct snapshot *s, struct text *text, enum detail detail)
{
    struct page *page = page_alloc(PAGE_KERNEL);
    if (page == NULL)
        return -ENOMEM;
    if (s->as != NULL) {
        rwlock_read(&names_lock);
        as_alone(s->as);                /* vma_usage_add looks at contents everywhere */
        struct vma *vma = vma_find_from(s->as, text_resume(text));
        for (; vma != NULL && text->left > 0 && !proc_killed(current()); vma = vma_next(vma)) {
            struct vma_usage sum = { 0 };
            thread_let_others();
            text_mark(text, vma->start);
            vma_line(vma, page_address(page), text);
            if (detail == LINES)
                continue;
            vma_usage_add(vma, &sum);
            text_usage(text, &sum);
        }
        as_write_done(s->as);
        rwlock_read_unlock(&names_lock);
    }
    page_free(page);
    return 0;
}

static int pid_maps_text(const struct snapshot *s, struct text *text) { return maps_text(s, text, LINES); }
static int pid_smaps_text(const struct snapshot *s, struct text *text) { return maps_text(s, text, USAGE); }

/* proc_pid_status(5) */
static int pid_status_text(const struct snapshot *s, struct text *text)
{
    struct vma_usage in_files = { 0 };
    size_t kind_pages[VMA_STACK + 1] = { 0 }, resident = 0;
    struct as_size size = { 0 };
    if (s->as != NULL) {
        if (queue_on)                   /* or else nothing has ever gone to a disk */
            as_measure(s->as, &size);
        as_alone(s->as);
        for (struct vma *vma = vma_first(s->as); vma != NULL; vma = vma_next(vma)) {
            if (vma->object != NULL)    /* elsewhere nothing is a file's, and need not be looked at */
                vma_usage_add(vma, &in_files);
            kind_pages[vma->kind] += vma_npages(vma);
            thread_let_others();
        }
        resident = s->as->pmap.resident;
        as_write_done(s->as);
    }
    const char *state = s->state == 'Z' ? "zombie" : s->state == 'T' ? "stopped" : s->state == 'S' ? "sleeping" : "running";
    const size_t kib = PAGE_SIZE / 1024;
    text_add(text, "Name:\t%s\nUmask:\t%04o\nState:\t%c (%s)\n", s->name, s->umask, s->state, state);
    text_add(text, "Tgid:\t%d\nPid:\t%d\nPPid:\t%d\n", s->pid, s->pid, s->parent);
    text_add(text, "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nFDSize:\t%d\n", NOFILE);
    if (s->as != NULL) {
        size_t file_pages = in_files.resident - in_files.anon;
        text_add(text, "VmSize:\t%8zu kB\nVmRSS:\t%8zu kB\nRssAnon:\t%8zu kB\nRssFile:\t%8zu kB\n", s->size_bytes / 1024,
                 resident * kib, (resident - file_pages) * kib, file_pages * kib);
        text_add(text, "VmLck:\t%8zu kB\nVmData:\t%8zu kB\nVmStk:\t%8zu kB\nVmSwap:\t%8zu kB\n", s->as->vmas.nlocked * kib,
                 s->as->vmas.ndata * kib, kind_pages[VMA_STACK] * kib, size.on_disk * kib);
    }
    text_add(text, "Threads:\t1\nSigQ:\t%u/%lu\nSigPnd:\t%016lx\nShdPnd:\t%016lx\n", signals_queued(), s->signals_max,
             s->sent_thread, s->sent_process);
    text_add(text, "SigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n", s->blocked, s->ignored, s->caught);
    return 0;
}

/* ---- texts of the machine ---- */

/* "trap_store_page_fault 12" */
static void trap_row(uint64_t cause, struct text *text)
{
    char name[64];
    snprintf(name, sizeof name, "trap_%s", trap_cause_name(cause));
    for (char *c = name; *c != '\0'; c++)
        if (*c == ' ')
            *c = '_';
    text_add(text, "%s %lu\n", name, trap_count(cause));
}

static void vmstat_text(struct text *text)
{
    static const uint64_t causes[] = {
        TRAP_FETCH_PAGE, TRAP_LOAD_PAGE, TRAP_STORE_PAGE, TRAP_ECALL_USER, TRAP_ILLEGAL,
        TRAP_INTERRUPT | TRAP_SOFTWARE, TRAP_INTERRUPT | TRAP_TIMER, TRAP_INTERRUPT | TRAP_EXTERNAL,
    };
    text_vmstat(text);
    for (size_t i = 0; i < ARRAY_LEN(causes); i++)
        trap_row(causes[i], text);
    text_add(text, "boot_ticks %lu\nchaos %lu\n", boot_ticks, chaos_interval());
}

static uint64_t idle_ticks(unsigned hart) { return harts[hart].idle->run_ticks; }

static void uptime_text(struct text *text)
{
    uint64_t hundredths = ticks_to_clock(time_ticks()), idle = 0;
    for (unsigned h = 0; h < machine.nharts; h++)
        idle += ticks_to_clock(idle_ticks(h));
    text_add(text, "%lu.%02lu %lu.%02lu\n", hundredths / USER_HZ, hundredths % USER_HZ, idle / USER_HZ, idle % USER_HZ);
}

static void cpu_row(const char *name, uint64_t up, uint64_t idle, struct text *text)
{
    text_add(text, "%s %lu 0 0 %lu 0 0 0 0 0 0\n", name, up > idle ? up - idle : 0, idle);
}

static bool count_running(struct proc *p, void *count)
{
    *(unsigned *)count += !p->exited && p->thread.state != THREAD_SLEEPING;
    return true;
}

/* proc_stat(5). A hart's time is not told apart into user and system: all of it is in the first column. */
static void stat_text(struct text *text)
{
    uint64_t up = ticks_to_clock(time_ticks()), idle = 0;
    unsigned running = 0;
    char name[8];
    for (unsigned h = 0; h < machine.nharts; h++)
        idle += ticks_to_clock(idle_ticks(h));
    cpu_row("cpu ", up * machine.nharts, idle, text);
    for (unsigned h = 0; h < machine.nharts; h++) {
        snprintf(name, sizeof name, "cpu%u", h);
        cpu_row(name, up, ticks_to_clock(idle_ticks(h)), text);
    }
    proc_for_each(count_running, &running);
    text_add(text, "btime %llu\nprocs_running %u\n", time_boot_ns() / NSEC_PER_SEC, running);
}

/* Documentation/admin-guide/iostats.rst; nobody takes the times, and nothing is discarded. */
static void diskstats_text(struct text *text)
{
    struct disk *disk;
    for (unsigned i = 0; (disk = disk_at(i)) != NULL; i++) {
        struct disk_counts counts;
        uint32_t device = block_device(i);
        disk_count(disk, &counts);
        text_add(text, "%4u %7u %s", (unsigned)device >> 8, (unsigned)device & 0xff, disk->name);
        for (enum disk_op op = DISK_READ; op <= DISK_WRITE; op++)
            text_add(text, " %lu %lu %lu 0", counts.op[op].requests, counts.op[op].merged, counts.op[op].sectors);
        text_add(text, " %u 0 0 0 0 0 0 %lu 0\n", counts.in_flight, counts.op[DISK_FLUSH].requests);
    }
}

static void mounts_text(struct text *text) { text_add(text, "tmpfs / tmpfs rw 0 0\nproc /proc proc rw 0 0\n"); }

/* proc_sys_vm(5): 2 refuses to promise what memory and swap cannot hold. */
static void overcommit_text(struct text *text) { text_add(text, "%d\n", commit_strict ? 2 : 0); }

static int drop_caches_command(int pid, long number)
{
    (void)pid, (void)number;
    mm_drop_caches();
    return 0;
}

/* ---- for tests: the checked kernel only ---- */

/* Linux, "Fault injection capabilities infrastructure", but that it cannot be read: opening it would need memory. */
static int pid_fail_nth_command(int pid, long number)
{
    if (pid != current()->pid)
        return -EPERM;
    current()->thread.fail_nth = number;
    current()->thread.has_failed = false;
    return 0;
}

/* "function:line calls failures", for each allocation in the source. */
static void fail_sites_text(struct text *text)
{
    for (struct alloc_site *s = __alloc_sites_start; s < __alloc_sites_end; s++)
        text_add(text, "%s:%u %u %u\n", s->function, s->line, s->calls, s->failures);
}

/* ---- files ---- */

/* What a file shows, of the machine or of a process, and what writing a number to it does. 0 or -errno. */
struct proc_text {
    const char *name;
    uint32_t rights;
    void (*text)(struct text *text);
    int (*pid_text)(const struct snapshot *s, struct text *text);
    int (*command)(int pid, long number);
    bool may_be_negative;               /* that number */
};

static bool can_show(const struct proc_text *what) { return what->text != NULL || what->pid_text != NULL; }

int proc_openable(const struct inode *inode, uint32_t mode)
{
    return (mode != O_RDONLY && inode->proc->command == NULL) || (mode != O_WRONLY && !can_show(inode->proc)) ? -EACCES : 0;
}

static int process_text(const struct proc_text *what, int pid, struct text *text)
{
    struct snapshot s;
    int err = take_snapshot(pid, &s);
    if (err != 0)
        return err;
    err = what->pid_text(&s, text);
    leave_addrspace(&s);
    return err;
}

/* Make the window of the text that begins at from. */
static int make_window(struct file *f, uint64_t from)
{
    struct text text = { .at = page_address(f->text), .left = PAGE_SIZE, .from = from, .skip = from, .mark = f->text_mark };
    const struct proc_text *what = f->inode->proc;
    int err = 0;
    if (what->text != NULL)
        what->text(&text);
    else
        err = process_text(what, f->inode->pid, &text);
    f->text_at = err == 0 ? from : UINT64_MAX;          /* after an error it is made anew */
    f->text_bytes = err == 0 ? PAGE_SIZE - text.left : 0;
    f->text_mark = text.mark;
    return err;
}

int proc_text_open(struct file *f)
{
    f->text = page_alloc(PAGE_KERNEL);
    if (f->text == NULL)
        return -ENOMEM;
    int err = make_window(f, 0);
    if (err != 0)
        page_free(f->text);
    return err;
}

static int read_piece(struct uio *u, void *file)
{
    struct file *f = file;
    if (u->offset == 0 && f->text_read)
        f->text_at = UINT64_MAX;        /* who goes back to the beginning wants to know how it is now */
    bool inside = u->offset >= f->text_at && u->offset - f->text_at < f->text_bytes;
    bool after_all = u->offset - f->text_at == f->text_bytes && f->text_bytes < PAGE_SIZE && f->text_at != UINT64_MAX;
    int err = inside || after_all ? 0 : make_window(f, u->offset);
    if (err != 0)
        return err;
    size_t at = u->offset - f->text_at, left = f->text_bytes - at, n = left < u->resid ? left : u->resid, done;
    f->text_read = true;
    if (n == 0)
        return UIO_END;
    err = uio_move(u, (char *)page_address(f->text) + at, n, UIO_TO_USER, &done);
    u->offset += done;
    return err;
}

static long proc_read(struct file *f, struct uio *u) { return uio_pieces(u, read_piece, f); }

/* A decimal number, in one write; a newline may follow. */
static long proc_write(struct file *f, struct uio *u)
{
    char text[17];
    size_t len = u->resid, done = 0;
    if (len == 0 || len >= sizeof(text))
        return -EINVAL;
    int err = uio_move(u, text, len, UIO_FROM_USER, &done);
    if (err != 0)
        return err;
    unsigned long number;
    bool negative = text[0] == '-' && f->inode->proc->may_be_negative;
    text[text[len - 1] == '\n' ? len - 1 : len] = '\0';
    if (!parse_decimal(text + negative, &number) || number > INT64_MAX)
        return -EINVAL;
    err = f->inode->proc->command(f->inode->pid, negative ? -(long)number : (long)number);
    return err != 0 ? err : (long)len;
}

static void proc_release(struct file *f)
{
    if (f->text != NULL)
        page_free(f->text);
}

static const struct file_ops proc_file_ops = {
    .read = proc_read, .write = proc_write, .seek = plain_seek, .release = proc_release,
};

static const struct proc_text root_texts[] = {
    { "vmstat", 0444, .text = vmstat_text },     { "meminfo", 0444, .text = text_meminfo },
    { "uptime", 0444, .text = uptime_text },     { "stat", 0444, .text = stat_text },
    { "mounts", 0444, .text = mounts_text },     { "diskstats", 0444, .text = diskstats_text },
    { "swaps", 0444, .text = text_swaps },       { "trace", 0644, .text = trace_text, .command = trace_command },
    { "fail-sites", 0444, .text = fail_sites_text },
}, pid_texts[] = {
    { "stat", 0444, .pid_text = pid_stat_text }, { "status", 0444, .pid_text = pid_status_text },
    { "maps", 0444, .pid_text = pid_maps_text }, { "smaps", 0444, .pid_text = pid_smaps_text },
    { "cmdline", 0444, .pid_text = pid_cmdline_text }, { "vmstat", 0444, .pid_text = pid_vmstat_text },
    { "strace", 0644, .pid_text = pid_strace_text, .command = pid_strace_command },
    { "oom_score", 0444, .pid_text = pid_oom_score_text },
    { "oom_score_adj", 0644, .pid_text = pid_oom_score_adj_text, .command = oom_set_adj, .may_be_negative = true },
    { "fail-nth", 0200, .command = pid_fail_nth_command },
}, vm_texts[] = {
    { "drop_caches", 0200, .command = drop_caches_command },
    { "overcommit_memory", 0444, .text = overcommit_text },
};

/* The last of each list is for tests. */
static const size_t nroot_texts = ARRAY_LEN(root_texts) - !CHECKED, npid_texts = ARRAY_LEN(pid_texts) - !CHECKED;

/* ---- directories ---- */

struct inode *proc_root;

/* Numbers of inodes that are made when they are looked up: they say which, so that they are the same each time. */
static uint64_t pid_ino(int pid, size_t index) { return 1ul << 40 | (uint64_t)pid << 8 | index; }

static int make_inode(const struct proc_text *what, int pid, uint32_t mode, uint64_t ino, struct inode **out)
{
    struct inode *inode = inode_alloc(DEV_PROC, mode, (mode & MODE_TYPE) == MODE_DIR ? &dir_file_ops : &proc_file_ops);
    if (inode == NULL)
        return -ENOMEM;
    inode->proc = what;
    inode->pid = pid;
    inode->ino = ino;
    *out = inode;
    return 0;
}

/* proc_pid_exe(5): leads to the program's file even when that has another name by now, or none. */
static int make_exe(int pid, struct inode **child)
{
    struct inode *exe = proc_get_exe(pid);
    int err = exe != NULL ? make_inode(NULL, pid, MODE_LINK | 0777, pid_ino(pid, npid_texts + 1), child) : 0;
    if (exe != NULL && err == 0)
        (*child)->link.target = exe;
    else
        inode_put(exe);
    return err;
}

static int pid_lookup(struct inode *dir, const char *name, size_t len, struct inode **child)
{
    *child = NULL;
    if (len == 3 && memcmp(name, "exe", 3) == 0)
        return make_exe(dir->pid, child);
    for (size_t i = 0; i < npid_texts; i++) {
        const struct proc_text *what = &pid_texts[i];
        if (strlen(what->name) == len && memcmp(what->name, name, len) == 0)
            return make_inode(what, dir->pid, MODE_FILE | what->rights, pid_ino(dir->pid, i + 1), child);
    }
    return 0;
}

static bool pid_next_entry(struct inode *dir, uint64_t *pos, struct dir_entry *e)
{
    size_t i = *pos - DIR_FIRST;
    if (i > npid_texts || !pid_exists(dir->pid))
        return false;
    const char *name = i < npid_texts ? pid_texts[i].name : "exe";
    ++*pos;
    e->ino = pid_ino(dir->pid, i + 1);
    e->mode = i < npid_texts ? MODE_FILE : MODE_LINK;
    e->name_len = strlen(name);
    memcpy(e->name, name, e->name_len);
    return true;
}

static const struct dir_ops pid_dir_ops = { .lookup = pid_lookup, .next = pid_next_entry };

static int make_self(struct inode **child)
{
    int err = make_inode(NULL, 0, MODE_LINK | 0777, pid_ino(0, 1), child);
    if (err != 0)
        return err;
    struct inode *link = *child;
    link->link.len = number_format(current()->pid, link->link.room);
    link->link.text = link->link.room;
    return 0;
}

static int root_lookup(struct inode *dir, const char *name, size_t len, struct inode **child)
{
    int pid = 0;
    if (len == 4 && memcmp(name, "self", 4) == 0)
        return make_self(child);
    for (size_t i = 0; i < len && len < 10; i++)
        pid = name[i] >= '0' && name[i] <= '9' && pid >= 0 ? pid * 10 + name[i] - '0' : -1;
    if (pid <= 0 || name[0] == '0' || !pid_exists(pid))
        return tmpfs_lookup(dir, name, len, child);
    int err = make_inode(NULL, pid, MODE_DIR | 0555, pid_ino(pid, 0), child);
    if (err == 0) {
        (*child)->dir.ops = &pid_dir_ops;
        (*child)->nlink = 2;
    }
    return err;
}

/* First what is always there, then self, then the processes. */
static bool root_next_entry(struct inode *dir, uint64_t *pos, struct dir_entry *e)
{
    enum { SELF_POS = 1 << 20, PIDS_POS };
    if (*pos < SELF_POS) {
        if (tmpfs_next(dir, pos, e))
            return true;
        *pos = SELF_POS;
    }
    if (*pos == SELF_POS) {
        *pos = PIDS_POS + 1;
        e->ino = pid_ino(0, 1);
        e->mode = MODE_LINK;
        e->name_len = 4;
        memcpy(e->name, "self", 4);
        return true;
    }
    int pid = *pos < (uint64_t)INT32_MAX ? pid_next((int)(*pos - PIDS_POS)) : 0;
    if (pid == 0)
        return false;
    *pos = (uint64_t)PIDS_POS + (uint64_t)pid + 1;
    e->ino = pid_ino(pid, 0);
    e->mode = MODE_DIR;
    e->name_len = number_format(pid, e->name);
    return true;
}

static const struct dir_ops root_dir_ops = { .lookup = root_lookup, .next = root_next_entry };

static const struct dir_ops fixed_dir_ops = { .lookup = tmpfs_lookup, .next = tmpfs_next };

/* Put a file or, without what, a directory into dir, for ever. */
static int add(struct inode *dir, const char *name, const struct proc_text *what, const struct dir_ops *ops, struct inode **out)
{
    static uint64_t last_ino;
    struct inode *inode;
    int err = make_inode(what, 0, what != NULL ? MODE_FILE | what->rights : MODE_DIR | 0555, ++last_ino, &inode);
    if (err != 0)
        return err;
    if (what == NULL) {
        inode->dir.ops = ops;
        inode->dir.last_pos = DIR_FIRST - 1;
    }
    err = tmpfs_add(dir, name, strlen(name), inode);
    inode_put(inode);
    if (err == 0 && out != NULL)
        *out = inode;
    return err;
}

int proc_mount(void)
{
    struct inode *sys, *vm;
    int err = add(root_inode, "proc", NULL, &root_dir_ops, &proc_root);
    if (err == 0)
        err = add(proc_root, "sys", NULL, &fixed_dir_ops, &sys);
    if (err == 0)
        err = add(sys, "vm", NULL, &fixed_dir_ops, &vm);
    for (size_t i = 0; i < ARRAY_LEN(vm_texts) && err == 0; i++)
        err = add(vm, vm_texts[i].name, &vm_texts[i], NULL, NULL);
    for (size_t i = 0; i < nroot_texts && err == 0; i++)
        err = add(proc_root, root_texts[i].name, &root_texts[i], NULL, NULL);
    return err;
}
