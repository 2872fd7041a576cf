/*
 * seal.h - results that nobody else can print: what scripts/lab grade asks of a test program.
 */
#pragma once

#include <stdint.h>

/*
 * Print, behind the result that has just been printed, what it cost and a code over both, which takes the grader's key to make:
 * "# seal INSTRUCTIONS CODE". Nothing, in a program without a key.
 */
void seal_result(const char *result, uint64_t instructions);
