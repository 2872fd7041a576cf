/*
 * date.c - the date and time, UTC: date [-u] [+FORMAT]      (FORMAT: strftime(3))
 */
#include <err.h>
#include <time.h>
#include <unistd.h>
#include "tools.h"

int main(int argc, char **argv)
{
    static const char usage[] = "date [-u] [+FORMAT]";
    char text[1024];

    while (next_option(argc, argv, "u", usage) != -1)
        ;
    const char *format = optind < argc ? argv[optind] : "+%a %b %e %H:%M:%S UTC %Y";
    if (argc - optind > 1 || format[0] != '+')
        wrong_usage(usage);
    time_t now = time(NULL);
    text[0] = '\0';
    if (format[1] && strftime(text, sizeof(text), format + 1, gmtime(&now)) == 0)
        errx(1, "a date of more than %zu bytes", sizeof(text) - 1);
    puts(text);
    return finish();
}
