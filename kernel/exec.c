/*
 * exec.c - from an ELF file to an address space.
 * Owns: finding a script's interpreter, reading the headers, mapping the segments, the first stack.
 * Does not own: bringing anything in (mm/fault.c: text is case B1, data B2, bss and stack B3).
 *
 * The new address space is built beside the old one, which is given up only when nothing can fail
 * any more.
 *
 *   USER_END - page   stack, RLIMIT_STACK, filled as it is touched; an unmapped gap below
 *        |            the page that signal handlers return to
 *        |            (mappings, top-down)
 *        |            heap, from the page after bss upwards
 *   p_vaddr           segments, as the file says (from PIE_BASE on, if it can lie anywhere); page 0 is never mapped
 *
 *   the first stack, from the top: strings of argv and envp, program path, 16 random bytes, auxv, NULL, envp, NULL, argv, argc
 */
#include <string.h>

#include "kernel/core/boot.h"
#include "kernel/elf.h"
#include "kernel/core/errno.h"
#include "kernel/exec.h"
#include "kernel/fs/inode.h"
#include "kernel/handler.h"
#include "kernel/core/panic.h"
#include "kernel/core/time.h"
#include "kernel/core/trace.h"
#include "kernel/proc.h"
#include "kernel/check/quiesce.h"
#include "mm/addrspace.h"
#include "mm/object.h"
#include "mm/uaccess.h"

#define STACK_MIN     (256ul << 10)          /* bytes, whatever RLIMIT_STACK says */
#define STACK_MAX     (1ul << 30)
#define STACK_TOP     (USER_END - PAGE_SIZE)
#define PHNUM_MAX     (PAGE_SIZE / sizeof(Elf64_Phdr))
#define SCRIPTS_MAX   5                 /* one that is the interpreter of the next, and so on: Linux's limit */
#define SCRIPT_LINE   256               /* bytes of a script that are looked at */
#define STRING_MAX    (128ul << 10)     /* bytes of one argument, NUL included: Linux's MAX_ARG_STRLEN */
#define RANDOM_BYTES  16
#define PIE_BASE      (1ul << 30)       /* a multiple of any alignment that a linker asks for */

struct program {
    struct addrspace *as;
    struct inode *inode;
    Elf64_Ehdr header;
    Elf64_Phdr *phdrs;                  /* in a page of their own */
    vaddr_t end;                        /* of the highest segment, page aligned */
    unsigned last_prot;                 /* of the page below end */
    vaddr_t phdrs_va;                   /* where the program finds its headers; 0: nowhere */
    size_t stack_bytes;                 /* RLIMIT_STACK */
    vaddr_t trampoline;
    struct program_id id;
    char (*lines)[SCRIPT_LINE + 1];     /* of the scripts, cut into words */
    const char **front;                 /* what comes before the caller's argv; NULL at the end */
};

/* ---- headers ---- */

/* What can lie anywhere has addresses from 0 on. Sums that overflow are refused, if they do harm, where segments are mapped. */
static void move_to_base(struct program *prog)
{
    prog->header.e_entry += PIE_BASE;
    for (unsigned i = 0; i < prog->header.e_phnum; i++)
        prog->phdrs[i].p_vaddr += PIE_BASE;
}

static int read_headers(struct program *prog)
{
    Elf64_Ehdr *h = &prog->header;
    int err = object_read(prog->inode->object, 0, h, sizeof *h);
    if (err != 0)
        return err == -ENXIO ? -ENOEXEC : err;
    if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 || h->e_ident[EI_CLASS] != ELFCLASS64 ||
        h->e_ident[EI_DATA] != ELFDATA2LSB || (h->e_type != ET_EXEC && h->e_type != ET_DYN) || h->e_machine != EM_RISCV ||
        h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phnum == 0 || h->e_phnum > PHNUM_MAX)
        return -ENOEXEC;
    err = object_read(prog->inode->object, h->e_phoff, prog->phdrs, h->e_phnum * sizeof(Elf64_Phdr));
    if (err == 0 && h->e_type == ET_DYN)
        move_to_base(prog);
    return err == -ENXIO ? -ENOEXEC : err;
}

/*
 * execve(2), "Interpreter scripts": a file that begins with "#!interpreter argument" has the
 * interpreter run, with the argument (the rest of the line, one word) if there is any, the script's
 * path, and what the caller's argv has after its first word.
 */
