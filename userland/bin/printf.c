/*
 * printf.c - print by a format: printf FORMAT [ARGUMENT...]
 * %s %b %c %d %i %u %o %x %X %% with flags, width and precision; \n \t \r \a \b \f \v \\ \NNN. The format is used again while
 * there are arguments left.
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "tools.h"

static char **arguments;

static const char *next_argument(void) { return *arguments ? *arguments++ : ""; }

static long number(const char *text)
{
    char *end;

    if (*text == '\'' || *text == '"')
        return (unsigned char)text[1];
    errno = 0;
    long value = strtol(text, &end, 0);
    if (*end || errno) {
        warnx("%s: not a number", text);
        exit_status = 1;
    }
    return value;
}

/* The character after the backslash at text[0]; returns how far it reaches. */
static size_t print_escape(const char *text)
{
    static const char letters[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
    const char *letter = text[1] ? strchr(letters, text[1]) : NULL;
    size_t len = 1;
    int octal = 0;

    if (letter) {
        putchar(values[letter - letters]);
        return 2;
    }
    for (; len < 4 && text[len] >= '0' && text[len] <= '7'; len++)
        octal = octal * 8 + text[len] - '0';
    putchar(len > 1 ? octal : '\\');
    return len;
}

static void print_escaped(const char *text)
{
    while (*text) {
        if (*text == '\\')
            text += print_escape(text);
        else
            putchar(*text++);
    }
}

/* The conversion at text[0], a %; returns how far it reaches. */
static size_t print_conversion(const char *text)
{
    char format[32];
    size_t len = 1 + strspn(text + 1, "-+ #0123456789.");

    if (text[len] == '%' && len == 1) {
        putchar('%');
        return 2;
    }
    if (len >= sizeof(format) - 3 || !text[len] || !strchr("sbcdiuoxX", text[len]))
        errx(2, "%.*s: no such conversion", (int)len + 1, text);
    memcpy(format, text, len);
    switch (text[len]) {
    case 'b': print_escaped(next_argument()); break;
    case 's': case 'c':
        strcpy(format + len, text[len] == 'c' ? ".1s" : "s");
        printf(format, next_argument());
        break;
    default:
        sprintf(format + len, "l%c", text[len]);
        printf(format, number(next_argument()));
    }
    return len + 1;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--") == 0)
        argv++, argc--;
    if (argc < 2)
        wrong_usage("printf FORMAT [ARGUMENT...]");
    arguments = argv + 2;
    char **before;
    do {
        before = arguments;
        for (const char *format = argv[1]; *format;) {
            if (*format == '\\')
                format += print_escape(format);
            else if (*format == '%')
                format += print_conversion(format);
            else
                putchar(*format++);
        }
    } while (*arguments && arguments != before);
    return finish();
}
