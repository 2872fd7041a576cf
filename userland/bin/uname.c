/*
 * uname.c - what system this is: uname [-asnrvm]
 */
#include <err.h>
#include <string.h>
#include <unistd.h>
#include <sys/utsname.h>
#include "tools.h"

int main(int argc, char **argv)
{
    static const char letters[] = "snrvm";
    bool wanted[5] = { false }, any = false;
    struct utsname name;

    for (int option; (option = next_option(argc, argv, "asnrvm", "uname [-asnrvm]")) != -1; any = true)
        for (int i = 0; i < 5; i++)
            wanted[i] |= option == 'a' || option == letters[i];
    wanted[0] |= !any;
    if (uname(&name) < 0)
        err(1, "uname");
    const char *values[5] = { name.sysname, name.nodename, name.release, name.version, name.machine }, *separator = "";
    for (int i = 0; i < 5; i++)
        if (wanted[i]) {
            printf("%s%s", separator, values[i]);
            separator = " ";
        }
    putchar('\n');
    return finish();
}