static int find_program(struct program *prog, const char *path)
{
    static const char blanks[] = " \t";
    for (unsigned depth = 0;; depth++) {
        int err = read_headers(prog);
        if (err != -ENOEXEC)
            return err;
        char *line = prog->lines[depth], unused[PROC_NAME_SIZE];
        size_t size = object_size(prog->inode->object), len = size < SCRIPT_LINE ? size : SCRIPT_LINE;
        line[len] = '\0';
        err = object_read(prog->inode->object, 0, line, len);
        if (err != 0 || strncmp(line, "#!", 2) != 0)
            return err == -ENOMEM ? err : -ENOEXEC;
        if (depth == SCRIPTS_MAX)
            return -ELOOP;
        char *name = line + 2 + strspn(line + 2, blanks), *name_end = name + strcspn(name, " \t\n");
        char *end = line + strcspn(line, "\n");
        if (name == name_end || name_end == line + SCRIPT_LINE)        /* none, or one that goes on where we do not look */
            return -ENOEXEC;
        if (end == line + SCRIPT_LINE)
            end--;                      /* an argument is cut, as on Linux */
        while (end > name_end && strchr(blanks, end[-1]) != NULL)
            end--;
        *end = '\0';
        char *argument = name_end + strspn(name_end, blanks);
        if (depth == 0)
            *--prog->front = path;
        if (*argument != '\0')
            *--prog->front = argument;
        *name_end = '\0';
        *--prog->front = name;
        struct inode *interpreter;
        err = fs_open_exec(name, &interpreter, unused);
        if (err != 0)
            return err;
        fs_close_exec(prog->inode);
        prog->inode = interpreter;
    }
}

static unsigned segment_prot(const Elf64_Phdr *ph)
{
    unsigned prot = 0;
    if (ph->p_flags & PF_R)
        prot |= PROT_READ;
    if (ph->p_flags & PF_W)
        prot |= PROT_READ | PROT_WRITE;         /* Sv39 reserves W without R */
    if (ph->p_flags & PF_X)
        prot |= PROT_EXEC;
    return prot;
}

/* A segment within the file and user space, its place in a page the same in both, after all segments before it. */
static bool segment_valid(const struct program *prog, const Elf64_Phdr *ph)
{
    vaddr_t end;
    size_t size = object_size(prog->inode->object);
    return ph->p_filesz <= ph->p_memsz && ph->p_offset <= size && ph->p_filesz <= size - ph->p_offset &&
           !__builtin_add_overflow(ph->p_vaddr, ph->p_memsz, &end) && end <= STACK_TOP - prog->stack_bytes - VMA_STACK_GAP &&
           ph->p_vaddr >= PAGE_SIZE && (ph->p_vaddr - ph->p_offset) % PAGE_SIZE == 0 &&
           page_up(ph->p_vaddr) >= prog->end;
}

/* ---- segments ---- */

static int map(struct program *prog, vaddr_t start, vaddr_t end, unsigned prot, struct vm_object *object, uint64_t index)
{
    if (start == end)
        return 0;
    struct map_request req = { .prot = prot, .fixed = true, .object = object, .object_index = index };
    vaddr_t unused;
    int err = as_map(prog->as, start, end - start, &req, &unused);
    return err == -EEXIST || err == -EINVAL ? -ENOEXEC : err;
}

/* Copy [at, at + len) of the file to va in the new address space. */
static int copy_from_file(struct program *prog, vaddr_t va, size_t at, size_t len)
{
    char piece[256];
    for (size_t done = 0; done < len;) {
        size_t n = len - done < sizeof piece ? len - done : sizeof piece;
        int err = object_read(prog->inode->object, at + done, piece, n);
        if (err == 0)
            err = copy_to_user(prog->as, va + done, piece, n, NULL);
        if (err != 0)
            return err;
        done += n;
    }
    return 0;
}

/*
 * The first page of this segment is also the last of the one before: it has the union of their
 * rights, and its bytes come from both, so it cannot be a page of the file.
 */
