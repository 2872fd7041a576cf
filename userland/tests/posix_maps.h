/*
 * posix_maps.h - what the parts of posix that map memory share.
 * Owns: mapping with the failure of the case, what /proc/self/maps says of a range, loads and stores that may kill.
 */
#ifndef TESTS_POSIX_MAPS_H
#define TESTS_POSIX_MAPS_H

#include <signal.h>
#include <sys/mman.h>

#include "posix.h"

/* Where a case must know: not on this kernel, but on the one that says what is right. */
bool on_linux(void);

/* A sanitized program has reserved terabytes. */
#ifdef __SANITIZE_ADDRESS__
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

#define PAGES(n) ((size_t)(n) * PAGE_BYTES)

#define RW (PROT_READ | PROT_WRITE)
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)
#define SHARED  (MAP_SHARED | MAP_ANONYMOUS)

/* Addresses where nothing is mapped; at least as much is free below and above. */
char *free_range(size_t npages);

/* Map; these fail the case when refused. Anonymous memory; the same exactly there; npages of a file from page first on. */
char *map(size_t npages, int protection, int flags);
char *map_there(char *there, size_t npages, int protection, int flags);
char *map_file(int fd, size_t first, size_t npages, int protection, int flags);

/*
 * Fails unless /proc/self/maps has exactly this from start on, a letter for each page:
 *   .  nothing                     -  private, no rights       =  shared, no rights
 *   r  private, to be read         R  shared, to be read
 *   w  private, to be written      W  shared, to be written
 *   x  private, to be executed     X  shared, to be executed
 *   a  private, all rights         A  shared, all rights
 * How many mappings the kernel makes of equal neighbours is not looked at.
 */
#define check_map(start, letters) posix_check_map(__FILE__, __LINE__, start, letters)
void posix_check_map(const char *file, int line, const char *start, const char *letters);

/* How many mappings there are. */
size_t maps_count(void);

/* A new file; each byte of its first page is 'a', of its second 'b', and so on. Open for reading and writing. */
int file_of_pages(const char *path, size_t npages);

/* Fails unless each of len bytes is byte; also when they cannot be read. */
#define check_bytes(start, len, byte) posix_check_bytes(__FILE__, __LINE__, start, len, byte)
void posix_check_bytes(const char *file, int line, const char *start, size_t len, char byte);

/* The same, of a file's contents. */
#define check_file_bytes(fd, offset, len, byte) posix_check_file_bytes(__FILE__, __LINE__, fd, offset, len, byte)
void posix_check_file_bytes(const char *file, int line, int fd, off_t offset, size_t len, char byte);

/* What a child does that is expected to die, or not to. */
void load_there(uintptr_t va);
void store_there(uintptr_t va);
void call_there(uintptr_t va);

#define check_load_ok(p)              expect_ok(load_there, p)
#define check_store_ok(p)             expect_ok(store_there, p)
#define check_load_dies(p, signal)    expect_death(load_there, p, signal)
#define check_store_dies(p, signal)   expect_death(store_there, p, signal)

/* The number in a row "NAME: number kB" of /proc/self/status, in pages. -1: there is no such row. */
long status_pages(const char *row);

/* Parent and child take turns. Each direction has its own. */
struct turns {
    int fds[2];
};
struct turns turns_make(void);
void turn_give(struct turns turns);
void turn_wait(struct turns turns);

#endif
