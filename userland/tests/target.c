/*
 * target.c - the program that test programs exec: it looks at what exec made, and says by its exit status whether it is right.
 * Expected: status 0 (and a line "# target: ..." when not), except where the argument says otherwise.
 *
 * Usage: target exit N | args COUNT LENGTH | bss | heap | fp | descriptors FD... | hold FD | ballast | auxv
 */
#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/auxv.h>

#include <faultline.h>

#include "tap.h"

#define BALLAST_PAGES 32

extern char _end[];
extern char **environ;

static char zeroed[40 * PAGE_BYTES + 123];
static char data[PAGE_BYTES + 5] = "data";
/* Never read but by "ballast": pages of the file that need not be in memory. */
static const char ballast[BALLAST_PAGES * PAGE_BYTES] = { 1, 2, 3 };

/* Argument i of "args" is LENGTH letters, beginning with the i-th of the alphabet. */
static void verify_strings(char **strings, size_t count, size_t length)
{
    for (size_t i = 0; i < count; i++) {
        check_eq(strlen(strings[i]), length);
        for (size_t k = 0; k < length; k++)
            check_eq(strings[i][k], 'a' + (i + k) % 26);
    }
    check(strings[count] == NULL);
}

static int verify_args(char **argv)
{
    size_t count = atoi(argv[2]), length = atoi(argv[3]);

    verify_strings(argv + 4, count, length);
    verify_strings(environ, count, length);
    return 0;
}

static int verify_bss(void)
{
    for (size_t i = 0; i < sizeof(zeroed); i++)
        check_eq(peek_byte((uintptr_t)zeroed + i), 0);
    for (uintptr_t va = (uintptr_t)_end; va < page_up((uintptr_t)_end); va++)
        check_eq(peek_byte(va), 0);
    check_eq(strcmp(data, "data"), 0);
    memset(zeroed, 1, sizeof(zeroed));
    memset(data, 1, sizeof(data));
    return 0;
}

static int verify_heap(void)
{
    check_eq(heap_end(), page_up((uintptr_t)_end));
    uintptr_t start = heap_grow(100 * PAGE_BYTES);
    for (size_t offset = 0; offset < 100 * PAGE_BYTES; offset += 8)
        check_eq(peek(start + offset), 0);
    return 0;
}

/* A new program finds no trace of another's numbers in the floating-point registers. */
#define FP_OR(n) "fmv.x.d t0, f" #n "\n\tor %0, %0, t0\n\t"
static uint64_t fp_registers_or(void)
{
    uint64_t all = 0;

    __asm__ volatile(FP_OR(0) FP_OR(1) FP_OR(2) FP_OR(3) FP_OR(4) FP_OR(5) FP_OR(6) FP_OR(7) FP_OR(8) FP_OR(9) FP_OR(10)
                     FP_OR(11) FP_OR(12) FP_OR(13) FP_OR(14) FP_OR(15) FP_OR(16) FP_OR(17) FP_OR(18) FP_OR(19) FP_OR(20)
                     FP_OR(21) FP_OR(22) FP_OR(23) FP_OR(24) FP_OR(25) FP_OR(26) FP_OR(27) FP_OR(28) FP_OR(29) FP_OR(30)
                     FP_OR(31) "frcsr t0\n\tor %0, %0, t0"
                     : "+r"(all)
                     :
                     : "t0");
    return all;
}

/* The listed descriptors are open, and up to 63 no others. */
static int verify_descriptors(int argc, char **argv)
{
    uint64_t expected = 0;

    for (int i = 2; i < argc; i++)
        expected |= 1ull << atoi(argv[i]);
    for (int fd = 0; fd < 64; fd++) {
        bool is_open = lseek(fd, 0, SEEK_CUR) >= 0;
        if (!is_open) {
            int copy = dup(fd);
            is_open = copy >= 0;
            close(copy);
        }
        if (is_open != (expected >> fd & 1))
            fail("descriptor %d is %s", fd, is_open ? "open" : "closed");
    }
    return 0;
}

/* Say that it runs, then sleep until killed. */
__attribute__((noreturn)) static void hold(int fd)
{
    sleep_ms(1);                                /* now all that it needs is in memory, wherever the linker has put it */
    write(fd, "h", 1);
    for (;;)
        sleep_ms(1000 * 1000);
}

static int read_ballast(void)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < sizeof(ballast); i += PAGE_BYTES / 2)
        sum += peek_byte((uintptr_t)ballast + i);
    check_eq(sum, 1);
    return 0;
}

static int verify_auxv(void)
{
    check_eq(getauxval(AT_PAGESZ), PAGE_BYTES);
    check_eq(getauxval(AT_PHENT), sizeof(Elf64_Phdr));
    const Elf64_Phdr *headers = (const Elf64_Phdr *)getauxval(AT_PHDR);
    bool entry_is_text = false;
    for (size_t i = 0; i < getauxval(AT_PHNUM); i++)
        if (headers[i].p_type == PT_LOAD && headers[i].p_flags & PF_X)
            entry_is_text |= getauxval(AT_ENTRY) - headers[i].p_vaddr < headers[i].p_memsz;
    check(entry_is_text);
    return 0;
}

int main(int argc, char **argv)
{
    uint64_t fp = fp_registers_or();
    const char *what = argc > 1 ? argv[1] : "";

    if (strcmp(what, "exit") == 0)
        return atoi(argv[2]);
    if (strcmp(what, "args") == 0)
        return verify_args(argv);
    if (strcmp(what, "bss") == 0)
        return verify_bss();
    if (strcmp(what, "heap") == 0)
        return verify_heap();
    if (strcmp(what, "fp") == 0)
        check_eq(fp, 0);
    else if (strcmp(what, "descriptors") == 0)
        return verify_descriptors(argc, argv);
    else if (strcmp(what, "hold") == 0)
        hold(atoi(argv[2]));
    else if (strcmp(what, "ballast") == 0)
        return read_ballast();
    else if (strcmp(what, "auxv") == 0)
        return verify_auxv();
    else
        return 100 + argc;
    return 0;
}