static int share_page(struct program *prog, const Elf64_Phdr *ph, unsigned prot)
{
    vaddr_t page = page_down(ph->p_vaddr);
    unsigned both = prot | prog->last_prot;
    if ((both & PROT_WRITE) && (both & PROT_EXEC))
        return -ENOEXEC;
    int err = as_protect(prog->as, page, PAGE_SIZE, PROT_READ | PROT_WRITE);
    size_t len = page + PAGE_SIZE - ph->p_vaddr < ph->p_filesz ? page + PAGE_SIZE - ph->p_vaddr : ph->p_filesz;
    if (err == 0)
        err = copy_from_file(prog, ph->p_vaddr, ph->p_offset, len);
    if (err == 0)
        err = zero_user(prog->as, ph->p_vaddr + len, page + PAGE_SIZE - (ph->p_vaddr + len), NULL);
    if (err == 0)
        err = as_protect(prog->as, page, PAGE_SIZE, both);
    prog->last_prot = both;
    return err;
}

/* The file's last page of a segment with bss shows the file's next bytes: zero them, whatever the segment's rights are. */
static int zero_tail(struct program *prog, vaddr_t file_end, unsigned prot)
{
    vaddr_t page = page_down(file_end);
    int err = 0;
    if (file_end == page)
        return 0;
    if (!(prot & PROT_WRITE))
        err = as_protect(prog->as, page, PAGE_SIZE, PROT_READ | PROT_WRITE);
    if (err == 0)
        err = zero_user(prog->as, file_end, page + PAGE_SIZE - file_end, NULL);
    if (err == 0 && !(prot & PROT_WRITE))
        err = as_protect(prog->as, page, PAGE_SIZE, prot);
    return err;
}

static int map_segment(struct program *prog, const Elf64_Phdr *ph)
{
    if (!segment_valid(prog, ph))
        return -ENOEXEC;
    if (ph->p_memsz == 0)
        return 0;
    unsigned prot = segment_prot(ph);
    vaddr_t start = page_down(ph->p_vaddr), end = page_up(ph->p_vaddr + ph->p_memsz);
    vaddr_t file_end = ph->p_vaddr + ph->p_filesz;
    vaddr_t mapped_end = ph->p_filesz > 0 ? page_up(file_end) : start;
    uint64_t index = ph->p_offset >> PAGE_SHIFT;
    int err = 0;
    if (start < prog->end) {
        err = share_page(prog, ph, prot);
        start += PAGE_SIZE;
        index++;
        if (mapped_end < start)
            mapped_end = start;
    }
    if (err == 0 && mapped_end > start)
        err = map(prog, start, mapped_end, prot, prog->inode->object, index);
    if (err == 0)
        err = map(prog, mapped_end, end, prot, NULL, 0);
    if (err == 0 && ph->p_memsz > ph->p_filesz && file_end >= start && file_end < mapped_end)
        err = zero_tail(prog, file_end, prot);
    if (err != 0)
        return err;
    if (end > start) {
        prog->end = end;
        prog->last_prot = prot;
    }
    if (ph->p_offset <= prog->header.e_phoff &&
        prog->header.e_phoff + prog->header.e_phnum * sizeof(Elf64_Phdr) <= ph->p_offset + ph->p_filesz)
        prog->phdrs_va = ph->p_vaddr + (prog->header.e_phoff - ph->p_offset);
    return 0;
}

static int map_program(struct program *prog)
{
    bool any = false;
    for (unsigned i = 0; i < prog->header.e_phnum; i++) {
        const Elf64_Phdr *ph = &prog->phdrs[i];
        if (ph->p_type == PT_INTERP)
            return -ENOEXEC;
        if (ph->p_type != PT_LOAD)
            continue;
        int err = map_segment(prog, ph);
        if (err != 0)
            return err;
        any = true;
    }
    if (!any || prog->end == 0)
        return -ENOEXEC;
    as_set_brk_base(prog->as, prog->end);
    static const struct map_request stack = { .prot = PROT_READ | PROT_WRITE, .kind = VMA_STACK, .fixed = true };
    vaddr_t unused;
    return as_map(prog->as, STACK_TOP - prog->stack_bytes, prog->stack_bytes, &stack, &unused);
}

/* ---- arguments ---- */

static int fetch(struct addrspace *as, void *dst, vaddr_t src, size_t len)
{
    if (as != NULL)
        return copy_from_user(as, dst, src, len, NULL);
    memcpy(dst, (const void *)src, len);
    return 0;
}

