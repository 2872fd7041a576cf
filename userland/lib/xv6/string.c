/*
 * string.c - strings, blocks of memory and lines of input, with xv6's argument types.
 */
#include "kernel/types.h"
#include "user/user.h"

char *strcpy(char *to, const char *from)
{
    char *start = to;

    while ((*to++ = *from++))
        ;
    return start;
}

int strcmp(const char *a, const char *b)
{
    for (; *a && *a == *b; a++, b++)
        ;
    return (uchar)*a - (uchar)*b;
}

uint strlen(const char *string)
{
    uint n = 0;

    while (string[n])
        n++;
    return n;
}

/* Never finds the NUL, unlike C's. */
char *strchr(const char *string, char c)
{
    for (; *string; string++)
        if (*string == c)
            return (char *)string;
    return 0;
}

void *memset(void *to, int value, uint bytes)
{
    for (uint i = 0; i < bytes; i++)
        ((char *)to)[i] = (char)value;
    return to;
}

void *memmove(void *to, const void *from, int bytes)
{
    char *target = to;
    const char *source = from;

    if (target < source)
        for (int i = 0; i < bytes; i++)
            target[i] = source[i];
    else
        while (bytes-- > 0)
            target[bytes] = source[bytes];
    return to;
}

void *memcpy(void *to, const void *from, uint bytes)
{
    return memmove(to, from, (int)bytes);
}

int memcmp(const void *a, const void *b, uint bytes)
{
    const uchar *left = a, *right = b;

    for (uint i = 0; i < bytes; i++)
        if (left[i] != right[i])
            return left[i] - right[i];
    return 0;
}

/* Digits up to the first other character; no sign. */
int atoi(const char *string)
{
    int value = 0;

    for (; *string >= '0' && *string <= '9'; string++)
        value = value * 10 + (*string - '0');
    return value;
}

/* Read a line with its end, or what comes before the end of input: byte by byte, so that nothing after it is taken. */
char *gets(char *line, int max)
{
    int n = 0;
    char c;

    while (n + 1 < max && read(0, &c, 1) == 1) {
        line[n++] = c;
        if (c == '\n' || c == '\r')
            break;
    }
    line[n] = 0;
    return line;
}
