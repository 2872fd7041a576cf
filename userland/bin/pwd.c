/* pwd.c - print the working directory. */
#include <err.h>
#include <unistd.h>
#include "tools.h"

int main(void)
{
    char path[4096];

    if (!getcwd(path, sizeof(path)))
        err(1, "getcwd");
    puts(path);
    return finish();
}
