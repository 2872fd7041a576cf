/* number.h - decimal numbers from text and to text (strtoul would need errno in thread-local storage), and mixing one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Parse all of text, one or more decimal digits, into *number. False when it is anything else or does not fit. */
static inline bool parse_decimal(const char *text, unsigned long *number)
{
    unsigned long n = 0;
    const char *c = text;
    for (; *c >= '0' && *c <= '9'; c++)
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (unsigned long)(*c - '0'), &n))
            return false;
    *number = n;
    return c != text && *c == '\0';
}

/* SplitMix64's last step (Steele, Lea, Flood, OOPSLA 2014): every bit of n reaches every bit of the result. */
static inline uint64_t number_mix(uint64_t n)
{
    n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9ul;
    n = (n ^ n >> 27) * 0x94d049bb133111ebul;
    return n ^ n >> 31;
}

/* n > 0 in decimal digits, without NUL. Returns how many. */
static inline size_t number_format(int n, char digits[10])
{
    size_t len = 0;
    for (int rest = n; rest > 0; rest /= 10)
        len++;
    for (size_t i = len; i > 0; n /= 10)
        digits[--i] = (char)('0' + n % 10);
    return len;
}
