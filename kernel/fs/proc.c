/*
 * proc.c - /proc: what the kernel tells about itself, as text.
 * Owns: the nodes below /proc and the formats of proc(5) that Linux shares.
 * Does not own: the numbers (mm/stats.c, kernel/proc.c).
 */
#include <stdio.h>
#include <string.h>

#include "arch/context.h"
#include "kernel/boot.h"
#include "kernel/errno.h"
#include "kernel/fs/node.h"
#include "kernel/inject.h"
#include "kernel/number.h"
#include "kernel/proc.h"
#include "kernel/quiesce.h"
#include "kernel/time.h"
#include "kernel/trap.h"
#include "mm/addrspace.h"
#include "mm/check.h"
#include "mm/slab.h"
#include "mm/stats.h"

enum { USER_HZ = 100 };                 /* clock ticks of /proc/PID/stat: sysconf(_SC_CLK_TCK) */

/* ---- processes, seen from outside ---- */

/* What /proc/PID tells, copied under proc_lock. */
struct snapshot {
    int pid;                            /* asked for; 0: not found */
    int parent, pgid;
    char state;
    bool traced;
    char name[PROC_NAME_SIZE];
    struct fault_counts faults, child_faults;
    uint64_t run_ticks, child_ticks;
    size_t resident_pages;
    uint64_t size_bytes;                /* of address space */
};

static bool visit_snapshot(struct proc *p, void *arg)
{
    struct snapshot *s = arg;
    if (p->pid != s->pid)
        return true;
    *s = (struct snapshot){
        .pid = p->pid,
        .parent = p->parent != NULL ? p->parent->pid : 0,
        .pgid = p->pgid,
        .state = p->exited ? 'Z' : p->state == PROC_SLEEPING ? 'S' : 'R',
        .traced = p->traced,
        .child_faults = p->child_faults,
        .run_ticks = p->run_ticks,
        .child_ticks = p->child_ticks,
    };
    memcpy(s->name, p->name, sizeof(s->name));
    s->name[sizeof(s->name) - 1] = '\0';
    proc_faults(p, &s->faults);
    if (p->as != NULL) {                /* it is good: changed only under proc_lock, before as_put */
        s->resident_pages = p->as->pmap.resident;
        s->size_bytes = p->as->vmas.npages * PAGE_SIZE;
    }
    return false;
}

/* Returns 0, or -ESRCH when there is no such process any more. */
static int take_snapshot(int pid, struct snapshot *s)
{
    *s = (struct snapshot){ .pid = pid };
    proc_for_each(visit_snapshot, s);
    return s->state != '\0' ? 0 : -ESRCH;
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

int proc_pid_next(int first)
{
    struct pid_search search = { .first = first };
    proc_for_each(visit_search, &search);
    return search.found;
}

bool proc_pid_exists(int pid) { return proc_pid_next(pid) == pid; }

/* ---- texts ---- */

/* As snprintf, but the length of what is there. */
static long fits(int len, size_t size) { return len < 0 ? -EIO : (size_t)len < size ? len : (long)size - 1; }

static uint64_t ticks_to_clock(uint64_t ticks) { return time_ticks_to_ns(ticks) / (NSEC_PER_SEC / USER_HZ); }

/* proc(5), /proc/pid/stat: 24 fields, up to rss. */
static long pid_stat_text(int pid, char *buf, size_t size)
{
    struct snapshot s;
    if (take_snapshot(pid, &s) != 0)
        return -ESRCH;
    return fits(snprintf(buf, size, "%d (%s) %c %d %d %d 0 -1 0 %lu %lu 0 0 0 %lu 0 %lu 20 0 1 0 0 %lu %lu\n",
                         s.pid, s.name, s.state, s.parent, s.pgid, s.pgid, fault_counts_minor(&s.faults),
                         fault_counts_minor(&s.child_faults), ticks_to_clock(s.run_ticks), ticks_to_clock(s.child_ticks),
                         s.size_bytes, (uint64_t)s.resident_pages), size);
}

static long pid_vmstat_text(int pid, char *buf, size_t size)
{
    struct snapshot s;
    if (take_snapshot(pid, &s) != 0)
        return -ESRCH;
    size_t len = fault_counts_format(&s.faults, buf, size);
    return (long)len + fits(snprintf(buf + len, size - len, "nr_resident_pages %zu\n", s.resident_pages), size - len);
}

static long pid_strace_text(int pid, char *buf, size_t size)
{
    struct snapshot s;
    if (take_snapshot(pid, &s) != 0)
        return -ESRCH;
    return fits(snprintf(buf, size, "%d\n", s.traced), size);
}

static bool visit_trace(struct proc *p, void *arg)
{
    const struct snapshot *s = arg;
    if (p->pid == s->pid)
        p->traced = s->traced;
    return p->pid != s->pid;
}

static long pid_strace_command(int pid, unsigned long number)
{
    struct snapshot s = { .pid = pid, .traced = number != 0 };
    proc_for_each(visit_trace, &s);
    return 0;
}

/* "trap_store_page_fault 12" */
static size_t trap_row(uint64_t cause, char *buf, size_t size)
{
    long len = fits(snprintf(buf, size, "trap_%s %lu\n", trap_cause_name(cause), trap_count(cause)), size);
    for (char *c = buf; *c != '\0' && (c[1] < '0' || c[1] > '9'); c++)
        if (*c == ' ')
            *c = '_';
    return len;
}

static long vmstat_text(int pid, char *buf, size_t size)
{
    static const uint64_t causes[] = {
        TRAP_FETCH_PAGE, TRAP_LOAD_PAGE, TRAP_STORE_PAGE, TRAP_ECALL_USER, TRAP_ILLEGAL,
        TRAP_INTERRUPT | TRAP_SOFTWARE, TRAP_INTERRUPT | TRAP_TIMER, TRAP_INTERRUPT | TRAP_EXTERNAL,
    };
    (void)pid;
    size_t len = mm_vmstat_format(buf, size);
    for (size_t i = 0; i < ARRAY_LEN(causes); i++)
        len += trap_row(causes[i], buf + len, size - len);
    return len + fits(snprintf(buf + len, size - len, "boot_ticks %lu\nchaos %lu\n", boot_ticks, check_chaos_interval()),
                      size - len);
}

static long meminfo_text(int pid, char *buf, size_t size)
{
    (void)pid;
    return (long)mm_meminfo_format(buf, size);
}

static long uptime_text(int pid, char *buf, size_t size)
{
    uint64_t hundredths = time_ns() / (NSEC_PER_SEC / 100);
    (void)pid;
    return fits(snprintf(buf, size, "%lu.%02lu 0.00\n", hundredths / 100, hundredths % 100), size);
}

static long drop_caches_command(int pid, unsigned long number)
{
    (void)pid, (void)number;
    mm_drop_caches();
    return 0;
}

/* ---- for tests: the checked kernel only ---- */

/* Linux, "Fault injection capabilities infrastructure", but that it cannot be read: opening it would need memory. */
static long pid_fail_nth_command(int pid, unsigned long number)
{
    if (pid != current()->pid)
        return -EPERM;
    current()->fail_nth = number;
    return 0;
}

/* "function:line calls failures", for each allocation in the source. */
static long fail_sites_text(int pid, char *buf, size_t size)
{
    (void)pid;
    long len = 0;
    for (struct alloc_site *s = __alloc_sites_start; s < __alloc_sites_end; s++)
        len += fits(snprintf(buf + len, size - len, "%s:%u %u %u\n", s->function, s->line, s->calls, s->failures), size - len);
    return len;
}

/* ---- files ---- */

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
    text[text[len - 1] == '\n' ? len - 1 : len] = '\0';
    if (!parse_decimal(text, &number))
        return -EINVAL;
    err = (int)f->node->command(f->pid, number);
    return err != 0 ? err : (long)len;
}

