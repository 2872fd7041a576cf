/*
 * tools.c - what the tools share. Contracts: tools.h.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include "tools.h"

int exit_status;

void complain(const char *path)
{
    warn("%s", path);
    exit_status = 1;
}

void wrong_usage(const char *usage)
{
    errx(2, "usage: %s", usage);
}

int next_option(int argc, char **argv, const char *letters, const char *usage)
{
    char in_order[32];                  /* POSIX: the first operand ends the options */

    if (optind < argc && strcmp(argv[optind], "-") == 0)
        return -1;                      /* an operand, though picolibc's getopt does not know it */
    snprintf(in_order, sizeof(in_order), "+%s", letters);
    opterr = 0;
    int option = getopt(argc, argv, in_order);

    if (option == '?' || option == ':')
        wrong_usage(usage);
    return option;
}

long count_operand(const char *text)
{
    char *end;

    errno = 0;
    long value = strtol(text, &end, 10);
    if (end == text || *end || errno || value < 0)
        errx(2, "%s: not a count", text);
    return value;
}

int finish(void)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        err(exit_status > 1 ? exit_status : 1, "write");
    return exit_status;
}

struct winsize screen_size(void)
{
    struct winsize size = { 0 };

    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    return size;
}

void *reallocate(void *old, size_t size)
{
    void *grown = realloc(old, size ? size : 1);

    if (!grown)
        errx(2, "out of memory");
    return grown;
}

void *allocate(size_t size) { return reallocate(NULL, size); }

char *duplicate(const char *text) { return strcpy(allocate(strlen(text) + 1), text); }

void each_input(char **names, void (*use)(FILE *in, const char *name))
{
    char *only_stdin[] = { "-", NULL };

    for (char **name = *names ? names : only_stdin; *name; name++) {
        bool standard = strcmp(*name, "-") == 0;
        FILE *in = standard ? stdin : fopen(*name, "r");
        if (!in) {
            complain(*name);
            continue;
        }
        use(in, standard ? "standard input" : *name);
        if (ferror(in))
            complain(*name);
        if (!standard)
            fclose(in);
    }
}

ssize_t read_line(FILE *in, struct line *line)
{
    size_t len = 0;
    int c;

    while ((c = getc(in)) != EOF) {
        if (len + 2 > line->capacity) {
            line->capacity = 2 * line->capacity + 128;
            line->text = reallocate(line->text, line->capacity);
        }
        line->text[len++] = c;
        if (c == '\n')
            break;
    }
    if (len == 0)
        return -1;
    line->text[len] = '\0';
    return len;
}

static bool write_all_of(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes += written;
        len -= written;
    }
    return true;
}

bool copy_descriptor(int from, int to, const char *name)
{
    static char buffer[16384];
    ssize_t nread;

    while ((nread = read(from, buffer, sizeof(buffer))) > 0 || (nread < 0 && errno == EINTR))
        if (nread > 0 && !write_all_of(to, buffer, nread)) {
            complain(to == STDOUT_FILENO ? "write" : name);
            return false;
        }
    if (nread < 0)
        complain(name);
    return nread == 0;
}

char *path_in(const char *folder, const char *name)
{
    size_t len = strlen(folder);
    const char *slash = len > 0 && folder[len - 1] == '/' ? "" : "/";
    char *path = allocate(len + strlen(name) + 2);

    sprintf(path, "%s%s%s", folder, slash, name);
    return path;
}

const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] ? slash + 1 : path;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

char **names_in(const char *folder)
{
    struct dirent *entry;
    char **names = allocate(sizeof(*names));
    size_t n = 0, capacity = 1;

    DIR *dir = opendir(folder);
    if (!dir) {
        free(names);
        return NULL;
    }
    for (errno = 0; (entry = readdir(dir)); errno = 0) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (n + 1 == capacity)
            names = reallocate(names, (capacity *= 2) * sizeof(*names));
        names[n++] = duplicate(entry->d_name);
    }
    if (errno)
        complain(folder);
    closedir(dir);
    names[n] = NULL;
    qsort(names, n, sizeof(*names), by_name);
    return names;
}

char **paths_in(const char *folder)
{
    char **names = names_in(folder);

    for (char **name = names; name && *name; name++) {
        char *path = path_in(folder, *name);
        free(*name);
        *name = path;
    }
    return names;
}

void free_names(char **names)
{
    for (char **name = names; *name; name++)
        free(*name);
    free(names);
}

bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *target_path(const char *source, const char *target)
{
    if (!is_folder(target))
        return duplicate(target);
    char *copy = duplicate(source);
    for (size_t len = strlen(copy); len > 1 && copy[len - 1] == '/'; len--)
        copy[len - 1] = '\0';
    char *path = path_in(target, base_name(copy));
    free(copy);
    return path;
}

const char *mode_letters(mode_t mode)
{
    static char letters[11];

    strcpy(letters, "-rwxrwxrwx");
    for (int i = 0; i < 9; i++)
        if (!(mode & 0400 >> i))
            letters[i + 1] = '-';
    switch (mode & S_IFMT) {
    case S_IFDIR: letters[0] = 'd'; break;
    case S_IFCHR: letters[0] = 'c'; break;
    case S_IFBLK: letters[0] = 'b'; break;
    case S_IFLNK: letters[0] = 'l'; break;
    case S_IFIFO: letters[0] = 'p'; break;
    case S_IFSOCK: letters[0] = 's'; break;
    }
    if (mode & 01000)
        letters[9] = mode & 1 ? 't' : 'T';
    return letters;
}
