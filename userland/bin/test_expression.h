/*
 * test_expression.h - the conditions of test(1), for the program and for the shell's built-ins `test` and `[`.
 */
#ifndef TEST_EXPRESSION_H
#define TEST_EXPRESSION_H

enum { TEST_TRUE = 0, TEST_FALSE = 1, TEST_ERROR = 2 };

/* words: after the command's name and, for `[`, without the last `]`. TEST_ERROR after a message. */
int test_expression(int nwords, char **words);

#endif