static void proc_release(struct file *f)
{
    if (f->text != NULL)
        page_free(f->text);
}

const struct file_ops proc_file_ops = {
    .read = bytes_read, .write = proc_write, .seek = bytes_seek, .release = proc_release,
};

#define NAMED(literal) .name = (literal), .name_len = sizeof(literal) - 1

struct node proc_node = { NAMED("proc"), .mode = MODE_DIR | 0555, .ops = &dir_file_ops };
struct node proc_self_node = { NAMED("self"), .mode = MODE_DIR | 0555, .ops = &dir_file_ops };
struct node proc_pid_node = { NAMED("PID"), .mode = MODE_DIR | 0555, .ops = &dir_file_ops };
static struct node sys_node = { NAMED("sys"), .mode = MODE_DIR | 0555, .ops = &dir_file_ops };
static struct node sys_vm_node = { NAMED("vm"), .mode = MODE_DIR | 0555, .ops = &dir_file_ops };

#define TEXT(literal, rights, dir, ...)                                                                     \
    { NAMED(literal), .mode = MODE_FILE | (rights), .ops = &proc_file_ops, .parent = &(dir), __VA_ARGS__ }

static struct node texts[] = {
    TEXT("vmstat", 0444, proc_node, .text = vmstat_text),
    TEXT("meminfo", 0444, proc_node, .text = meminfo_text),
    TEXT("uptime", 0444, proc_node, .text = uptime_text),
    TEXT("drop_caches", 0200, sys_vm_node, .command = drop_caches_command),
    TEXT("stat", 0444, proc_pid_node, .text = pid_stat_text),
    TEXT("vmstat", 0444, proc_pid_node, .text = pid_vmstat_text),
    TEXT("strace", 0644, proc_pid_node, .text = pid_strace_text, .command = pid_strace_command),
}, test_texts[] = {
    TEXT("fail-sites", 0444, proc_node, .text = fail_sites_text),
    TEXT("fail-nth", 0200, proc_pid_node, .command = pid_fail_nth_command),
};

void proc_fs_init(void)
{
    node_attach(&root_node, &proc_node);
    node_attach(&proc_node, &proc_self_node);
    node_attach(&proc_node, &sys_node);
    node_attach(&sys_node, &sys_vm_node);
    /* Reached by pid only (path.c, step()): it has a parent but stands in no list. */
    proc_pid_node.parent = &proc_node;
    proc_pid_node.ino = UINT32_MAX;
    proc_pid_node.children_end = &proc_pid_node.children;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        node_attach(texts[i].parent, &texts[i]);
    for (size_t i = 0; CHECKED && i < ARRAY_LEN(test_texts); i++)
        node_attach(test_texts[i].parent, &test_texts[i]);
}
