/*
 * printf.c - formatted output with xv6's few formats.
 * One call makes one write where the text is short enough, so that lines of several processes do not mix.
 */
#include <stdarg.h>
#include <stdbool.h>

#include "kernel/types.h"
#include "user/user.h"

#define PIECE_BYTES 128

struct output {
    int fd, used;
    char piece[PIECE_BYTES];
};

static void flush(struct output *out)
{
    if (out->used > 0)
        write(out->fd, out->piece, out->used);
    out->used = 0;
}

static void put(struct output *out, char c)
{
    if (out->used == PIECE_BYTES)
        flush(out);
    out->piece[out->used++] = c;
}

static void put_string(struct output *out, const char *string)
{
    for (string = string ? string : "(null)"; *string; string++)
        put(out, *string);
}

static void put_number(struct output *out, uint64 value, uint base)
{
    char digits[20];                    /* 2^64 in decimal */
    int n = 0;

    do
        digits[n++] = "0123456789ABCDEF"[value % base];
    while ((value /= base) != 0);
    while (n > 0)
        put(out, digits[--n]);
}

static void put_signed(struct output *out, long value)
{
    if (value < 0)
        put(out, '-');
    put_number(out, value < 0 ? -(uint64)value : (uint64)value, 10);
}

static void put_pointer(struct output *out, uint64 value)
{
    put_string(out, "0x");
    for (int shift = 60; shift >= 0; shift -= 4)
        put_number(out, value >> shift & 15, 16);
}

/* One conversion, at what follows the %. Returns the last character of it. */
static const char *convert(struct output *out, const char *format, va_list *args)
{
    bool is_long = false;

    while (*format == 'l' && (format[1] == 'l' || format[1] == 'd' || format[1] == 'u' || format[1] == 'x')) {
        is_long = true;
        format++;
    }
    switch (*format) {
    case 'd': put_signed(out, is_long ? va_arg(*args, long) : va_arg(*args, int)); break;
    case 'u': put_number(out, is_long ? va_arg(*args, uint64) : va_arg(*args, uint), 10); break;
    case 'x': put_number(out, is_long ? va_arg(*args, uint64) : va_arg(*args, uint), 16); break;
    case 'l': put_number(out, va_arg(*args, uint64), 10); break;
    case 'p': put_pointer(out, va_arg(*args, uint64)); break;
    case 's': put_string(out, va_arg(*args, const char *)); break;
    case 'c': put(out, (char)va_arg(*args, int)); break;
    case '%': put(out, '%'); break;
    case 0: return format - 1;
    default:                            /* shown, so that the mistake is seen */
        put(out, '%');
        put(out, *format);
    }
    return format;
}

static void print(int fd, const char *format, va_list *args)
{
    struct output out = { .fd = fd };

    for (; *format; format++) {
        if (*format == '%')
            format = convert(&out, format + 1, args);
        else
            put(&out, *format);
    }
    flush(&out);
}

void fprintf(int fd, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print(fd, format, &args);
    va_end(args);
}

void printf(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print(1, format, &args);
    va_end(args);
}