/* The length of a string with its NUL. */
static long string_size(struct addrspace *as, vaddr_t src)
{
    if (as == NULL)
        return strlen((const char *)src) + 1;
    char piece[128];
    for (size_t len = 0; len < STRING_MAX; len += sizeof piece) {
        long n = string_from_user(as, piece, src + len, sizeof piece, -E2BIG);
        if (n != -E2BIG)
            return n < 0 ? n : (long)len + n + 1;
    }
    return -E2BIG;
}

struct list {
    struct addrspace *as;               /* where it is; NULL: in the kernel's memory */
    vaddr_t array;
    size_t count;
};

/* Count list's strings, and take what they and their addresses need from *bytes_left. */
static int measure(struct list *list, size_t *bytes_left)
{
    while (list->array != 0) {
        vaddr_t string;
        int err = fetch(list->as, &string, list->array + list->count * sizeof string, sizeof string);
        if (err != 0)
            return err;
        if (string == 0)
            break;
        long size = string_size(list->as, string);
        if (size < 0)
            return size;
        if (size + sizeof string > *bytes_left)
            return -E2BIG;
        *bytes_left -= size + sizeof string;
        list->count++;
        thread_let_others();
    }
    return 0;
}

/* Copy list's strings to *strings and their addresses to *vector, both moving up. */
static int place(struct program *prog, const struct list *list, vaddr_t *strings, vaddr_t strings_end, vaddr_t *vector)
{
    char piece[256];
    for (size_t i = 0; i < list->count; i++) {
        vaddr_t from;
        int err = fetch(list->as, &from, list->array + i * sizeof from, sizeof from);
        if (err == 0)
            err = copy_to_user(prog->as, *vector, strings, sizeof *strings, NULL);
        for (bool more = true; more && err == 0;) {
            /* Not beyond the string's page: what follows it may not be there. */
            size_t n = PAGE_SIZE - (from & PAGE_MASK);
            if (n > sizeof piece)
                n = sizeof piece;
            err = fetch(list->as, piece, from, n);
            const char *nul = err == 0 ? memchr(piece, '\0', n) : NULL;
            if (nul != NULL)
                n = nul + 1 - piece;
            if (err == 0 && n > strings_end - *strings)
                err = -EFAULT;                  /* it has grown since it was measured */
            if (err == 0)
                err = copy_to_user(prog->as, *strings, piece, n, NULL);
            *strings += n;
            from += n;
            more = nul == NULL;
        }
        if (err != 0)
            return err;
        *vector += sizeof(vaddr_t);
        thread_let_others();
    }
    return 0;
}

/* Build the first stack. *sp: where the program finds argc. */
static int build_stack(struct program *prog, const struct exec_args *args, const char *path, vaddr_t *sp)
{
    struct list argv = { args->as, args->argv, 0 }, envp = { args->as, args->envp, 0 }, front = { NULL, 0, 0 };
    size_t bytes_max = prog->stack_bytes / 4 < EXEC_ARG_MAX ? prog->stack_bytes / 4 : EXEC_ARG_MAX;
    size_t bytes_left = bytes_max, path_size = strlen(path) + 1;
    vaddr_t argv0 = 0;
    int err = *prog->front != NULL && argv.array != 0 ? fetch(argv.as, &argv0, argv.array, sizeof argv0) : 0;
    if (argv0 != 0)
        argv.array += sizeof argv0;             /* a script's path stands for it */
    if (err == 0)
        err = measure(&argv, &bytes_left);
    if (argv.count == 0 && *prog->front == NULL)
        *--prog->front = "";                    /* Linux, since 5.18: programs rely on argv[0] */
    front.array = (vaddr_t)prog->front;
    if (err == 0)
        err = measure(&front, &bytes_left);
    if (err == 0)
        err = measure(&envp, &bytes_left);
    if (err != 0)
        return err;
    uint64_t argc = front.count + argv.count, random[RANDOM_BYTES / 8] = { random_u64(), random_u64() };
    size_t string_bytes = bytes_max - bytes_left - (argc + envp.count) * sizeof(vaddr_t);

    vaddr_t path_va = STACK_TOP - path_size;
    vaddr_t random_va = path_va - RANDOM_BYTES;
    vaddr_t strings_end = random_va, strings = strings_end - string_bytes;
    uint64_t auxv[][2] = {
        { AT_PHDR, prog->phdrs_va },         { AT_PHENT, sizeof(Elf64_Phdr) }, { AT_PHNUM, prog->header.e_phnum },
        { AT_PAGESZ, PAGE_SIZE },            { AT_ENTRY, prog->header.e_entry }, { AT_UID, 0 },
        { AT_EUID, 0 },                      { AT_GID, 0 },                    { AT_EGID, 0 },
        { AT_SECURE, 0 },                    { AT_CLKTCK, USER_HZ },           { AT_RANDOM, random_va },
        { AT_EXECFN, path_va },              { AT_HWCAP, HWCAP_RV64GC },       { AT_NULL, 0 },
    };
    size_t vector_bytes = (1 + argc + 1 + envp.count + 1) * sizeof(vaddr_t) + sizeof auxv;
    *sp = (strings - vector_bytes) & ~15ul;     /* psABI: the stack pointer is a multiple of 16 */

    vaddr_t vector = *sp + sizeof argc;
    err = copy_to_user(prog->as, *sp, &argc, sizeof argc, NULL);
    prog->id.args_start = strings;
    if (err == 0)
        err = place(prog, &front, &strings, strings_end, &vector);
    if (err == 0)
        err = place(prog, &argv, &strings, strings_end, &vector);
    prog->id.args_end = strings;
    vector += sizeof vector;                    /* the NULL is there already: the stack is zero-filled */
    if (err == 0)
        err = place(prog, &envp, &strings, strings_end, &vector);
    vector += sizeof vector;
    if (err == 0)
        err = copy_to_user(prog->as, vector, auxv, sizeof auxv, NULL);
    if (err == 0)
        err = copy_to_user(prog->as, random_va, random, sizeof random, NULL);
    if (err == 0)
        err = copy_to_user(prog->as, path_va, path, path_size, NULL);
    return err;
}

