/*
 * tools.h - what the tools share: options, complaints, inputs, lines, names in a folder.
 * A tool's exit status is 0, 1 after a complaint about a file, 2 after wrong usage (grep, test and sort give 1 a meaning).
 */
#ifndef TOOLS_H
#define TOOLS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/types.h>

extern int exit_status;

/* "NAME: PATH: " and the text of errno; the exit status becomes 1. */
void complain(const char *path);

/* getopt(3), options before operands; a letter that is not among them ends the program with usage and status 2. */
int next_option(int argc, char **argv, const char *letters, const char *usage);
__attribute__((noreturn)) void wrong_usage(const char *usage);

/* A whole number that is not negative; what is no such number ends the program. */
long count_operand(const char *text);

/* The status for main to return: also checks that everything has been written. */
int finish(void);

/* Of the screen that standard output is; 0 rows and columns when it is none. */
struct winsize screen_size(void);

/* Memory, or the end of the program. */
void *allocate(size_t size);
void *reallocate(void *old, size_t size);
char *duplicate(const char *text);

/* Call use for each file that names names, which ends with NULL; "-", and no name at all, is standard input. */
void each_input(char **names, void (*use)(FILE *in, const char *name));

/* A line with its newline, if it has one, and a NUL. Its length, or -1 at the end. */
struct line {
    char *text;
    size_t capacity;
};
ssize_t read_line(FILE *in, struct line *line);

/* Write everything that from has to to. False after a complaint about name. */
bool copy_descriptor(int from, int to, const char *name);

/* "folder/name", for free(). */
char *path_in(const char *folder, const char *name);
const char *base_name(const char *path);

/* The names in a folder but "." and "..", sorted, ended by NULL; NULL and errno. For free_names(). */
char **names_in(const char *folder);
char **paths_in(const char *folder);            /* the same as path_in(folder, name) */
void free_names(char **names);

/* target itself, or the path in it that source gets when target is a folder. For free(). */
char *target_path(const char *source, const char *target);
bool is_folder(const char *path);

/* "drwxr-xr-x" */
const char *mode_letters(mode_t mode);

#endif
