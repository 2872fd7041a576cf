/*
 * test.c - test a condition: test EXPRESSION. 0: true, 1: false, 2: no condition.
 */
#include "test_expression.h"

int main(int argc, char **argv)
{
    return test_expression(argc - 1, argv + 1);
}