/* ---- exec ---- */

static int build(struct program *prog, const struct exec_args *args, const char *path, vaddr_t *sp)
{
    const struct as_limits limits = proc_memory_limits(current());
    size_t stack = current()->limits[RLIMIT_STACK].soft;
    prog->stack_bytes = page_up(stack < STACK_MIN ? STACK_MIN : stack > STACK_MAX ? STACK_MAX : stack);
    as_set_limits(prog->as, &limits);
    int err = find_program(prog, path);
    if (err == 0)
        err = map_program(prog);
    if (err == 0)
        err = trampoline_map(prog->as, &prog->trampoline);
    if (err == 0)
        err = build_stack(prog, args, path, sp);
    return err;
}

/* From here on nothing fails: the process becomes the new program. */
static void become(struct program *prog, vaddr_t sp)
{
    struct proc *p = current();
    trapframe_init(p->thread.tf, prog->header.e_entry, sp);
    p->thread.fp_used = false;
    const char *traced = boot_option("strace");
    if (traced != NULL && strcmp(traced, prog->id.name) == 0)
        p->traced = true;
    if (trace_on())
        trace_named(prog->as->pmap.root, TRACE_EXEC, prog->id.name, strlen(prog->id.name));
    signals_exec(prog->trampoline);
    proc_set_program(prog->as, &prog->id);
    prog->inode = proc_set_exe(p, prog->inode);         /* nobody can write to the new one now, but to the old one again */
    files_close_on_exec(p);                             /* last: a pipe that ends here tells others that the rest is done */
}

int proc_exec(const char *path, const struct exec_args *args)
{
    char lines[SCRIPTS_MAX + 1][SCRIPT_LINE + 1];
    const char *words[2 * SCRIPTS_MAX + 2];
    struct program prog = { .lines = lines, .front = &words[ARRAY_LEN(words) - 1] };
    *prog.front = NULL;
    vaddr_t sp;
    int err = fs_open_exec(path, &prog.inode, prog.id.name);
    if (err != 0)
        return err;
    struct page *page = page_alloc(PAGE_KERNEL);
    prog.as = page != NULL ? as_create() : NULL;
    err = -ENOMEM;
    if (prog.as != NULL) {
        prog.phdrs = page_address(page);
        err = build(&prog, args, path, &sp);
    }
    if (err == 0)
        become(&prog, sp);
    else if (prog.as != NULL)
        as_destroy(prog.as);
    if (page != NULL)
        page_free(page);
    fs_close_exec(prog.inode);
    check_point();
    return err;
}
